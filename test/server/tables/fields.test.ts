import { expect, test } from '@jest/globals'
import type { Cell, TableKind } from '../../../server/tables/cell.ts'
import { readDate } from '../../../server/tables/fields/readDate.ts'
import { readName } from '../../../server/tables/fields/readName.ts'
import { readPersonalNumber } from '../../../server/tables/fields/readPersonalNumber.ts'
import { type FindingCode, findingSentence, findings } from '../../../server/tables/finding.ts'
import { rowFindings } from '../../../server/tables/rowFindings.ts'
import { searchName } from '../../../server/tables/searchName.ts'

function reading<T>(read: (found: ReturnType<typeof rowFindings>) => T): [T, ...FindingCode[]] {
  const found = rowFindings()
  return [read(found), ...found.list.map(finding => finding.code)]
}

test.each<[Cell, TableKind, string | null, FindingCode[]]>([
  ['001085012345', 'xlsx', '001085012345', []],
  [1085012345, 'xlsx', '001085012345', ['import.personal-number.padded']],
  [85012345678, 'ods', '085012345678', ['import.personal-number.padded']],
  ['1085012345', 'csv', '001085012345', ['import.personal-number.padded']],
  ['1085012345', 'xlsx', null, ['import.personal-number.digits']],
  ['00108501234', 'xlsx', null, ['import.personal-number.digits']],
  ['00108501234', 'csv', null, ['import.personal-number.digits']],
  ['123456789', 'xlsx', null, ['import.personal-number.old-id']],
  ['123456789', 'csv', '000123456789', ['import.personal-number.padded']],
  ['012345678', 'csv', null, ['import.personal-number.old-id']],
  [12345678, 'xlsx', null, ['import.personal-number.digits']],
  ['001 085 012 345', 'xlsx', '001085012345', ['import.personal-number.separators']],
  ['0010850123456', 'xlsx', null, ['import.personal-number.digits']],
  ['', 'xlsx', '', []],
  [null, 'csv', '', []],
])('personal number %p in %s', (cell, kind, number, codes) => {
  expect(reading(found => readPersonalNumber(cell, 'so_dinh_danh', kind, found))).toEqual([number, ...codes])
})

const rule = { from: '1926-01-01', to: '2011-11-21' }
test.each<[Cell, string | null, FindingCode[]]>([
  [new Date('1990-08-23T00:00:00Z'), '1990-08-23', []],
  [new Date('1990-08-22T23:59:59.5Z'), '1990-08-23', []],
  ['23/08/1990', '1990-08-23', []],
  ['3-8-1990', '1990-08-03', []],
  ['23.08.1990', '1990-08-23', []],
  ['1990-08-23', '1990-08-23', []],
  ['1990-08-23 00:00:00', '1990-08-23', []],
  [33108, '1990-08-23', ['import.date.serial']],
  ['33108', '1990-08-23', ['import.date.serial']],
  ['29/02/2000', '2000-02-29', []],
  ['29/02/1900', null, ['import.date.impossible']],
  ['31/02/1990', null, ['import.date.impossible']],
  ['08/23/1990', null, ['import.date.impossible']],
  ['23/08/90', null, ['import.date.form']],
  ['1990', null, ['import.date.form']],
  [1990, null, ['import.date.form']],
  ['99999', null, ['import.date.form']],
  ['01/01/1925', null, ['import.date.range']],
  ['01/01/2020', null, ['import.date.range']],
  [new Date(Number.NaN), null, ['import.date.form']],
  [new Date('+275760-09-12T00:00:00Z'), null, ['import.date.form']],
  ['hôm qua', null, ['import.date.form']],
  ['', '', []],
])('date %p', (cell, date, codes) => {
  expect(reading(found => readDate(cell, 'ngay_sinh', rule, found))).toEqual([date, ...codes])
})

test.each<[Cell, string | null]>([
  ['1998', '1998'],
  [1998, '1998'],
  ['06/1998', '1998-06'],
  ['1998-6', '1998-06'],
  ['13/1998', null],
  ['1925', null],
  ['1926', '1926'],
  ['2011-11', '2011-11'],
])('a partial date %p', (cell, date) => {
  expect(reading(found => readDate(cell, 'ngay_cap', { ...rule, partial: true }, found))[0]).toBe(date)
})

test.each<[string, string | null, FindingCode[]]>([
  ['Nguyễn Thị Thảo', 'Nguyễn Thị Thảo', []],
  ['Nguyễn Thị Thảo'.normalize('NFD'), 'Nguyễn Thị Thảo', ['import.text.composed']],
  ['  Lò   Hữu\u00a0Tiến ', 'Lò Hữu Tiến', ['import.text.spaces']],
  ['H’Hen Niê', "H'Hen Niê", []],
  ['Y Čư Bkrông', 'Y Čư Bkrông', []],
  ['Loan', 'Loan', ['import.name.one-word']],
  ['NGUYỄN VĂN AN', 'NGUYỄN VĂN AN', ['import.name.upper-case']],
  ['NguyÔn V¨n An', null, ['import.name.characters']],
  ['NguyÔn Þ An', 'NguyÔn Þ An', ['import.name.unusual']],
  ['Lê <b>Anh</b>', null, ['import.text.markup']],
  ['Lê Anh 2', null, ['import.name.characters']],
  ['=Lê Anh', null, ['import.name.characters']],
  ['Lê\u0000Anh', null, ['import.text.control']],
  ['Lê \u202eAnh', null, ['import.text.control']],
  ['- .', null, ['import.name.characters']],
  [`Lê ${'a'.repeat(100)}`, null, ['import.text.length']],
])('name %p', (cell, name, codes) => {
  expect(reading(found => readName(cell, 'ho_ten', found))).toEqual([name, ...codes])
})

test('every finding has sentences in both languages that name the column and leave no hole', () => {
  for (const code of Object.keys(findings) as FindingCode[]) {
    for (const language of ['vi', 'en'] as const) {
      const sentence = findingSentence({ code, column: 'ma_don_vi', value: 'V', to: 'T', other: 'O' }, language)
      expect(sentence).not.toMatch(/[{}]|undefined/)
      expect(sentence.endsWith('.') || sentence.endsWith('-')).toBe(true)
    }
  }
})

test('names are searched without diacritics, in composed and decomposed form alike', () => {
  for (const form of ['NFC', 'NFD'] as const) expect(searchName(' ĐẶNG  Thị-Hường '.normalize(form))).toBe('dang thi huong')
})
