import { expect, test } from '@jest/globals'
import { checkCodes } from '../../../core/verification/checkCode.ts'
import { describeCheck, mainReason } from '../../../core/verification/describeCheck.ts'
import { en } from '../../../core/verification/messages/en.ts'
import { vi } from '../../../core/verification/messages/vi.ts'
import { readVectors } from '../../support/antin-vectors/vectorFile.ts'

test('every check code has one sentence in each language, all different, with the same blanks', () => {
  for (const sentences of [vi, en]) {
    expect(Object.keys(sentences).sort()).toEqual([...checkCodes].sort())
    expect(new Set(Object.values(sentences)).size).toBe(checkCodes.length)
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

test('a report has a main reason exactly when it is not valid, and it is a check that explains the verdict', async () => {
  for (const one of readVectors()) {
    const { report } = one
    const reason = mainReason(report)
    expect([one.name, reason === undefined]).toEqual([one.name, report.verdict === 'valid'])
    if (report.verdict === 'invalid') expect(reason!.outcome).toBe('failed')
    if (report.verdict === 'undetermined') expect(['contradicted', 'unavailable']).toContain(reason!.outcome)
  }
})
