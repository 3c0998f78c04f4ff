import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { PersonalNumber } from '../../core/identity/personalNumber.ts'
import { type Cell, cellText, type TableKind } from '../tables/cell.ts'
import type { ColumnMap } from '../tables/columnMap.ts'
import { type KnownAgencies, readAgency } from '../tables/fields/readAgency.ts'
import { type IsoDate, readDate } from '../tables/fields/readDate.ts'
import { readName } from '../tables/fields/readName.ts'
import { readPersonalNumber } from '../tables/fields/readPersonalNumber.ts'
import { readPlain } from '../tables/fields/readPlain.ts'
import { readText } from '../tables/fields/readText.ts'
import { type Finding, severityOf } from '../tables/finding.ts'
import { mappedRows, type SheetNote } from '../tables/mappedRows.ts'
import { readTable } from '../tables/readTable.ts'
import { rowFindings } from '../tables/rowFindings.ts'
import { searchName } from '../tables/searchName.ts'
import { type DiplomaColumn, diplomaColumns } from './diplomaColumns.ts'
import type { DigestedFiles } from './diplomaFiles.ts'

/** A diploma as a good row describes it. Dates are ISO; old records may have a month (`1998-06`) or a year (`1998`). */
export interface DiplomaValues {
  agency: AgencyCode
  number?: string
  registerNumber?: string
  holderName: string
  /** 12 digits. */
  holderNumber?: PersonalNumber
  birthDate?: IsoDate
  title: string
  field?: string
  awarded: IsoDate
  /** Last day; absent in a diploma that does not expire. */
  expiresOn?: IsoDate
  classification?: string
  institutionThen?: string
  /** 0 at award, 1 from the register, 2 from the original, 3 from a copy (formats 1). */
  basis: 0 | 1 | 2 | 3
  /** Name of the file in the folder or archive given. */
  file?: string
}

export interface DiplomaSheetRow {
  sheet: string
  row: number
  /** Every field that could be read; a whole DiplomaValues unless `refused`. */
  values: Partial<DiplomaValues>
  findings: Finding[]
  refused: boolean
}

export interface DiplomaSheet {
  rows: DiplomaSheetRow[]
  /** Of all findings: refused rows, rows with warnings, rows with repairs. */
  counts: { rows: number; good: number; refused: number; warned: number; repaired: number; repeated: number }
  sheets: SheetNote[]
}

/** SHA-256 of a file without a byte: every failed scan would be found by it. */
const emptyDigest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

export interface DiplomaSheetContext {
  agencies: KnownAgencies
  /** Today, ISO. */
  today: IsoDate
  /** The files given; a row that names another is refused. */
  files?: DigestedFiles
  /** Column name -> header text that a person chose. */
  mapping?: Readonly<Record<string, string>>
}

/**
 * Reads a spreadsheet of diplomas held in memory. A row that stands twice with the same data counts once; two rows of one
 * agency, title, year and number with different data refuse the later.
 * @throws table.*, import.columns
 */
export async function readDiplomaSheet(file: Buffer, context: DiplomaSheetContext): Promise<DiplomaSheet> {
  const sheets: SheetNote[] = []
  const table = readTable(file)
  const rows: DiplomaSheetRow[] = []
  const seen = new Map<string, { row: number; text: string }>()
  let repeated = 0
  for await (const { sheet, row, cells, map } of mappedRows(
    table,
    diplomaColumns,
    () => context.mapping ?? {},
    note => sheets.push(note),
  )) {
    const read = readDiplomaRow(cells, map, context, table.kind)
    const { values } = read
    const key = [
      values.agency,
      searchName(values.title ?? ''),
      values.awarded?.slice(0, 4),
      values.number ?? `sổ ${values.registerNumber}`,
    ].join('\n')
    const text = JSON.stringify(values)
    const earlier = read.refused ? undefined : seen.get(key)
    if (earlier && earlier.text === text) {
      repeated++
      continue
    }
    if (earlier) {
      const column = values.number ? 'so_hieu' : 'so_vao_so'
      read.findings.push({
        code: 'import.duplicate',
        column,
        value: values.number ?? values.registerNumber ?? '',
        other: String(earlier.row),
      })
      read.refused = true
    } else if (!read.refused) seen.set(key, { row, text })
    rows.push({ sheet, row, ...read })
  }
  const having = (severity: 'warning' | 'repaired') => rows.filter(row => row.findings.some(f => severityOf(f.code) === severity)).length
  const refused = rows.filter(row => row.refused).length
  return {
    rows,
    counts: {
      rows: rows.length + repeated,
      good: rows.length - refused,
      refused,
      warned: having('warning'),
      repaired: having('repaired'),
      repeated,
    },
    sheets,
  }
}

