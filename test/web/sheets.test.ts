import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readApplicants } from '../../web/diplomas/applicants.ts'
import { parseRows } from '../../web/diplomas/readSheet.ts'
import { doubled, halved, middle } from '../../web/scan/resample.ts'

test('pasted rows and CSV of either kind are read, quotes as in RFC 4180', () => {
  expect(parseRows('a\tb\nc\t"d\te"\n\n')).toEqual([
    ['a', 'b'],
    ['c', 'd\te'],
  ])
  expect(parseRows('a;b\r\n"x ""y""";z')).toEqual([
    ['a', 'b'],
    ['x "y"', 'z'],
  ])
  expect(parseRows('"two\nlines",b')).toEqual([['two\nlines', 'b']])
})

test('any cells come back from CSV as they were, but for spaces around them', () => {
  const cell = fc.string({ unit: 'grapheme' }).map(text => text.trim())
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(rows, table => {
      const full = table.filter(row => row.some(each => each !== ''))
      const text = full.map(row => row.map(each => `"${each.replaceAll('"', '""')}"`).join(',')).join('\r\n')
      // The separator is told by the first line: one with more semicolons than commas is another kind of file.
      fc.pre(full.length > 0 && !/[;\t\n\r]/.test(full[0]!.join('')))
      expect(parseRows(text)).toEqual(full)
    }),
  )
})

test('headers are found with and without diacritics, below other lines; serial dates become dates', () => {
  const rows = [['DANH SÁCH ỨNG VIÊN'], ['STT', 'Họ và tên', 'Mã đơn vị *', 'SỐ HIỆU', 'Ngày sinh'], ['1', 'Lê A', 'G09', 'X-1', '32963']]
  expect(readApplicants(rows)).toEqual([
    { name: 'Lê A', agency: 'G09', soHieu: 'X-1', ngaySinh: '1990-03-31', title: '', awarded: '', classification: '', file: '' },
  ])
  expect(readApplicants([['Số hiệu'], ['1']])).toEqual({ missing: ['ma_don_vi', 'ngay_sinh'] })
})

test('a picture halved, doubled or cut has the sizes and greys that it should', () => {
  const pixels = { width: 4, height: 2, data: Uint8ClampedArray.from({ length: 32 }, (_, i) => (i % 4 === 3 ? 255 : i)) }
  expect(halved(pixels)).toMatchObject({ width: 2, height: 1 })
  expect(halved(pixels).data[0]).toBe((0 + 4 + 16 + 20) >> 2)
  expect(doubled(pixels)).toMatchObject({ width: 8, height: 4 })
  expect(doubled(pixels).data.subarray(0, 3)).toEqual(pixels.data.subarray(0, 3))
  expect(middle(pixels, 0.5)).toMatchObject({ width: 2, height: 1 })
})
