import type { Readable } from 'node:stream'
import { writtenDate } from '../../core/encoding/writtenDate.ts'
import { AppError } from '../../core/errors.ts'
import { findingSentence, severityOf } from '../tables/finding.ts'
import { type SheetCell, type SheetToWrite, writeXlsx } from '../tables/writeXlsx.ts'
import type { ImportDeps } from './importDeps.ts'
import { agenciesOfRows, type RowOutcome, readRowsOfAgency } from './importRowsTable.ts'
import { type ImportRow, readImport, type SheetColumns } from './importsTable.ts'
import { openRow, type RowContent, type StoredCell } from './rowContent.ts'

const outcomes: RowOutcome[] = ['refused', 'foreign']
const pageSize = 500

const words = {
  vi: { row: 'Dòng trong tệp', mend: 'Cần sửa', none: 'Không đọc được đơn vị', empty: 'Không có dòng nào bị từ chối' },
  en: { row: 'Row in the file', mend: 'To mend', none: 'Agency not readable', empty: 'No row was refused' },
} as const

/**
 * The rows that will not be written, as a workbook to mend and import again: one sheet a unit, the columns of the file, the
 * faulty cells red, and two columns more: the row in the file and what to do. Repairs are already made in it.
 * @throws import.not-found
 */
export async function errorWorkbook(deps: ImportDeps, importId: string, language: 'vi' | 'en'): Promise<Readable> {
  const row = await readImport(deps.pool, importId)
  if (!row) throw new AppError('import.not-found')
  return writeXlsx(sheets(deps, row, language))
}

async function* sheets(deps: ImportDeps, row: ImportRow, language: 'vi' | 'en'): AsyncGenerator<SheetToWrite> {
  const bySheet = new Map((row.columns ?? []).map(sheet => [sheet.sheet, sheet]))
  const main = row.columns?.find(sheet => sheet.columns && !sheet.missing?.length)
  const headers = main?.headers ?? []
  const header = [...headers, words[language].row, words[language].mend]
  const widths = [...headers.map(() => 18), 14, 90]
  const agencies = await agenciesOfRows(deps.pool, row.id, outcomes)
  if (agencies.length === 0) yield { name: words[language].empty, header, widths, rows: [] }
  for (const agency of agencies) {
    const name = agency === null ? words[language].none : `${agency} ${deps.agencies.get(agency)?.nameVi ?? ''}`
    yield { name, header, widths, rows: rowsOf(deps, row, agency, main, bySheet, language) }
  }
}

async function* rowsOf(
  deps: ImportDeps,
  row: ImportRow,
  agency: string | null,
  main: SheetColumns | undefined,
  bySheet: ReadonlyMap<string, SheetColumns>,
  language: 'vi' | 'en',
): AsyncGenerator<SheetCell[]> {
  for (let after = 0; ; ) {
    const page = await readRowsOfAgency(deps.pool, row.id, agency, outcomes, after, pageSize)
    for (const stored of page) yield cellsOf(openRow(deps.cipher, stored.sealed), main, bySheet, language)
    if (page.length < pageSize) return
    after = page.at(-1)!.seq
  }
}

function cellsOf(
  content: RowContent,
  main: SheetColumns | undefined,
  bySheet: ReadonlyMap<string, SheetColumns>,
  language: 'vi' | 'en',
): SheetCell[] {
  const own = bySheet.get(content.sheet) ?? main
  const columnOf = new Map(Object.entries(main?.columns ?? {}).map(([column, header]) => [header, column]))
  const refusals = content.findings.filter(finding => severityOf(finding.code) === 'refused')
  const faulty = new Set(refusals.map(finding => finding.column))
  const repaired = new Map(content.findings.flatMap(({ column, to }) => (to === undefined ? [] : [[column, to] as const])))
  const cells = (main?.headers ?? []).map((header): SheetCell => {
    const column = columnOf.get(header)
    const position = own?.headers?.indexOf(column === undefined ? header : (own.columns?.[column] ?? header)) ?? -1
    const cell = position < 0 ? null : (content.cells?.[position] ?? null)
    if (column !== undefined && faulty.has(column)) return { text: textOf(cell), fault: true }
    return column !== undefined && repaired.has(column) ? repaired.get(column)! : plainCell(cell)
  })
  const where = content.sheet === (main?.sheet ?? '') ? String(content.row) : `${content.sheet}!${content.row}`
  return [...cells, where, refusals.map(finding => findingSentence(finding, language, own?.columns?.[finding.column])).join(' ')]
}

function plainCell(cell: StoredCell): SheetCell {
  if (cell === null || typeof cell === 'string' || typeof cell === 'number') return cell
  if (typeof cell === 'boolean') return cell ? 'TRUE' : 'FALSE'
  return cell.date ? new Date(cell.date) : ''
}

function textOf(cell: StoredCell): string {
  if (cell === null) return ''
  if (typeof cell === 'object') return writtenDate(cell.date.slice(0, 10))
  return String(cell)
}
