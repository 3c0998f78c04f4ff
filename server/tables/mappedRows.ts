import { AppError } from '../../core/errors.ts'
import type { Cell, TableRow } from './cell.ts'
import { type ColumnMap, type ColumnSpec, headerScore, mapColumns } from './columnMap.ts'
import type { Table } from './readTable.ts'

/** A row below a header row, with the map of its sheet. */
export interface MappedRow {
  sheet: string
  row: number
  cells: Cell[]
  map: ColumnMap
}

/** A sheet that was read or passed over. */
export interface SheetNote {
  sheet: string
  /** Number of the header row; absent when the sheet has none that is understood, and was passed over. */
  headerRow?: number
  map?: ColumnMap
  /** Hidden in the file, and so passed over: nobody sees what it would have brought in. */
  hidden?: true
}

const headerWindow = 30

/**
 * The rows of every sheet that has a header among its first 30 rows with content, in one row or in two where a heading stands
 * over others. Merged titles above it are passed over, as is a header that a sheet repeats further down, a row that numbers
 * the columns, (1) (2) (3), and a hidden sheet. `onSheet` hears of every sheet.
 * @throws import.columns when no sheet has all required columns
 */
export async function* mappedRows(
  table: Table,
  specs: readonly ColumnSpec[],
  chosen: (headers: readonly string[]) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>,
  onSheet: (note: SheetNote) => void,
): AsyncGenerator<MappedRow> {
  let sheet: string | undefined
  let waiting: TableRow[] = []
  let map: ColumnMap | undefined
  let found = false
  let best: ColumnMap | undefined

  const settle = async (): Promise<MappedRow[]> => {
    const rows = waiting
    waiting = []
    if (map || rows.length === 0) return []
    let top = { score: 0, at: -1 }
    let header = rows[0]!
    for (const [at, row] of rows.entries())
      for (const candidate of at === 0 ? [row] : [row, underHeading(rows[at - 1]!, row)]) {
        const score = headerScore(mapColumns(candidate.cells, specs), specs)
        if (score > top.score) {
          top = { score, at }
          header = candidate
        }
      }
    const guess = mapColumns(header.cells, specs)
    const own = mapColumns(header.cells, specs, await chosen(guess.headers))
    if (own.missing.length > 0) {
      if (!best || own.missing.length < best.missing.length) best = own
      onSheet(top.at >= 0 ? { sheet: header.sheet, headerRow: header.row, map: own } : { sheet: header.sheet })
      map = { columns: new Map(), headers: [], unknown: [], missing: own.missing }
      return []
    }
    map = own
    found = true
    onSheet({ sheet: header.sheet, headerRow: header.row, map })
    return rows.slice(Math.max(top.at, 0) + 1).flatMap(row => pass(row))
  }

  const pass = (row: TableRow): MappedRow[] => {
    if (!map || map.columns.size === 0 || repeatsHeader(row, map) || numbersColumns(row)) return []
    return [{ sheet: row.sheet, row: row.row, cells: row.cells, map }]
  }

  for await (const row of table.rows) {
    if (row.sheet !== sheet) {
      yield* await settle()
      sheet = row.sheet
      map = undefined
      if (row.hidden) onSheet({ sheet, hidden: true })
    }
    if (row.hidden) continue
    if (map) yield* pass(row)
    else {
      waiting.push(row)
      if (waiting.length === headerWindow) yield* await settle()
    }
  }
  yield* await settle()
  if (!found) {
    const missing = best?.missing ?? specs.filter(spec => spec.required).map(spec => spec.name)
    throw new AppError('import.columns', `Required columns were not found: ${missing.join(', ')}`)
  }
}

/** The two rows as one header: what stands lower, and above an empty cell what stands higher. */
function underHeading(higher: TableRow, lower: TableRow): TableRow {
  const width = Math.max(higher.cells.length, lower.cells.length)
  return { ...lower, cells: Array.from({ length: width }, (_, at) => lower.cells[at] ?? higher.cells[at] ?? null) }
}

function repeatsHeader(row: TableRow, map: ColumnMap): boolean {
  return [...map.columns.values()].every(position => String(row.cells[position] ?? '').trim() === map.headers[position])
}

/** `(1) (2) (3)` or `A B 1 2` below the headers, as official forms have it. */
function numbersColumns({ cells }: TableRow): boolean {
  const texts = cells.map(cell => String(cell ?? '').trim()).filter(text => text !== '')
  return texts.length >= 3 && texts.every(text => /^(\(\d{1,2}\)|\[\d{1,2}\]|\d{1,2}|[A-Z])$/.test(text))
}
