import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { isKnownLevelOne } from '../../core/identity/agencyCode.ts'
import { type Category, categories } from '../../core/identity/category.ts'
import { type PersonalNumber, personalNumberWarnings } from '../../core/identity/personalNumber.ts'
import { type Cell, cellText, type TableKind } from '../tables/cell.ts'
import type { ColumnMap } from '../tables/columnMap.ts'
import { type KnownAgencies, readAgency } from '../tables/fields/readAgency.ts'
import { type DateRule, type IsoDate, readDate } from '../tables/fields/readDate.ts'
import { readName } from '../tables/fields/readName.ts'
import { readPersonalNumber } from '../tables/fields/readPersonalNumber.ts'
import { readPlain } from '../tables/fields/readPlain.ts'
import { readText } from '../tables/fields/readText.ts'
import type { Finding } from '../tables/finding.ts'
import { rowFindings } from '../tables/rowFindings.ts'
import { searchName } from '../tables/searchName.ts'
import type { OfficerColumn } from './officerColumns.ts'

/** A person as a good row describes them. Absent optional columns leave the field undefined; an empty cell gives ''. */
export interface OfficerValues {
  personalNumber: PersonalNumber
  fullName: string
  birthDate: IsoDate
  gender: 'male' | 'female'
  agency: AgencyCode
  category: Category
  position?: string
  title?: string
  maNgach?: string
  soHieu?: string
  email?: string
  /** '' for none. */
  contractEnd?: IsoDate
  photoFile?: string
}

/** What a row came to: `values` holds every field that could be read, all required ones when nothing was refused. */
export interface OfficerRow {
  values: Partial<OfficerValues>
  findings: Finding[]
  refused: boolean
}

export interface OfficerRowContext {
  kind: TableKind
  agencies: KnownAgencies
  /** Today, ISO. */
  today: IsoDate
}

