import type { FieldCipher } from '../keys/fieldCipher.ts'
import type { Cell } from '../tables/cell.ts'
import type { Finding } from '../tables/finding.ts'
import type { AgencyValues } from './agencyRow.ts'
import type { OfficerValues } from './officerRow.ts'

/** What is kept, sealed, of one row of an import. */
export interface RowContent<Values = Partial<OfficerValues> | Partial<AgencyValues>> {
  sheet: string
  row: number
  values: Values
  findings: Finding[]
  /** Field -> [before, after], of a changed row. */
  changes?: Record<string, [string, string]>
  /** As the file holds them, dates as {date: ISO}; kept for rows that go into the error workbook. */
  cells?: StoredCell[]
}

export type StoredCell = string | number | boolean | null | { date: string }

export function sealRow(cipher: FieldCipher, content: RowContent): Buffer {
  return cipher.seal(JSON.stringify(content))
}

/** Throws `cipher.open`. */
export function openRow<Values = Partial<OfficerValues> | Partial<AgencyValues>>(
  cipher: FieldCipher,
  sealed: Uint8Array,
): RowContent<Values> {
  return JSON.parse(cipher.open(sealed).toString('utf8')) as RowContent<Values>
}

export function storedCells(cells: readonly Cell[]): StoredCell[] {
  return cells.map(cell => (cell instanceof Date ? { date: Number.isNaN(cell.getTime()) ? '' : cell.toISOString() } : cell))
}
