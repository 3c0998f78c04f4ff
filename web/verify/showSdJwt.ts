import type { Check } from '../../core/verification/report.ts'
import { page, text } from '../platform/page.ts'
import { timeText } from '../platform/vietnamTime.ts'
import { resultHtml } from '../result/resultHtml.ts'
import { sdJwtView } from '../result/sdJwtView.ts'
import { sentenceOf } from '../result/sentences.ts'
import { judgeSdJwt } from './judgeSdJwt.ts'

/** Checks what a wallet showed and puts the result into `place`. */
export async function showSdJwt(given: string, place: HTMLElement): Promise<void> {
  const { lang, trustRoot } = page()
  const { report, offline } = await judgeSdJwt(given, trustRoot)
  const sentence = (check: Check) => sentenceOf(check, lang)
  place.innerHTML = resultHtml({
    view: sdJwtView(report, { lang, text, sentence, photo: 'unavailable', offline }),
    // The ref of the credential is not known: an SD-JWT VC names none.
    report: { ...report, credential: null },
    text,
    sentence,
    checkedBy: text('result.checkedHere', { time: timeText(report.evaluatedAt) }),
  }).text
  place.hidden = false
  place.querySelector<HTMLElement>('#verdict')?.focus({ preventScroll: true })
}