/** Reads and judges one row of a personnel sheet, by itself: other rows, the database and photos come later. */
export function readOfficerRow(cells: readonly Cell[], map: ColumnMap, context: OfficerRowContext): OfficerRow {
  const findings = rowFindings()
  const values: Partial<OfficerValues> = {}
  const cell = (column: OfficerColumn): Cell => cells[map.columns.get(column) ?? -1] ?? null
  const has = (column: OfficerColumn): boolean => map.columns.has(column)
  const required = <T extends string>(column: OfficerColumn, value: T | '' | null): T | null => {
    if (value === '') findings.add('import.required', column, '')
    return value === '' ? null : value
  }

  const personalNumber = required('so_dinh_danh', readPersonalNumber(cell('so_dinh_danh'), 'so_dinh_danh', context.kind, findings))
  const fullName = required('ho_ten', readName(cell('ho_ten'), 'ho_ten', findings))
  const birthDate = required('ngay_sinh', readDate(cell('ngay_sinh'), 'ngay_sinh', birthRule(context.today), findings))
  const gender = readGender()
  const agency = required('ma_don_vi', readAgency(cell('ma_don_vi'), 'ma_don_vi', context.agencies, findings))
  const category = readCategory()

  if (personalNumber) values.personalNumber = personalNumber
  if (fullName) values.fullName = fullName
  if (birthDate) values.birthDate = birthDate
  if (gender) values.gender = gender
  if (agency) values.agency = agency
  if (category) values.category = category
  if (has('chuc_vu')) values.position = readPlain(cell('chuc_vu'), 'chuc_vu', 120, findings) ?? ''
  if (has('chuc_danh')) values.title = readPlain(cell('chuc_danh'), 'chuc_danh', 120, findings) ?? ''
  if (has('ma_ngach')) values.maNgach = readRank()
  if (has('so_hieu')) values.soHieu = readPlain(cell('so_hieu'), 'so_hieu', 40, findings) ?? ''
  if (has('email')) values.email = readEmail()
  if (has('anh_file')) values.photoFile = readText(cell('anh_file'), 'anh_file', 200, findings) ?? ''
  if (has('ngay_het_hd'))
    values.contractEnd = readDate(cell('ngay_het_hd'), 'ngay_het_hd', { from: '2000-01-01', to: '2099-12-31' }, findings) ?? ''

  if (personalNumber) warnOfNumber(personalNumber)
  if (birthDate) warnOfAge(birthDate)
  if (agency && !isKnownLevelOne(agency)) findings.add('import.agency.level-one', 'ma_don_vi', agency)
  return { values, findings: findings.list, refused: findings.refused }

  function readGender(): 'male' | 'female' | null {
    const text = required('gioi_tinh', readText(cell('gioi_tinh'), 'gioi_tinh', 60, findings))
    if (text === null) return null
    const found = genders.get(searchName(text))
    if (!found) findings.add('import.gender.value', 'gioi_tinh', text)
    return found ?? null
  }

  function readCategory(): Category | null {
    const text = required('loai', readText(cell('loai'), 'loai', 60, findings))
    if (text === null) return null
    const exact = categories.find(category => category === text)
    if (exact) return exact
    const found = categoryAliases.get(searchName(text).replaceAll(' ', ''))
    if (found) findings.add('import.category.alias', 'loai', text, { to: found })
    else findings.add('import.category.value', 'loai', text)
    return found ?? null
  }

  function readRank(): string {
    const raw = cell('ma_ngach')
    const text = readPlain(raw, 'ma_ngach', 20, findings)
    if (!text) return ''
    if (rankForm.test(text)) return text
    // 01.003 kept as a number shows as 1.003; a shorter fraction could have been several codes.
    const lost = typeof raw === 'number' || context.kind === 'csv' ? /^(\d)\.(\d{3})$/.exec(text) : null
    if (lost) {
      const padded = `0${text}`
      findings.add('import.rank.padded', 'ma_ngach', text, { to: padded })
      return padded
    }
    findings.add('import.rank.form', 'ma_ngach', text)
    return text
  }

  function readEmail(): string {
    const text = readText(cell('email'), 'email', 120, findings)
    if (!text) return ''
    if (emailForm.test(text)) return text
    findings.add('import.email.form', 'email', text)
    return ''
  }

  function warnOfNumber(number: PersonalNumber): void {
    const about = { ...(birthDate ? { birthDate } : {}), ...(gender ? { gender } : {}) }
    for (const warning of personalNumberWarnings(number, about)) {
      if (warning === 'province') findings.add('import.personal-number.province', 'so_dinh_danh', number)
      else if (warning === 'gender') findings.add('import.personal-number.gender', 'gioi_tinh', cellText(cell('gioi_tinh')))
      else if (birthDate) findings.add(`import.personal-number.${warning}`, 'ngay_sinh', cellText(cell('ngay_sinh')))
    }
  }

  function warnOfAge(date: IsoDate): void {
    const age = Number(context.today.slice(0, 4)) - Number(date.slice(0, 4)) - (context.today.slice(5) < date.slice(5) ? 1 : 0)
    if (age < 18 || age > 70) findings.add('import.date.age', 'ngay_sinh', cellText(cell('ngay_sinh')), { other: String(age) })
  }
}

const genders = new Map<string, 'male' | 'female'>([
  ['nam', 'male'],
  ['male', 'male'],
  ['nu', 'female'],
  ['female', 'female'],
])

const categoryAliases = new Map<string, Category>([
  ['cb', 'CB'],
  ['canbo', 'CB'],
  ['cc', 'CC'],
  ['congchuc', 'CC'],
  ['vc', 'VC'],
  ['vienchuc', 'VC'],
  ['xa', 'XA'],
  ['xa0', 'XA0'],
  ['hd', 'HĐ'],
  ['hopdong', 'HĐ'],
  ['ld', 'HĐ'],
  ['ldhd', 'HĐ'],
  ['hdld', 'HĐ'],
  ['laodonghopdong', 'HĐ'],
])

const rankForm = /^(?:\d{2}[a-z]?\.\d{3}[a-z]?|V\.\d{2}\.\d{2}\.\d{2})$/
const emailForm = /^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/

function birthRule(today: IsoDate): DateRule {
  const year = Number(today.slice(0, 4))
  return { from: `${year - 100}-01-01`, to: `${year - 15}${today.slice(4)}` }
}
