/**
 * A cell as its file holds it: text as it stands (no trimming, no normalisation), a number, a truth value, a date (at 00:00
 * UTC of its day, or with a time), or nothing. A CSV has text only.
 */
export type Cell = string | number | boolean | Date | null

/** One row that has content. `row` counts from 1 as the spreadsheet program shows it. */
export interface TableRow {
  sheet: string
  row: number
  cells: Cell[]
  /** Its sheet is hidden from whoever opens the file. */
  hidden?: true
}

export type TableKind = 'xlsx' | 'ods' | 'csv'

/** The text that a person would see in the cell: dates as dd/mm/yyyy, whole numbers without exponent. */
export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'string') return cell
  if (typeof cell === 'number') return Number.isSafeInteger(cell) ? String(cell) : cell.toLocaleString('en-US', plain)
  if (typeof cell === 'boolean') return cell ? 'TRUE' : 'FALSE'
  return Number.isNaN(cell.getTime()) ? '' : cell.toISOString().replace(/^\+?(\d{4,6})-(\d\d)-(\d\d).*$/, '$3/$2/$1')
}

const plain = { useGrouping: false, maximumFractionDigits: 15 } as const
