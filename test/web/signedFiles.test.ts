import { expect, test } from '@jest/globals'
import { describeCheck } from '../../core/verification/describeCheck.ts'
import { outcomeOf } from '../../core/verification/outcomeOf.ts'
import type { Check, Report } from '../../core/verification/report.ts'
import { publicTexts } from '../../server/pages/public/texts.ts'
import { outcomeHtml, outcomeSentence, outcomeWord, toneOf } from '../../web/diplomas/outcomeHtml.ts'
import { textFrom } from '../../web/platform/textFrom.ts'
import { resultView } from '../../web/result/resultView.ts'
import { readVectors } from '../support/antin-vectors/vectorFile.ts'

const text = textFrom(publicTexts('vi'))
const sentence = (check: Check) => describeCheck(check, 'vi')
const reportOf = (name: string) => readVectors().find(vector => vector.name === name)!.report as Report

test.each([
  ['diploma-pdf-part-signed', 'Tệp đã bị thêm nội dung sau khi cơ quan cấp ký'],
  ['diploma-pdf-expired', 'chứng thư số của cơ quan cấp chưa có hoặc không còn hiệu lực'],
  ['diploma-pdf-foreign', 'chứng thư số không phải của cơ quan cấp văn bằng này'],
])('%s: the page says which it is, and speaks of no copy', (name, words) => {
  const report = reportOf(name)
  expect(outcomeWord({ outcome: 'copy', decision: null, report }, text)).toBe('Văn bằng có thật, tệp không phải bản gốc')
  expect(outcomeSentence({ outcome: 'copy', sha256: '', report }, text, sentence)).toContain(words)
  const view = resultView(report, { lang: 'vi', text, sentence, photo: 'unavailable', offline: false })
  expect([view.tone, view.advice]).toEqual(['unsure', ''])
  expect(view.reason).toContain(words)
})

test.each(['diploma-copy', 'diploma-pdf-unsigned'])('%s: the file may be a copy', name => {
  const report = reportOf(name)
  expect(outcomeWord({ outcome: 'copy', decision: null, report }, text)).toBe('Văn bằng có thật, tệp là bản chụp')
  expect(resultView(report, { lang: 'vi', text, sentence, photo: 'unavailable', offline: false }).reason).toBe(
    'Văn bằng này có thật; tệp là bản chụp, hãy so từng dòng',
  )
})

test('a PDF whose signature is wrong is not valid because of that', () => {
  const report = reportOf('diploma-pdf-signature-wrong')
  expect(outcomeSentence({ outcome: 'forged', sha256: '', report }, text, sentence)).toBe('Chữ ký số trong tệp PDF sai: tệp đã bị sửa')
})

test('a certificate whose term is over says since when, and is not called forged', () => {
  const genuine = reportOf('diploma-copy')
  const exp = Date.parse('2022-05-06T16:59:59Z') / 1000
  const expired: Check = { name: 'validity', outcome: 'failed', code: 'validity.expired', detail: '2022-05-07' }
  const checks = genuine.checks.map(check => (check.name === 'validity' ? expired : check))
  const report: Report = { ...genuine, verdict: 'invalid', credential: { ...genuine.credential!, expiresAt: exp }, checks }
  expect(outcomeOf(report)).toBe('expired')
  expect(outcomeWord({ outcome: 'expired', decision: null, report }, text)).toBe('Hết hiệu lực từ 07/05/2022')
  expect(outcomeSentence({ outcome: 'expired', sha256: '', report }, text, sentence)).toContain('có thật nhưng đã hết thời hạn')
  const forged = checks.map(check => (check.name === 'document' ? { ...check, outcome: 'failed' as const } : check))
  expect(outcomeOf({ ...report, checks: forged })).toBe('forged')
})

test('what is expired and could not be checked is not called genuine', () => {
  const expired: Check = { name: 'validity', outcome: 'failed', code: 'validity.expired', detail: '2022-05-07' }
  const checks = reportOf('diploma-copy').checks.map((check): Check => {
    if (check.name === 'validity') return expired
    return ['format', 'signature'].includes(check.name) ? { ...check, outcome: 'unavailable', code: `${check.name}.newer` as never } : check
  })
  const report: Report = { ...reportOf('diploma-copy'), verdict: 'invalid', credential: null, checks }
  const outcome = outcomeOf(report)
  expect(outcomeSentence({ outcome, sha256: '', report }, text, sentence)).toBe(sentence(expired))
  expect(outcomeSentence({ outcome, sha256: '', report }, text, sentence)).not.toContain('có thật')
})

test('a copy of a diploma that the log contradicts is not called genuine', () => {
  const copy = reportOf('diploma-copy')
  expect(outcomeOf(copy)).toBe('copy')
  const checks = copy.checks.map(
    (check): Check => (check.name === 'log' ? { ...check, outcome: 'contradicted', code: 'log.entry-differs' } : check),
  )
  expect(outcomeOf({ ...copy, checks })).toBe('undetermined')
})

test('a card among diplomas is called neither valid nor invalid there, whatever its state', () => {
  for (const name of ['card-valid', 'status-ended']) {
    const report = reportOf(name)
    const found = { outcome: outcomeOf(report), decision: null, sha256: '', report }
    expect(outcomeWord(found, text)).toBe('Đây là thẻ, không phải văn bằng')
    expect(toneOf[found.outcome]).toBe('unsure')
    expect(outcomeHtml('the.png', found, { text, lang: 'vi', sentence }).text).toContain('href="/v"')
  }
})
