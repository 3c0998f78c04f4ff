/** What every public page does: keeps the fragment when the language changes, prints what is folded away, and keeps the pages for use without a network. */
for (const link of document.querySelectorAll<HTMLAnchorElement>('[data-keep-fragment]')) {
  link.addEventListener('click', () => {
    if (location.hash) link.href = link.href.replace(/#.*$/, '') + location.hash
  })
}

// On paper nobody can open them, and the time of the check stands in them.
window.addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true
})

// Web views of chat apps have no service worker; everything but offline use works there.
if (navigator.serviceWorker && window.isSecureContext) {
  window.addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined))
}

export {}
