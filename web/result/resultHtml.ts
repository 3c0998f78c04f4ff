import type { Check, CheckName, Report } from '../../core/verification/report.ts'
import { type Html, html } from '../platform/html.ts'
import { icons } from '../platform/icons.ts'
import type { Text } from '../platform/textFrom.ts'
import { timeText } from '../platform/vietnamTime.ts'
import type { Fact, ResultView, Tone } from './resultView.ts'

const bandIcons = { good: icons.good, halfgood: icons.good, bad: icons.bad, unsure: icons.unsure, waiting: icons.waiting } as const

/** The band across the page; its heading takes the focus, so that a screen reader says the verdict first. */
export function bandHtml(tone: Tone | 'waiting', title: string, reason = ''): Html {
  return html`<div class="band ${tone}">${bandIcons[tone]}<div><h1 class="band-title" id="verdict" tabindex="-1">${title}</h1>${reason && html`<p>${reason}</p>`}</div></div>`
}

export interface ResultParts {
  readonly view: ResultView
  readonly report: Report
  readonly text: Text
  readonly sentence: (check: Check) => string
  /** Address of the picture to show, or undefined. */
  readonly photoUrl?: string | undefined
  /** Who computed it, said under the checks. */
  readonly checkedBy: string
  /** Shown right below the band: what a live code means. */
  readonly extra?: Html | undefined
  /** Shown below the facts: what a printed code cannot say. */
  readonly after?: Html | undefined
  readonly buttons?: Html | undefined
}

/** A whole result: band, advice, photo, facts, and what was checked. */
export function resultHtml(parts: ResultParts): Html {
  const { view, report, text, photoUrl } = parts
  return html`<section class="result" aria-labelledby="verdict" data-verdict="${report.verdict}" data-tone="${view.tone}">
${bandHtml(view.tone, view.title, view.reason)}
<div class="result-body">
${(view.advice || view.notes.length > 0) && html`<div class="advice">${view.advice && html`<p>${view.advice}</p>`}${view.notes.map(note => html`<p class="small">${note}</p>`)}</div>`}
${parts.extra}
<div class="person">
${photoUrl && html`<figure class="portrait"><img src="${photoUrl}" alt="${text('result.photoAlt')}" width="152" height="203"><figcaption>${text('result.photoCaption')}</figcaption></figure>`}
${view.facts.length > 0 && factsHtml(view.facts)}
</div>
${parts.after}
${parts.buttons}
<details class="what"><summary>${text('result.details')}</summary>
${checksHtml(report, text, parts.sentence)}
<p class="small">${parts.checkedBy}${report.credential && html` · ${text('result.ref')} <span class="mono">${report.credential.ref}</span>`}</p>
</details>
</div>
</section>`
}

export function factsHtml(facts: readonly Fact[]): Html {
  return html`<dl class="facts">${facts.map(
    ({ label, value, kind }) =>
      html`<div class="${kind === 'name' ? 'name' : ''}"><dt>${label}</dt><dd class="${kind === 'mono' ? 'mono' : ''}">${value}</dd></div>`,
  )}</dl>`
}

const checkLabels: Record<CheckName, string> = {
  format: 'result.checkFormat',
  signature: 'result.checkSignature',
  issuer: 'result.checkIssuer',
  validity: 'result.checkValidity',
  status: 'result.checkStatus',
  document: 'result.checkDocument',
  log: 'result.checkLog',
  anchor: 'result.checkAnchor',
  photo: 'result.checkPhoto',
}
const words = {
  passed: ['result.passed', icons.good],
  failed: ['result.failed', icons.bad],
  contradicted: ['result.contradictedWord', icons.unsure],
  unavailable: ['result.unavailable', icons.unsure],
  'not-applicable': ['result.notApplicable', icons.none],
} as const

/** The nine checks, each with its word, sentence and the time of its evidence. */
export function checksHtml(report: Report, text: Text, sentence: (check: Check) => string): Html {
  return html`<ul class="checks">${report.checks.map(check => {
    const [word, icon] = words[check.outcome]
    const asOf = check.asOf === undefined ? '' : ` (${text('result.asOf', { time: timeText(check.asOf, report.evaluatedAt) })})`
    return html`<li class="${check.outcome}">${icon}<div><p><span class="word">${text(checkLabels[check.name])}: ${text(word)}</span></p><p class="small">${sentence(check)}${asOf}</p></div></li>`
  })}</ul>`
}
