import { type PersonalNumber, parsePersonalNumber } from '../../../core/identity/personalNumber.ts'
import { type Cell, cellText, type TableKind } from '../cell.ts'
import type { RowFindings } from '../rowFindings.ts'

/**
 * A personal number of 12 digits. A number cell, or a CSV field of 9 to 11 digits that does not begin with 0, lost its
 * leading zeros and gets them back; text is never padded. '' when empty, null when refused.
 */
export function readPersonalNumber(
  cell: Cell | undefined,
  column: string,
  kind: TableKind,
  findings: RowFindings,
): PersonalNumber | '' | null {
  const shown = cellText(cell).trim()
  if (shown === '') return ''
  const bare = shown.replace(/^'/, '').replace(/[\s.\u00a0\u200b-\u200d\ufeff-]/g, '')
  if (typeof cell === 'number' || kind === 'csv') {
    if (/^[1-9]\d{8,10}$/.test(bare)) {
      const number = parsePersonalNumber(bare.padStart(12, '0'))
      findings.add('import.personal-number.padded', column, shown, { to: number })
      return number
    }
  }
  if (/^\d{12}$/.test(bare)) {
    if (bare !== shown) findings.add('import.personal-number.separators', column, shown, { to: bare })
    return parsePersonalNumber(bare)
  }
  if (/^\d{9}$/.test(bare)) findings.add('import.personal-number.old-id', column, shown)
  else findings.add('import.personal-number.digits', column, shown, { other: String(bare.replace(/\D/g, '').length) })
  return null
}
