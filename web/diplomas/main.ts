import '../platform/pageMain.ts'
import type { Check } from '../../core/verification/report.ts'
import { canVerifyHere } from '../evidence/browserCrypto.ts'
import { type Html, html } from '../platform/html.ts'
import { icons } from '../platform/icons.ts'
import { byId, page, text } from '../platform/page.ts'
import { loadSentences, sentenceOf } from '../result/sentences.ts'
import { checkFile, type FileOutcome } from './checkFile.ts'
import { outcomeHtml } from './outcomeHtml.ts'
import { lookUp } from './typedLookup.ts'

const facts = { trustRoot: page().trustRoot, host: new URL(page().publicUrl).host }
const results = byId('results')
const sentence = (check: Check) => sentenceOf(check, page().lang)

/** The diploma page: files dropped or chosen, hashed here; typed numbers. */
function start(): void {
  for (const element of document.querySelectorAll<HTMLElement>('.js-only')) element.hidden = false
  for (const element of document.querySelectorAll<HTMLElement>('.no-js-only')) element.hidden = true
  const drop = byId('drop')
  const files = byId<HTMLInputElement>('files')
  files.onchange = () => {
    void checkAll([...(files.files ?? [])])
    files.value = ''
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

async function checkAll(files: readonly File[]): Promise<void> {
  await loadSentences(page().lang)
  for (const file of files) {
    const place = newPlace(file.name)
    const start = file.size <= 20_000 ? await file.text().catch(() => '') : ''
    if (canVerifyHere() && /^\s*eyJ[\w-]*\.[\w-]*\.[\w-]*~/.test(start)) {
      const { sdJwtHtml } = await import('../verify/sdJwtHtml.ts')
      put(place, await sdJwtHtml(start.trim()))
      continue
    }
    let found: FileOutcome
    try {
      found = canVerifyHere() ? await checkFile(file, facts) : { outcome: 'undetermined', sha256: '', cause: 'network' }
    } catch {
      found = { outcome: 'unreadable', sha256: '', cause: 'broken' }
    }
    put(place, outcomeHtml(file.name, found, { text, lang: page().lang, sentence }))
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
  const place = newPlace(fields.soHieu)
  put(place, await lookUp(fields))
}

function newPlace(name: string): HTMLElement {
  byId('results-box').hidden = false
  const place = document.createElement('div')
  place.innerHTML =
    html`<article class="outcome"><h3><span class="tag waiting">${icons.waiting}${text('diploma.reading', { name })}</span></h3></article>`.text
  results.prepend(place)
  return place
}

function put(place: HTMLElement, content: Html): void {
  place.innerHTML = content.text
  const heading = place.querySelector<HTMLElement>('h3')
  heading?.setAttribute('tabindex', '-1')
  heading?.focus({ preventScroll: true })
  place.scrollIntoView({ block: 'nearest' })
}

start()