/** Reads and judges one row of a diploma sheet by itself. */
export function readDiplomaRow(
  cells: readonly Cell[],
  map: ColumnMap,
  context: DiplomaSheetContext,
  kind: TableKind,
): Omit<DiplomaSheetRow, 'sheet' | 'row'> {
  const findings = rowFindings()
  const values: Partial<DiplomaValues> = {}
  const cell = (column: DiplomaColumn): Cell => cells[map.columns.get(column) ?? -1] ?? null
  const plain = (column: DiplomaColumn, maxLength: number): string | null => readPlain(cell(column), column, maxLength, findings)
  const required = <T extends string>(column: DiplomaColumn, value: T | '' | null): T | undefined => {
    if (value === '') findings.add('import.required', column, '')
    return value || undefined
  }
  const put = <K extends keyof DiplomaValues>(name: K, value: DiplomaValues[K] | '' | null | undefined): void => {
    if (value !== '' && value !== null && value !== undefined) values[name] = value as DiplomaValues[K]
  }

  const number = plain('so_hieu', 40)
  const registerNumber = plain('so_vao_so', 40)
  put('number', number)
  put('registerNumber', registerNumber)
  if (number === '' && registerNumber === '') findings.add('import.diploma.number', 'so_hieu', '')
  else if (number === '' && registerNumber) findings.add('import.diploma.number-missing', 'so_hieu', '', { other: registerNumber })
  put('holderName', required('ho_ten', readName(cell('ho_ten'), 'ho_ten', findings)))
  put('holderNumber', readPersonalNumber(cell('so_dinh_danh'), 'so_dinh_danh', kind, findings))
  put('title', required('ten_van_bang', plain('ten_van_bang', 160)))
  put('field', plain('nganh', 160))
  put('classification', plain('xep_loai', 60))
  put('institutionThen', plain('ten_co_so_khi_cap', 200))
  put('agency', required('ma_don_vi', readAgency(cell('ma_don_vi'), 'ma_don_vi', context.agencies, findings)))

  const birthDate = readDate(cell('ngay_sinh'), 'ngay_sinh', { from: '1880-01-01', to: context.today, partial: true }, findings)
  put('birthDate', birthDate)
  if (birthDate === '') findings.add('import.diploma.birth-date-missing', 'ngay_sinh', '')
  else if (birthDate) warnOfPartial('ngay_sinh', birthDate)
  const awarded = required(
    'ngay_cap',
    readDate(cell('ngay_cap'), 'ngay_cap', { from: '1900-01-01', to: context.today, partial: true }, findings),
  )
  put('awarded', awarded)
  if (awarded) warnOfPartial('ngay_cap', awarded)
  if (awarded && birthDate && awarded.slice(0, 4) <= birthDate.slice(0, 4))
    findings.add('import.diploma.order', 'ngay_cap', cellText(cell('ngay_cap')), { other: cellText(cell('ngay_sinh')) })

  const expiresOn = readDate(cell('ngay_het_han'), 'ngay_het_han', { from: '1900-01-01', to: '2199-12-31' }, findings)
  put('expiresOn', expiresOn)
  if (expiresOn && awarded && expiresOn < awarded)
    findings.add('import.diploma.expiry-order', 'ngay_het_han', cellText(cell('ngay_het_han')), { other: cellText(cell('ngay_cap')) })
  else if (expiresOn && expiresOn < context.today) findings.add('import.diploma.expired', 'ngay_het_han', cellText(cell('ngay_het_han')))

  const basis = readBasis()
  if (basis !== null) values.basis = basis
  const file = readText(cell('tep'), 'tep', 200, findings)
  put('file', file)
  if (file && (context.files?.size ?? 0) === 0) findings.add('import.diploma.file-not-given', 'tep', file)
  else if (file && !context.files?.has(file)) findings.add('import.diploma.file-missing', 'tep', file)
  else if (file && context.files?.get(file) === null) findings.add('import.diploma.file-ambiguous', 'tep', file)
  else if (file && context.files?.get(file) === emptyDigest) findings.add('import.diploma.file-empty', 'tep', file)
  return { values, findings: findings.list, refused: findings.refused }

  function warnOfPartial(column: DiplomaColumn, date: IsoDate): void {
    if (date.length === 10) return
    findings.add('import.diploma.date-partial', column, cellText(cell(column)), { other: date.length === 7 ? 'tháng và năm' : 'năm' })
  }

  function readBasis(): 0 | 1 | 2 | 3 | null {
    const text = readText(cell('can_cu'), 'can_cu', 60, findings)
    if (text === null) return null
    if (text === '') return 0
    const found = bases.get(searchName(text))
    if (found === undefined) findings.add('import.diploma.basis', 'can_cu', text)
    return found ?? null
  }
}

const bases = new Map<string, 0 | 1 | 2 | 3>([
  ['0', 0],
  ['khi cap', 0],
  ['luc cap', 0],
  ['cap moi', 0],
  ['at award', 0],
  ['award', 0],
  ['1', 1],
  ['so goc', 1],
  ['so vao so', 1],
  ['so goc cap bang', 1],
  ['so', 1],
  ['register', 1],
  ['2', 2],
  ['ban chinh', 2],
  ['ban goc', 2],
  ['original', 2],
  ['3', 3],
  ['ban sao', 3],
  ['sao y', 3],
  ['ban sao chung thuc', 3],
  ['copy', 3],
])
