import type { Report } from '../../core/verification/report.ts'
import { type Html, html } from '../platform/html.ts'
import { icons } from '../platform/icons.ts'
import { page, text } from '../platform/page.ts'
import { namedFields } from '../result/namedFields.ts'
import { factsHtml } from '../result/resultHtml.ts'
import { diplomaFacts } from '../result/resultView.ts'
import { agencyCodeOf } from './agencies.ts'
import type { Outcome } from './checkFile.ts'
import { outcomeWord, toneOf } from './outcomeHtml.ts'

type Miss = 'absent' | 'limited' | 'busy' | 'invalid' | 'network'
type Match = 'match' | 'partial' | 'differs'

/** What the server answers to typed numbers. */
export interface LookUpAnswer {
  readonly outcome: Outcome
  readonly fields: Readonly<Record<string, Match>>
  readonly decision: string | null
  readonly report: Report | null
}

/** Asks the server for a typed diploma: the answer, 'absent', 'limited' (for today), 'busy' (for a minute), 'invalid' (what was typed) or 'network'. */
export async function askLookUp(fields: Readonly<Record<string, string>>): Promise<LookUpAnswer | Miss> {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))
  try {
    const response = await fetch('/api/diplomas/lookup', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...given, agency: agencyCodeOf(given.agency ?? '') }),
    })
    if (response.status === 404) return 'absent'
    if (response.status === 429) return ((await response.json()) as { code: string }).code === 'limit.lookups' ? 'limited' : 'busy'
    if (response.status === 400 || response.status === 422) return 'invalid'
    return response.ok ? ((await response.json()) as LookUpAnswer) : 'network'
  } catch {
    return 'network'
  }
}

/** The result of a typed number as markup: which fields match, never the registered values, unless the reader may see them. */
export async function lookUp(fields: Readonly<Record<string, string>>): Promise<Html> {
  const answer = await askLookUp(fields)
  const name = fields.soHieu ?? ''
  if (typeof answer === 'string') return missHtml(name, answer, agencyCodeOf(fields.agency ?? ''))
  const tone = toneOf[answer.outcome]
  const diploma = answer.report?.credential?.kind === 'diploma' ? answer.report.credential : undefined
  return html`<article class="outcome ${tone}" data-outcome="${answer.outcome}">
<h3><span class="tag ${tone}">${icons[tone]}${outcomeWord(answer, text)}</span> <span>${name}</span></h3>
<p>${lookUpSentence(answer)}</p>
${diploma && factsHtml(diplomaFacts(diploma, { text, lang: page().lang }))}
</article>`
}

/** What a look-up says, in one sentence. */
export function lookUpSentence({ outcome, fields }: Pick<LookUpAnswer, 'outcome' | 'fields'>): string {
  const named = (kinds: readonly Match[]) => namedFields(fields, kinds, text)
  if (outcome === 'match') return text('diploma.matchTypedText')
  if (outcome === 'revoked') return text('diploma.revokedText')
  if (outcome === 'suspended') return text('result.diplomaSuspended')
  if (outcome === 'expired') return text('diploma.expiredText')
  const differing = named(['differs'])
  const sentence = differing
    ? text('diploma.partialText', { matching: named(['match', 'partial']), differing })
    : text('diploma.partialOnlyText', { matching: named(['match', 'partial']) })
  const partial = named(['partial'])
  return partial ? `${sentence} ${text('diploma.partialMonthText', { known: partial })}` : sentence
}

function missHtml(name: string, miss: Miss, agency: string): Html {
  const covered = (page().coverage as Record<string, { name: string; parts: string }> | undefined)?.[agency]
  const outcome = miss === 'absent' ? 'absent' : 'undetermined'
  const sentence = {
    absent: 'diploma.absentText',
    limited: 'diploma.limited',
    busy: 'diploma.busy',
    invalid: 'diploma.typedWrong',
    network: 'diploma.causeNetwork',
  }[miss]
  return html`<article class="outcome unsure" data-outcome="${outcome}"><h3><span class="tag unsure">${icons.unsure}${text(`diploma.${outcome}`)}</span> <span>${name}</span></h3><p>${text(sentence)}</p>${miss === 'absent' && covered && html`<p>${text('diploma.coverage', { agency: covered.name, coverage: covered.parts })}</p>`}</article>`
}
