import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { type DiplomaSheetContext, readDiplomaSheet } from '../../../server/diplomas/diplomaSheet.ts'
import { csv } from '../../support/importing.ts'

const code = 'G09.22' as AgencyCode
const context: DiplomaSheetContext = {
  agencies: { get: one => (one === code ? { code, validTo: null, successor: null } : undefined), byOldCode: () => undefined },
  today: '2026-11-21',
}
const header = [
  'so_hieu',
  'so_vao_so',
  'ho_ten',
  'ngay_sinh',
  'ten_van_bang',
  'nganh',
  'xep_loai',
  'ngay_cap',
  'ngay_het_han',
  'ma_don_vi',
  'ten_co_so_khi_cap',
  'can_cu',
  'tep',
]
const good = {
  so_hieu: 'A0100000',
  so_vao_so: '2024/0001-ĐH',
  ho_ten: 'Mai Ngọc Kiên',
  ngay_sinh: '23/11/2002',
  ten_van_bang: 'Bằng kỹ sư',
  nganh: 'Công nghệ thông tin',
  xep_loai: 'Giỏi',
  ngay_cap: '2024-04-09',
  ma_don_vi: 'G09.22',
}
const line = (set: Partial<Record<string, string>> = {}) => header.map(name => ({ ...good, ...set })[name as keyof typeof good] ?? '')

test('a row of today is read whole', async () => {
  const { rows, counts } = await readDiplomaSheet(csv(header, line()), context)
  expect(counts).toEqual({ rows: 1, good: 1, refused: 0, warned: 0, repaired: 0, repeated: 0 })
  expect(rows[0]!.values).toEqual({
    number: 'A0100000',
    registerNumber: '2024/0001-ĐH',
    holderName: 'Mai Ngọc Kiên',
    birthDate: '2002-11-23',
    title: 'Bằng kỹ sư',
    field: 'Công nghệ thông tin',
    classification: 'Giỏi',
    awarded: '2024-04-09',
    agency: 'G09.22',
    basis: 0,
  })
})

test('an old record: a year, a month, no number but a register number, the name of the school then, the register as basis', async () => {
  const old = line({
    so_hieu: '',
    so_vao_so: '15',
    ngay_sinh: '1955',
    ngay_cap: '06/1978',
    ten_co_so_khi_cap: 'Trường Hành chính Trung ương',
    can_cu: 'Sổ gốc',
  })
  const { rows } = await readDiplomaSheet(csv(header, old), context)
  expect(rows[0]!.refused).toBe(false)
  expect(rows[0]!.values).toMatchObject({
    registerNumber: '15',
    birthDate: '1955',
    awarded: '1978-06',
    institutionThen: 'Trường Hành chính Trung ương',
    basis: 1,
  })
  expect(rows[0]!.values).not.toHaveProperty('number')
  expect(rows[0]!.findings.map(one => one.code)).toEqual([
    'import.diploma.number-missing',
    'import.diploma.date-partial',
    'import.diploma.date-partial',
  ])
})

const files = new Map([
  ['a.pdf', '00'],
  ['trống.pdf', createHash('sha256').digest('hex')],
])

test.each([
  ['neither number', { so_hieu: '', so_vao_so: '' }, 'so_hieu', 'import.diploma.number'],
  ['no title', { ten_van_bang: '' }, 'ten_van_bang', 'import.required'],
  ['a day that is none', { ngay_cap: '31/02/2020' }, 'ngay_cap', 'import.date.impossible'],
  ['a day to come', { ngay_cap: '2027-01-01' }, 'ngay_cap', 'import.date.range'],
  ['awarded before birth', { ngay_sinh: '2010-01-01', ngay_cap: '2009' }, 'ngay_cap', 'import.diploma.order'],
  ['expired before it was awarded', { ngay_cap: '2024-04-09', ngay_het_han: '8/4/2024' }, 'ngay_het_han', 'import.diploma.expiry-order'],
  ['a last day without a day', { ngay_het_han: '2029' }, 'ngay_het_han', 'import.date.form'],
  ['an unknown institution', { ma_don_vi: 'G03' }, 'ma_don_vi', 'import.agency.unknown'],
  ['an unknown basis', { can_cu: 'nghe nói' }, 'can_cu', 'import.diploma.basis'],
  ['markup', { nganh: '<img src=x>' }, 'nganh', 'import.text.markup'],
  ['a file that was not given', { tep: 'b.pdf' }, 'tep', 'import.diploma.file-missing'],
  ['a scan without a byte', { tep: 'trống.pdf' }, 'tep', 'import.diploma.file-empty'],
])('%s refuses the row', async (_, set, column, refusal) => {
  const { rows } = await readDiplomaSheet(csv(header, line(set)), { ...context, files })
  expect(rows[0]!.refused).toBe(true)
  expect(rows[0]!.findings).toContainEqual(expect.objectContaining({ code: refusal, column }))
})

test('a certificate that expires has its last day; one whose day is over is a warning', async () => {
  const { rows } = await readDiplomaSheet(
    csv(header, line({ ngay_het_han: '09/04/2029' }), line({ so_hieu: 'A2', ngay_het_han: '20/11/2026' }), line({ so_hieu: 'A3' })),
    context,
  )
  expect(rows.map(row => [row.values.expiresOn, row.refused, row.findings.map(one => one.code)])).toEqual([
    ['2029-04-09', false, []],
    ['2026-11-20', false, ['import.diploma.expired']],
    [undefined, false, []],
  ])
})

test.each([
  ['at award', '', 0],
  ['the register', 'sổ gốc', 1],
  ['the original', 'Bản chính', 2],
  ['a copy', 'ban sao', 3],
])('basis: %s', async (_, text, basis) => {
  expect((await readDiplomaSheet(csv(header, line({ can_cu: text })), context)).rows[0]!.values.basis).toBe(basis)
})

test('the same diploma twice counts once; other data under its number refuse the later row; another title is another diploma', async () => {
  const sheet = csv(header, line(), line(), line({ xep_loai: 'Khá' }), line({ ten_van_bang: 'Chứng chỉ ngoại ngữ' }))
  const { rows, counts } = await readDiplomaSheet(sheet, context)
  expect(counts).toMatchObject({ rows: 4, good: 2, refused: 1, repeated: 1 })
  expect(rows.map(row => [row.row, row.refused])).toEqual([
    [2, false],
    [4, true],
    [5, false],
  ])
  expect(rows[1]!.findings).toMatchObject([{ code: 'import.duplicate', other: '2' }])
})
