import '../platform/pageMain.ts'
import type { Check } from '../../core/verification/report.ts'
import { canVerifyHere } from '../evidence/browserCrypto.ts'
import { type Html, html } from '../platform/html.ts'
import { icons } from '../platform/icons.ts'
import { byId, page, text } from '../platform/page.ts'
import { loadedPart, PartMissing } from '../platform/partMissing.ts'
import { loadSentences, sentenceOf } from '../result/sentences.ts'
import { checkFile, type FileOutcome } from './checkFile.ts'
import { countsText, outcomeHtml, outcomeWord } from './outcomeHtml.ts'
import { lookUp } from './typedLookup.ts'

const facts = { trustRoot: page().trustRoot, host: new URL(page().publicUrl).host }
const results = byId('results')
const sentence = (check: Check) => sentenceOf(check, page().lang)

/** The diploma page: files dropped or chosen, hashed here; typed numbers. */
function start(): void {
  for (const element of document.querySelectorAll<HTMLElement>('.js-only')) element.hidden = false
  for (const element of document.querySelectorAll<HTMLElement>('.no-js-only')) element.hidden = true
  const drop = byId('drop')
  // Also what was chosen in the form for browsers without scripts, before this one came.
  for (const input of [byId<HTMLInputElement>('files'), byId<HTMLInputElement>('file')]) {
    const take = () => {
      void checkAll([...(input.files ?? [])])
      input.value = ''
    }
    input.onchange = take
    take()
  }
  for (const name of ['dragenter', 'dragover']) {
    drop.addEventListener(name, event => {
      event.preventDefault()
      drop.classList.add('over')
    })
  }
  drop.addEventListener('dragleave', () => drop.classList.remove('over'))
  // A file that misses the box must not replace the page.
  document.addEventListener('dragover', event => event.preventDefault())
  document.addEventListener('drop', event => {
    event.preventDefault()
    drop.classList.remove('over')
    void checkAll([...(event.dataTransfer?.files ?? [])])
  })
  byId('typed').onsubmit = event => {
    event.preventDefault()
    void typed(event.target as HTMLFormElement)
  }
  byId('clear').onclick = () => {
    results.textContent = ''
    byId('results-box').hidden = true
  }
}

/** Checks files one after another, in their order; of several the page says how far it is, and at the end how many there are of each word. */
async function checkAll(files: readonly File[]): Promise<void> {
  if (files.length === 0) return
  await loadSentences(page().lang)
  const batch = document.createElement('div')
  results.prepend(batch)
  if (files.length === 1) {
    const [file] = files as readonly [File]
    const place = newPlace(batch, file.name)
    putAndFocus(place, (await resultOf(file, () => undefined)).content)
    return
  }
  const [state, summary] = [document.createElement('p'), document.createElement('p')]
  summary.setAttribute('role', 'status')
  batch.append(summary, state)
  const counts = new Map<string, number>()
  const say = (waiting = '') => {
    const done = [...counts.values()].reduce((sum, count) => sum + count, 0)
    state.textContent = `${text('diploma.working', { done, total: files.length })} ${waiting}`
  }
  for (const file of files) {
    const place = newPlace(batch, file.name)
    const { content, word } = await resultOf(file, seconds => say(text('diploma.waiting', { seconds })))
    place.innerHTML = content.text
    counts.set(word, (counts.get(word) ?? 0) + 1)
    say()
  }
  state.remove()
  summary.className = 'lead'
  summary.textContent = text('diploma.summary', { total: files.length, counts: countsText(counts) })
}

async function resultOf(file: File, onWait: (seconds: number) => void): Promise<{ content: Html; word: string }> {
  if (!canVerifyHere()) return resultOn(file, { outcome: 'undetermined', sha256: '', cause: 'insecure' })
  try {
    const start = file.size <= 20_000 ? await file.text() : ''
    if (/^\s*eyJ[\w-]*\.[\w-]*\.[\w-]*~/.test(start)) {
      const { sdJwtHtml } = await loadedPart(import('../verify/sdJwtHtml.ts'))
      return { content: await sdJwtHtml(start.trim()), word: text('result.sdJwt') }
    }
    return resultOn(file, await checkFile(file, { ...facts, onWait }))
  } catch (error) {
    if (error instanceof PartMissing) return resultOn(file, { outcome: 'undetermined', sha256: '', cause: 'network' })
    return resultOn(file, { outcome: 'unreadable', sha256: '', cause: 'broken' })
  }
}

function resultOn(file: File, found: FileOutcome): { content: Html; word: string } {
  return {
    content: outcomeHtml(file.name, found, { text, lang: page().lang, sentence }),
    word: outcomeWord({ ...found, decision: null }, text),
  }
}

async function typed(form: HTMLFormElement): Promise<void> {
  await loadSentences(page().lang)
  const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]))
  if (!fields.agency || !fields.soHieu || !fields.ngaySinh) {
    byId('typed-error').textContent = text('diploma.needThree')
    byId('typed-error').hidden = false
    form.querySelector<HTMLInputElement>('input:placeholder-shown')?.focus()
    return
  }
  byId('typed-error').hidden = true
  const place = newPlace(results, fields.soHieu, true)
  putAndFocus(place, await lookUp(fields))
}

function newPlace(within: HTMLElement, name: string, first = false): HTMLElement {
  byId('results-box').hidden = false
  const place = document.createElement('div')
  place.innerHTML =
    html`<article class="outcome"><h3><span class="tag waiting">${icons.waiting}${text('diploma.reading', { name })}</span></h3></article>`.text
  if (first) within.prepend(place)
  else within.append(place)
  return place
}

function putAndFocus(place: HTMLElement, content: Html): void {
  place.innerHTML = content.text
  const heading = place.querySelector<HTMLElement>('h3, h1')
  heading?.setAttribute('tabindex', '-1')
  heading?.focus({ preventScroll: true })
  place.scrollIntoView({ block: 'nearest' })
}

start()
