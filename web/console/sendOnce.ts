/** One press of a button sends a form once, and the button shows that it is being worked on. Forms whose answer is a file may be sent again. */
export function sendOnce(): void {
  for (const form of document.querySelectorAll('form'))
    form.addEventListener('submit', event => {
      if (event.defaultPrevented || form.target || form.method !== 'post' || 'downloads' in form.dataset) return
      if (form.dataset.sent === 'yes') return event.preventDefault()
      form.dataset.sent = 'yes'
      event.submitter?.setAttribute('aria-busy', 'true')
    })
  // The browser may bring this page back as it was left.
  addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll<HTMLFormElement>('form[data-sent]')) delete form.dataset.sent
    for (const button of document.querySelectorAll('button[aria-busy]')) button.removeAttribute('aria-busy')
  })
}
