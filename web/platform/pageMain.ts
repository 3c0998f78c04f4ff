/** What every public page does: keeps the fragment when the language changes, and keeps the pages for use without a network. */
for (const link of document.querySelectorAll<HTMLAnchorElement>('[data-keep-fragment]')) {
  link.addEventListener('click', () => {
    if (location.hash) link.href = link.href.replace(/#.*$/, '') + location.hash
  })
}

// Web views of chat apps have no service worker; everything but offline use works there.
if (navigator.serviceWorker && window.isSecureContext) {
  window.addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined))
}

export {}
