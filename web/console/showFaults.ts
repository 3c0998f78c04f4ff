/** Shows the faults of a page that a form was answered with above and beside the fields of the form that is still there; false when it has none. */
export function showFaults(form: HTMLFormElement, page: string): boolean {
  const answer = new DOMParser().parseFromString(page, 'text/html')
  const summary = answer.querySelector<HTMLElement>('main .govuk-error-summary')
  if (!summary) return false
  for (const old of document.querySelectorAll('main .govuk-error-summary, main .govuk-error-message')) old.remove()
  for (const group of form.querySelectorAll('.govuk-form-group--error')) group.classList.remove('govuk-form-group--error')
  for (const message of answer.querySelectorAll<HTMLElement>('main .govuk-error-message')) {
    const field = document.getElementById(message.id.replace(/-error$/, ''))
    field?.before(message)
    field?.setAttribute('aria-describedby', message.id)
    field?.closest('.govuk-form-group')?.classList.add('govuk-form-group--error')
  }
  document.querySelector('main')!.prepend(summary)
  summary.tabIndex = -1
  summary.focus()
  return true
}
