import { en } from '../../../core/verification/messages/en.ts'
import { vi } from '../../../core/verification/messages/vi.ts'
import type { Check, Report } from '../../../core/verification/report.ts'
import { html } from '../../../web/platform/html.ts'
import { partialDateText, timeText } from '../../../web/platform/vietnamTime.ts'
import { bandHtml, resultHtml } from '../../../web/result/resultHtml.ts'
import { resultView } from '../../../web/result/resultView.ts'
import type { Language } from '../texts.ts'
import { translator } from '../texts.ts'

const messages: Record<Language, Readonly<Record<string, string>>> = { vi, en }

/** The sentence of a check in a language, with its detail filled in. */
export function sentenceOf(check: Check, lang: Language): string {
  return (messages[lang][check.code] ?? check.code).replace('{detail}', check.detail).replace('{date}', partialDateText(check.detail))
}

/** The result as markup for readers without JavaScript: the same view as the browser's, computed here; null is an unknown token. */
export function serverResultHtml(lang: Language, report: Report | null): string {
  const text = translator(lang)
  if (!report) {
    return html`<section class="result" data-verdict="invalid">${bandHtml('bad', text('result.invalid'), text('result.unknownToken'))}<div class="result-body"><p>${text('result.unknownTokenText')}</p></div></section>`
      .text
  }
  const sentence = (check: Check) => sentenceOf(check, lang)
  return resultHtml({
    view: resultView(report, { lang, text, sentence, photo: 'unavailable', offline: false }),
    report,
    text,
    sentence,
    checkedBy: `${text('result.checkedAt', { time: timeText(report.evaluatedAt) })}. ${text('result.serverText')}`,
  }).text
}
