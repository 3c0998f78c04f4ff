import type { Cell } from '../cell.ts'
import type { RowFindings } from '../rowFindings.ts'
import { readText } from './readText.ts'

/** Free text such as a post: as `readText`; markup is refused, what looks like a formula is kept and warned of. */
export function readPlain(cell: Cell | undefined, column: string, maxLength: number, findings: RowFindings): string | null {
  const text = readText(cell, column, maxLength, findings)
  if (text && /<\s*[/!a-z]/i.test(text)) {
    findings.add('import.text.markup', column, text)
    return null
  }
  if (text && /^[=+@]|^-[^\d\s]/.test(text)) findings.add('import.text.formula', column, text)
  return text
}
