import { writtenDate } from '../../../core/encoding/writtenDate.ts'
import { isCardSerial } from '../../../core/identity/cardSerial.ts'
import { en } from '../../../core/verification/messages/en.ts'
import { type Messages, messageOf } from '../../../core/verification/messages/messageOf.ts'
import { vi } from '../../../core/verification/messages/vi.ts'
import type { Check, Report } from '../../../core/verification/report.ts'
import { html } from '../../../web/platform/html.ts'
import { icons } from '../../../web/platform/icons.ts'
import { timeText } from '../../../web/platform/vietnamTime.ts'
import { namedFields } from '../../../web/result/namedFields.ts'
import { bandHtml, resultHtml } from '../../../web/result/resultHtml.ts'
import { resultView } from '../../../web/result/resultView.ts'
import type { VerificationAnswer } from '../../http/createVerificationAnswer.ts'
import type { Language } from '../texts.ts'
import { translator } from '../texts.ts'

const messages: Record<Language, Messages> = { vi, en }

/** The sentence of a check in a language, with its detail filled in. */
export function sentenceOf(check: Check, lang: Language): string {
  return messageOf(messages[lang], check).replace('{detail}', check.detail).replace('{date}', writtenDate(check.detail))
}

/** The result as markup for readers without JavaScript: the same view as the browser's, computed here; null is an unknown token. `claimedKind` is what the page is for. */
export function serverResultHtml(lang: Language, report: Report | null, claimedKind?: 'diploma'): string {
  const text = translator(lang)
  if (!report) {
    return html`<section class="result" data-verdict="invalid">${bandHtml('bad', text('result.invalid'), text('result.unknownToken'))}<div class="result-body"><p>${text('result.unknownTokenText')}</p></div></section>`
      .text
  }
  const sentence = (check: Check) => sentenceOf(check, lang)
  return resultHtml({
    view: resultView(report, { lang, text, sentence, photo: 'unavailable', offline: false, claimedKind }),
    report,
    text,
    sentence,
    checkedBy: `${text('result.checkedAt', { time: timeText(report.evaluatedAt) })}. ${text('result.serverText')}`,
  }).text
}

/** Status and issuer of a card number. */
export interface SerialAnswer {
  readonly status: 'active' | 'suspended' | 'ended' | 'expired'
  readonly agencyName: { readonly vi: string; readonly en: string }
}

/** What is said of a typed card number; null is one that does not exist or is mistyped. */
export function serverSerialHtml(lang: Language, serial: string, answer: SerialAnswer | null): string {
  const text = translator(lang)
  if (!isCardSerial(serial)) return html`<p class="error-text">${text('scan.serialForm')}</p>`.text
  if (!answer) return html`<p><strong>${text('scan.serialUnknown', { serial })}</strong></p>`.text
  const keys = { active: 'scan.serialActive', suspended: 'scan.serialSuspended', ended: 'scan.serialEnded', expired: 'scan.serialExpired' }
  const said = text(keys[answer.status], { serial, agency: answer.agencyName[lang] })
  return html`<p><strong>${said}</strong></p><p class="small">${text('scan.serialWarn')}</p>`.text
}

/** The result of typed numbers for readers without JavaScript: which fields match, never the registered values; of an absent one what its issuer's register covers. */
export function serverLookUpHtml(
  lang: Language,
  name: string,
  answer: VerificationAnswer | 'absent' | 'limited',
  covered?: { readonly name: string; readonly parts: string },
): string {
  const text = translator(lang)
  const outcome = answer === 'absent' ? 'absent' : answer === 'limited' ? 'undetermined' : (answer.lookup?.outcome ?? 'undetermined')
  const tone = outcome === 'match' ? 'good' : outcome === 'revoked' || outcome === 'suspended' || outcome === 'expired' ? 'bad' : 'unsure'
  const decision = typeof answer === 'string' ? null : answer.lookup?.decision
  const word =
    outcome === 'corrected'
      ? decision
        ? text('diploma.corrected', { decision })
        : text('diploma.correctedPlain')
      : text(`diploma.${outcome}`)
  const said =
    typeof answer === 'string'
      ? text(answer === 'absent' ? 'diploma.absentText' : 'diploma.limited')
      : lookUpSentence(answer.lookup?.fields ?? {}, outcome, text)
  return html`<article class="outcome ${tone}" data-outcome="${outcome}"><h3><span class="tag ${tone}">${icons[tone]}${word}</span> <span>${name}</span></h3><p>${said}</p>${covered && html`<p>${text('diploma.coverage', { agency: covered.name, coverage: covered.parts })}</p>`}</article>`
    .text
}

function lookUpSentence(
  fields: Readonly<Record<string, string>>,
  outcome: string,
  text: (key: string, values?: Record<string, unknown>) => string,
): string {
  if (outcome === 'match') return text('diploma.matchTypedText')
  if (outcome === 'revoked') return text('diploma.revokedText')
  if (outcome === 'suspended') return text('result.diplomaSuspended')
  if (outcome === 'expired') return text('diploma.expiredText')
  const differing = namedFields(fields, ['differs'], text)
  const matching = namedFields(fields, ['match', 'partial'], text)
  return differing ? text('diploma.partialText', { matching, differing }) : text('diploma.partialOnlyText', { matching })
}
