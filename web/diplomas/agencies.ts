/** The code of an agency as it was chosen or typed: "G03", "Bộ Giáo dục và Đào tạo (G03)", or a listed name. */
export function agencyCodeOf(typed: string): string {
  const text = typed.trim()
  const inside = /\(([0-9A-Z.]+)\)\s*$/.exec(text)?.[1]
  if (inside) return inside
  const option = [...document.querySelectorAll<HTMLOptionElement>('#agencies option')].find(
    each => plain(each.value) === plain(`${text} (${each.dataset.code})`),
  )
  return option?.dataset.code ?? text.toUpperCase()
}

function plain(text: string): string {
  return text.normalize('NFC').toLocaleLowerCase('vi').replace(/\s+/g, ' ').trim()
}
