import { type Cell, cellText } from '../cell.ts'
import type { RowFindings } from '../rowFindings.ts'

/**
 * The text of a cell as it is kept: NFC, no spaces around or doubled, line breaks as spaces; '' when empty. Null when it was
 * refused. Repairs are noted. An apostrophe before what looks like a formula is our own export's escape and goes.
 */
export function readText(cell: Cell | undefined, column: string, maxLength: number, findings: RowFindings): string | null {
  const raw = cellText(cell)
  if (raw === '') return ''
  if (/^#(N\/A|REF!|VALUE!|NAME\?|DIV\/0!|NULL!|NUM!)$/.test(raw.trim())) {
    findings.add('import.formula-error', column, raw)
    return null
  }
  if (unprintable.test(raw) || !raw.isWellFormed()) {
    findings.add('import.text.control', column, raw.toWellFormed().replace(/\p{C}/gu, '�'))
    return null
  }
  const composed = raw.normalize('NFC')
  const tidy = composed
    .replace(/[\u200b-\u200d\u2060\ufeff\u00ad]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  const text = /^'[=+\-@]/.test(tidy) ? tidy.slice(1) : tidy
  if (composed !== raw) findings.add('import.text.composed', column, raw, { to: text })
  if (tidy !== composed && text !== '') findings.add('import.text.spaces', column, raw, { to: text })
  if ([...text].length > maxLength) {
    findings.add('import.text.length', column, text, { other: String(maxLength) })
    return null
  }
  return text
}

// Control characters but tab and line breaks, marks that turn the direction of writing, the replacement character.
const unprintable = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069\ufffd\ufffe\uffff]/u
