import { liveLifetime } from '../../core/credential/live.ts'
import type { Check, Report } from '../../core/verification/report.ts'
import { type Html, html } from '../platform/html.ts'
import { icons } from '../platform/icons.ts'
import { byId, page, text } from '../platform/page.ts'
import { timeText } from '../platform/vietnamTime.ts'
import { bandHtml, resultHtml } from '../result/resultHtml.ts'
import { type PhotoState, type ResultView, resultView } from '../result/resultView.ts'
import { sentenceOf } from '../result/sentences.ts'
import type { Checked, LiveState } from './checkCredential.ts'

let photoUrl: string | undefined

export interface ShowOptions {
  readonly photo: PhotoState
  readonly checkedBy: 'browser' | 'server'
  /** From which code it came: a print, or a phone that claims to be live. */
  readonly source: 'sealed' | 'token' | 'live' | 'file'
  /** The host of the scanned link, when it is not ours. */
  readonly foreignHost?: string | undefined
  readonly again: () => void
  readonly another: () => void
}

/** Puts the result in the page and the focus on its verdict. */
export function showResult(checked: Checked, options: ShowOptions): void {
  const { report, offline, claimedKind } = checked
  const sentence = (check: Check) => sentenceOf(check, page().lang)
  const view = resultView(report, { lang: page().lang, text, sentence, photo: options.photo, offline, claimedKind })
  if (photoUrl) URL.revokeObjectURL(photoUrl)
  const isShown = checked.photo !== null && report.verdict === 'valid'
  photoUrl = isShown ? URL.createObjectURL(new Blob([checked.photo as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' })) : undefined
  const time = timeText(report.evaluatedAt)
  const isDiploma = report.credential?.kind === 'diploma'
  const content = html`${options.foreignHost && html`<div class="foreign">${text('scan.foreignHost', { host: options.foreignHost })}</div>`}${resultHtml(
    {
      view,
      report,
      text,
      sentence,
      photoUrl,
      checkedBy:
        options.checkedBy === 'browser'
          ? text('result.checkedHere', { time })
          : `${text('result.checkedAt', { time })}. ${text('result.askedText')}`,
      extra: options.source === 'live' ? liveNote(report, checked.live) : undefined,
      after: options.source === 'live' ? undefined : printNote(report),
      buttons: html`<div class="buttons"><button type="button" class="button" data-do="another">${text(isDiploma ? 'result.anotherDiploma' : 'result.another')}</button><button type="button" class="button second" data-do="again">${text('result.again')}</button><button type="button" class="button second" data-do="share">${text('result.share')}</button><button type="button" class="button second" data-do="print">${text('result.print')}</button></div>`,
    },
  )}`
  putResult(content, {
    again: options.again,
    another: isDiploma ? () => location.assign('/diplomas/verify') : options.another,
    print: () => window.print(),
    share: () => void share(view, report),
  })
}

/** The button that leads back to the scanner. */
export function anotherButton(): Html {
  return html`<button type="button" class="button" data-do="another">${text('result.another')}</button>`
}

/** Puts a result in the page, makes its `data-do` buttons work and sets the focus on its verdict. */
export function putResult(content: Html, actions: Readonly<Record<string, () => void>>): void {
  put(content, actions)
  const verdict = document.getElementById('verdict')
  verdict?.focus({ preventScroll: true })
  window.scrollTo({ top: 0 })
  document.title = `${verdict?.textContent ?? ''} · Ấn Tín`
}

/** A band alone: waiting, or something that has no report (an unknown token). */
export function showBand(
  tone: 'waiting' | 'bad' | 'unsure',
  title: string,
  reason = '',
  advice = '',
  retry?: () => void,
  another?: () => void,
): void {
  const show = tone === 'waiting' ? put : putResult
  show(
    html`<section class="result" data-verdict="${tone === 'bad' ? 'invalid' : tone === 'unsure' ? 'undetermined' : 'waiting'}">${bandHtml(tone, title, reason)}${
      (advice || retry || another) &&
      html`<div class="result-body">${advice && html`<div class="advice"><p>${advice}</p></div>`}<div class="buttons">${another && anotherButton()}${retry && html`<button type="button" class="button second" data-do="again">${text('result.again')}</button>`}</div></div>`
    }</section>`,
    { ...(retry && { again: retry }), ...(another && { another }) },
  )
}

/** What a printed code cannot say, beside a valid card. */
function printNote(report: Report): Html | undefined {
  if (report.verdict !== 'valid' || report.credential?.kind !== 'card') return undefined
  return html`<p class="small"><span class="tag waiting">${text('result.printed')}</span> ${text('result.printedText')}</p>`
}

/** Whether the holder's own phone shows this valid card now. */
function liveNote(report: Report, live: LiveState | undefined): Html | undefined {
  if (report.verdict !== 'valid') return undefined
  // The skew of 120 s is for clocks that differ; a screenshot must not live on it without a word.
  if (live?.kind === 'live' && live.age > liveLifetime) {
    return html`<p><span class="tag unsure">${icons.unsure}${text('result.liveOld', { seconds: live.age })}</span> ${text('result.liveOldAdvice')}</p>`
  }
  if (live?.kind === 'live') {
    return html`<p><span class="tag good">${icons.good}${text('result.live')}</span> ${text('result.liveText', { seconds: live.age })}</p>`
  }
  const reasons = {
    stale: 'result.liveStale',
    wrong: 'result.liveWrong',
    ended: 'result.liveUnbound',
    unknown: 'result.liveUnknown',
  } as const
  const kind = live?.kind ?? 'unknown'
  return html`<p><span class="tag ${kind === 'wrong' ? 'bad' : 'unsure'}">${kind === 'wrong' ? icons.bad : icons.unsure}${text(reasons[kind])}</span> ${kind === 'stale' && text('result.liveStaleAdvice')}</p>`
}

async function share(view: ResultView, report: Report): Promise<void> {
  const { credential } = report
  const subject = credential
    ? `${credential.kind === 'card' ? credential.serial : (credential.number ?? credential.registerNumber ?? '')}.`
    : ''
  const shared = text('result.shareText', {
    verdict: view.reason ? `${view.title}: ${view.reason}` : view.title,
    subject,
    time: timeText(report.evaluatedAt),
    host: new URL(page().publicUrl).host,
  })
  try {
    if (navigator.share) await navigator.share({ text: shared })
    else {
      await navigator.clipboard.writeText(shared)
      byId('app').querySelector<HTMLButtonElement>('[data-do="share"]')!.textContent = text('result.shareCopied')
    }
  } catch {
    // the person closed the sheet
  }
}

function put(content: Html, actions: Readonly<Record<string, () => void>>): void {
  const app = byId('app')
  app.innerHTML = content.text
  app.hidden = false
  for (const button of app.querySelectorAll<HTMLButtonElement>('[data-do]')) button.onclick = () => actions[button.dataset.do!]?.()
}
