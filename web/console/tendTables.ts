/** Check boxes of tables: "all", ranges with Shift, Enter to go to the bar, and how many are chosen, told in the bar that acts on them. */
export function tendTables(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-bulk]')) tend(form)
}

function tend(form: HTMLFormElement): void {
  const boxes = [...form.querySelectorAll<HTMLInputElement>('tbody input[type="checkbox"]')]
  const all = form.querySelector<HTMLInputElement>('input[data-all]')
  const count = form.querySelector<HTMLElement>('[data-count]')
  const pattern = count?.dataset.count ?? ''
  const number = new Intl.NumberFormat(document.documentElement.lang === 'en' ? 'en-GB' : 'vi-VN')
  let last = -1

  const tell = () => {
    const chosen = boxes.filter(box => box.checked).length
    if (count) count.textContent = pattern.replace('{count}', number.format(chosen))
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length
      all.indeterminate = chosen > 0 && chosen < boxes.length
    }
    for (const button of form.querySelectorAll<HTMLButtonElement>('[data-needs-choice]')) button.disabled = chosen === 0
  }

  boxes.forEach((box, at) => {
    box.addEventListener('click', event => {
      if (event.shiftKey && last >= 0)
        for (let between = Math.min(last, at); between <= Math.max(last, at); between++) boxes[between]!.checked = box.checked
      last = at
      tell()
    })
    // By keyboard the bar is a whole table away; and Enter in a box would press its first button unseen.
    box.addEventListener('keydown', event => {
      if (event.key !== 'Enter') return
      event.preventDefault()
      form.querySelector<HTMLButtonElement>('[data-needs-choice]:enabled')?.focus()
    })
  })
  all?.addEventListener('change', () => {
    for (const box of boxes) box.checked = all.checked
    tell()
  })
  tell()
}
