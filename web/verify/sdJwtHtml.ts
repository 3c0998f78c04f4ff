import type { Check } from '../../core/verification/report.ts'
import type { Html } from '../platform/html.ts'
import { page, text } from '../platform/page.ts'
import { timeText } from '../platform/vietnamTime.ts'
import { resultHtml } from '../result/resultHtml.ts'
import { sdJwtView } from '../result/sdJwtView.ts'
import { sentenceOf } from '../result/sentences.ts'
import { judgeSdJwt } from './judgeSdJwt.ts'

/** The result on what a wallet showed, checked in this browser. */
export async function sdJwtHtml(given: string, buttons?: Html): Promise<Html> {
  const { lang, trustRoot } = page()
  const { report, offline } = await judgeSdJwt(given, trustRoot)
  const sentence = (check: Check) => sentenceOf(check, lang)
  return resultHtml({
    view: sdJwtView(report, { lang, text, sentence, photo: 'unavailable', offline }),
    // The ref of the credential is not known: an SD-JWT VC names none.
    report: { ...report, credential: null },
    text,
    sentence,
    checkedBy: text('result.checkedHere', { time: timeText(report.evaluatedAt) }),
    buttons,
  })
}
