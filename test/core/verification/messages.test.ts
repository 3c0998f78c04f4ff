import { expect, test } from '@jest/globals'
import { checkCodes, copyDetails } from '../../../core/verification/checkCode.ts'
import { describeCheck, mainReason } from '../../../core/verification/describeCheck.ts'
import { en } from '../../../core/verification/messages/en.ts'
import { vi } from '../../../core/verification/messages/vi.ts'
import { readVectors } from '../../support/antin-vectors/vectorFile.ts'

test('every check code has one sentence in each language, all different, with the same blanks', () => {
  for (const sentences of [vi, en]) {
    const keys = [...checkCodes, ...copyDetails.map(detail => `document.copy.${detail}`)]
    expect(Object.keys(sentences).sort()).toEqual(keys.sort())
    expect(new Set(Object.values(sentences)).size).toBe(keys.length)
  }
  const blanks = (text: string) => text.match(/\{\w+\}/g) ?? []
  for (const code of checkCodes) expect([code, ...blanks(vi[code])]).toEqual([code, ...blanks(en[code])])
})

test('a day is written as people write it', () => {
  const check = { code: 'validity.expired', detail: '2026-03-12' } as const
  expect(describeCheck(check, 'vi')).toBe('Hết hiệu lực từ 12/03/2026')
  expect(describeCheck(check, 'en')).toBe('Expired since 12 March 2026')
  expect(describeCheck({ ...check, detail: 'x$&y' }, 'vi')).toBe('Hết hiệu lực từ x$&y')
})

test('a file that is not the registered one is told apart by the detail', () => {
  const said = (detail: string) => describeCheck({ code: 'document.copy', detail }, 'vi')
  expect(said('appended')).toContain('bị thêm nội dung sau khi cơ quan cấp ký')
  expect(said('expired')).toContain('không còn hiệu lực')
  expect(said('foreign')).toContain('không phải của cơ quan cấp')
  expect(said('anything else')).toBe(said(''))
  const details = new Map(
    readVectors().map(({ name, report }) => [name, report.checks.find(check => check.code === 'document.copy')?.detail]),
  )
  expect(
    ['copy', 'pdf-unsigned', 'pdf-part-signed', 'pdf-expired', 'pdf-foreign', 'pdf-signed'].map(name => details.get(`diploma-${name}`)),
  ).toEqual(['', 'unsigned', 'appended', 'expired', 'foreign', undefined])
})

test('a report has a main reason exactly when it is not valid, and it is a check that explains the verdict', async () => {
  for (const one of readVectors()) {
    const { report } = one
    const reason = mainReason(report)
    expect([one.name, reason === undefined]).toEqual([one.name, report.verdict === 'valid'])
    if (report.verdict === 'invalid') expect(reason!.outcome).toBe('failed')
    if (report.verdict === 'undetermined') expect(['contradicted', 'unavailable']).toContain(reason!.outcome)
  }
})
