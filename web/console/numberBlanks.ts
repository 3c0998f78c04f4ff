/** Numbers of blanks: one that is typed chooses its row, Enter (as a barcode reader sends it) goes to the next, and a button counts on from the last typed. */
export function numberBlanks(): void {
  const box = document.querySelector<HTMLElement>('[data-number-blanks]')
  if (!box) return
  const fields = [...document.querySelectorAll<HTMLInputElement>('.at-blank')]
  box.hidden = false
  for (const [at, field] of fields.entries()) {
    field.addEventListener('input', () => choose(field, field.value.trim() !== ''))
    field.addEventListener('keydown', event => {
      if (event.key !== 'Enter') return
      event.preventDefault()
      fields[at + 1]?.focus()
    })
  }
  box.querySelector('button')!.addEventListener('click', () => {
    let last = ''
    for (const field of fields) {
      if (field.value.trim() === '' && last) {
        last = successorOf(last)
        field.value = last
        choose(field, true)
      } else last = field.value.trim()
    }
  })
}

function choose(field: HTMLInputElement, chosen: boolean): void {
  const box = field.closest('tr')!.querySelector<HTMLInputElement>('input[type="checkbox"]')
  if (box && box.checked !== chosen) box.click()
}

/** `PH-0099` -> `PH-0100`; '' when it does not end in digits. */
function successorOf(number: string): string {
  const [, before = '', digits] = /^(.*?)(\d{1,15})$/.exec(number) ?? []
  return digits ? before + String(Number(digits) + 1).padStart(digits.length, '0') : ''
}
