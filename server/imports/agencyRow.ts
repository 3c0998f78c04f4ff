import { type AgencyCode, isAgencyCode, isKnownLevelOne } from '../../core/identity/agencyCode.ts'
import type { Cell } from '../tables/cell.ts'
import type { ColumnMap, ColumnSpec } from '../tables/columnMap.ts'
import { readPlain } from '../tables/fields/readPlain.ts'
import { readText } from '../tables/fields/readText.ts'
import type { Finding } from '../tables/finding.ts'
import { rowFindings } from '../tables/rowFindings.ts'

/** The columns of a sheet of agencies. */
export const agencyColumns = [
  { name: 'ma', required: true, aliases: ['Mã đơn vị', 'Mã cơ quan', 'Mã định danh', 'code'] },
  { name: 'ma_qcvn102', required: false, aliases: ['Mã cũ', 'Mã QCVN 102', 'old_code'] },
  { name: 'ten_vi', required: true, aliases: ['Tên', 'Tên đơn vị', 'Tên cơ quan', 'Tên tiếng Việt', 'name_vi'] },
  { name: 'ten_en', required: false, aliases: ['Tên tiếng Anh', 'name_en'] },
  { name: 'ma_cha', required: false, aliases: ['Mã cấp trên', 'Mã đơn vị cấp trên', 'Thuộc', 'parent_code'] },
] as const satisfies readonly ColumnSpec[]

export interface AgencyValues {
  code: AgencyCode
  nameVi: string
  /** '' for none, as of the next two; absent when the sheet has no such column. */
  oldCode?: string
  nameEn?: string
  parent?: AgencyCode | ''
}

/** Reads one row of a sheet of agencies; whether its parent exists is judged once all rows are known. */
export function readAgencyRow(
  cells: readonly Cell[],
  map: ColumnMap,
): { values: Partial<AgencyValues>; findings: Finding[]; refused: boolean } {
  const findings = rowFindings()
  const cell = (column: (typeof agencyColumns)[number]['name']): Cell => cells[map.columns.get(column) ?? -1] ?? null
  const values: Partial<AgencyValues> = {}

  const code = readCode('ma')
  if (code === '') findings.add('import.required', 'ma', '')
  if (code) {
    values.code = code
    if (!isKnownLevelOne(code)) findings.add('import.agency.level-one', 'ma', code)
  }
  const nameVi = readPlain(cell('ten_vi'), 'ten_vi', 200, findings)
  if (nameVi === '') findings.add('import.required', 'ten_vi', '')
  if (nameVi) values.nameVi = nameVi
  if (map.columns.has('ten_en')) values.nameEn = readPlain(cell('ten_en'), 'ten_en', 200, findings) ?? ''
  if (map.columns.has('ma_qcvn102')) values.oldCode = readText(cell('ma_qcvn102'), 'ma_qcvn102', 35, findings) ?? ''
  if (values.oldCode && !/^\d{3}(\.\d{2,3}){2}(\.[0-9A-Z]+)*\.[A-Z]\d{2}$/.test(values.oldCode))
    findings.add('import.old-code.form', 'ma_qcvn102', values.oldCode)
  if (map.columns.has('ma_cha')) {
    const parent = readCode('ma_cha')
    if (parent !== null) values.parent = parent
  }
  return { values, findings: findings.list, refused: findings.refused }

  function readCode(column: 'ma' | 'ma_cha'): AgencyCode | '' | null {
    const text = readText(cell(column), column, 60, findings)
    if (!text) return text as '' | null
    const upper = text.toUpperCase()
    if (!isAgencyCode(upper)) {
      findings.add('import.agency.form', column, text)
      return null
    }
    if (upper !== text) findings.add('import.agency.case', column, text, { to: upper })
    return upper
  }
}
