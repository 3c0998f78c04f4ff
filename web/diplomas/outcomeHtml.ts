import type { Check, Report } from '../../core/verification/report.ts'
import { type Html, html } from '../platform/html.ts'
import { icons } from '../platform/icons.ts'
import type { Text } from '../platform/textFrom.ts'
import { dayText, timeText } from '../platform/vietnamTime.ts'
import { checksHtml, factsHtml } from '../result/resultHtml.ts'
import { diplomaFacts, isCopy } from '../result/resultView.ts'
import type { FileOutcome, Outcome } from './checkFile.ts'

export type OutcomeTone = 'good' | 'bad' | 'unsure'

/** Colour and icon of each word; the words say it without them. */
export const toneOf: Record<Outcome, OutcomeTone> = {
  match: 'good',
  card: 'unsure',
  copy: 'unsure',
  partial: 'unsure',
  corrected: 'unsure',
  revoked: 'bad',
  suspended: 'bad',
  expired: 'bad',
  forged: 'bad',
  absent: 'unsure',
  unreadable: 'unsure',
  undetermined: 'unsure',
}

const causes: Record<NonNullable<FileOutcome['cause']>, string> = {
  heic: 'diploma.causeHeic',
  encrypted: 'diploma.causeEncrypted',
  broken: 'diploma.causeBroken',
  kind: 'diploma.causeKind',
  printed: 'diploma.causePrinted',
  recompressed: 'diploma.causeRecompressed',
  'too-large': 'diploma.causeTooLarge',
  network: 'diploma.causeNetwork',
  insecure: 'diploma.causeInsecure',
}

interface Worded extends Pick<FileOutcome, 'outcome' | 'decision'> {
  readonly report?: Report | null | undefined
}

/** The word of an outcome. */
export function outcomeWord({ outcome, decision, report }: Worded, text: Text): string {
  if (outcome === 'corrected') return decision ? text('diploma.corrected', { decision }) : text('diploma.correctedPlain')
  if (outcome === 'copy') return text(signedOtherwise(report) ? 'diploma.otherFileWord' : 'diploma.copyWord')
  const expiresAt = report?.credential?.expiresAt
  // exp is the last second of the last day; what a reader asks is since when.
  if (outcome === 'expired' && expiresAt !== undefined) return text('result.expiredOn', { day: dayText(expiresAt + 1) })
  return text(`diploma.${outcome}`)
}

/** How many there are of each word: "Khớp: 12, Đã thu hồi: 1". */
export function countsText(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([word, count]) => `${word}: ${count}`).join(', ')
}

/** The check of a file whose signature is right and yet not the issuer's over all of it. */
export function signedOtherwise(report: Report | null | undefined): Check | undefined {
  const document = report?.checks.find(check => check.name === 'document')
  return document?.code === 'document.copy' && !isCopy(document) ? document : undefined
}

/** One sentence on what the outcome means for the reader. */
export function outcomeSentence(found: FileOutcome, text: Text, sentence: (check: Check) => string): string {
  const { outcome, cause, by, report } = found
  if (cause) return text(causes[cause], { limit: 60 })
  const document = report?.checks.find(check => check.name === 'document')
  if (outcome === 'match')
    return text(
      document?.code === 'document.signed' ? 'diploma.matchSignedText' : by === 'qr' ? 'diploma.matchQrText' : 'diploma.matchText',
    )
  const otherwise = signedOtherwise(report)
  if (outcome === 'copy') return otherwise ? sentence(otherwise) : `${text('diploma.copy')}. ${text('diploma.copyText')}`
  if (outcome === 'card') return text('diploma.cardText')
  if (outcome === 'absent') return text('diploma.absentText')
  if (outcome === 'revoked') return text('diploma.revokedText')
  if (outcome === 'forged') return document?.outcome === 'failed' ? sentence(document) : text('diploma.forgedText')
  if (outcome === 'suspended') return text('result.diplomaSuspended')
  if (outcome === 'expired') {
    const validity = report?.checks.find(check => check.name === 'validity')
    // Nobody says that it is genuine whose signature and issuer nobody could check.
    return report?.credential || !validity ? text('diploma.expiredText') : sentence(validity)
  }
  const open = report?.checks.find(check => check.outcome === 'unavailable' || check.outcome === 'contradicted')
  return open ? sentence(open) : ''
}

/** One file's or number's result. Of a revoked or forged diploma no data is shown; of a corrected one the successor's. */
export function outcomeHtml(
  name: string,
  found: FileOutcome,
  options: { text: Text; lang: 'vi' | 'en'; sentence: (check: Check) => string },
): Html {
  const { text, lang, sentence } = options
  const tone = toneOf[found.outcome]
  const shown = found.successor ?? (['revoked', 'forged', 'suspended', 'corrected'].includes(found.outcome) ? undefined : found.report)
  const diploma = shown?.credential?.kind === 'diploma' ? shown.credential : undefined
  return html`<article class="outcome ${tone}" data-outcome="${found.outcome}">
<h3><span class="tag ${tone}">${icons[tone]}${outcomeWord(found, text)}</span> <span>${name}</span></h3>
<p>${outcomeSentence(found, text, sentence)}${found.outcome === 'card' && html` <a href="/v">${text('diploma.scanLink')}</a>`}</p>
${found.successor && html`<p><strong>${text('diploma.successorText')}</strong></p>`}
${diploma && factsHtml(diplomaFacts(diploma, { text, lang }))}
${diploma && html`<p><a href="/api/diplomas/${diploma.ref}/receipt" download>${text('result.receipt')}</a></p>`}
${found.report && html`<details><summary>${text('result.details')}</summary>${checksHtml(found.report, text, sentence)}<p class="small">${text('result.checkedHere', { time: timeText(found.report.evaluatedAt) })}</p>${found.sha256 && html`<p class="small">${text('diploma.digest')}: <span class="mono">${found.sha256}</span></p>`}</details>`}
</article>`
}
