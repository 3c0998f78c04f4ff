import '../platform/pageMain.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { canVerifyHere } from '../evidence/browserCrypto.ts'
import { type Html, html } from '../platform/html.ts'
import { icons } from '../platform/icons.ts'
import { byId, page, text } from '../platform/page.ts'
import { PartMissing } from '../platform/partMissing.ts'
import { timeText } from '../platform/vietnamTime.ts'
import { loadSentences, sentenceOf } from '../result/sentences.ts'
import { type Applicant, fileOf, readApplicants } from './applicants.ts'
import { checkFile, type FileOutcome, type Outcome } from './checkFile.ts'
import { countsText, outcomeWord, signedOtherwise, toneOf } from './outcomeHtml.ts'
import { parseRows, readSheet } from './readSheet.ts'
import { type LookUpAnswer, lookUpSentence } from './typedLookup.ts'

/** The most rows that the server checks at once for this reader. */
const rowLimit = Number(page().rowLimit)

interface CheckedLine {
  readonly applicant: Applicant
  readonly outcome: Outcome
  readonly note: string
  readonly ref: string | null
}

interface SheetAnswer {
  readonly statement: {
    readonly at: number
    readonly log: { readonly size: number } | null
    readonly resultDigest: string
    readonly checkedBy: string
  }
  readonly rows: readonly {
    readonly outcome: Outcome
    readonly ref: string | null
    readonly decision: string | null
    readonly fields?: LookUpAnswer['fields']
  }[]
  readonly keyId: string
  readonly signature: string
  readonly pdf: string
}

function start(): void {
  byId('list-form').hidden = false
  byId('list-form').onsubmit = event => {
    event.preventDefault()
    void check()
  }
}

async function check(): Promise<void> {
  fail('')
  byId('list-result').hidden = true
  const applicants = await readForm()
  if (!applicants) return
  const button = byId('list-form').querySelector('button')!
  button.disabled = true
  try {
    await loadSentences(page().lang)
    const files = [...(byId<HTMLInputElement>('list-files').files ?? [])]
    const found = await checkFiles(applicants, files)
    const answer = await askServer(applicants, found)
    if (answer)
      showLines(
        applicants.map((applicant, i) => lineOf(applicant, answer.rows[i]!, found[i])),
        answer,
      )
  } catch (error) {
    if (!(error instanceof PartMissing)) throw error
    fail(text('diploma.causeNetwork'))
  } finally {
    button.disabled = false
    byId('list-state').textContent = ''
  }
}

async function readForm(): Promise<Applicant[] | null> {
  const sheet = byId<HTMLInputElement>('sheet').files?.[0]
  const pasted = byId<HTMLTextAreaElement>('rows').value
  let rows: string[][]
  try {
    rows = sheet ? await readSheet(sheet) : parseRows(pasted)
  } catch {
    return fail(text('diploma.causeBroken'))
  }
  if (rows.length < 2) return fail(text('list.noRows'))
  const applicants = readApplicants(rows)
  if (!Array.isArray(applicants)) return fail(text('list.missingColumns', { columns: applicants.missing.join(', ') }))
  if (applicants.length <= rowLimit) return applicants
  // Said before any file is read, and not by the server after all of them were.
  return fail(
    page().isChecker
      ? text('list.tooMany', { limit: rowLimit })
      : html`${text('list.signedInOnly', { limit: rowLimit })} <a href="/signin?return=/diplomas/verify/list">${text('list.signIn')}</a>`,
  )
}

async function checkFiles(applicants: readonly Applicant[], files: readonly File[]): Promise<(FileOutcome | undefined)[]> {
  const found: (FileOutcome | undefined)[] = []
  const say = (waiting = '') => {
    byId('list-state').textContent = `${text('diploma.working', { done: found.length, total: applicants.length })} ${waiting}`
  }
  const onWait = (seconds: number) => say(text('diploma.waiting', { seconds }))
  const facts = { trustRoot: page().trustRoot, host: new URL(page().publicUrl).host, onWait }
  for (const applicant of applicants) {
    const file = canVerifyHere() ? fileOf(applicant, files) : undefined
    found.push(file && (await checkFile(file, facts).catch(unreadable)))
    say()
  }
  return found
}

/** A file that cannot be read is none; without the part that reads it nobody knows. */
function unreadable(error: unknown): undefined {
  if (error instanceof PartMissing) throw error
}

async function askServer(applicants: readonly Applicant[], found: readonly (FileOutcome | undefined)[]): Promise<SheetAnswer | null> {
  const rows = applicants.map((applicant, i) => rowOf(applicant, found[i]))
  try {
    const response = await fetch('/api/result-sheets', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ rows, checkedBy: byId<HTMLInputElement>('checked-by').value, lang: page().lang }),
    })
    if (response.ok) return (await response.json()) as SheetAnswer
    return fail(
      text(response.status === 413 ? 'list.tooMany' : response.status === 429 ? 'diploma.busy' : 'list.sheetFailed', { limit: rowLimit }),
    )
  } catch {
    return fail(text('diploma.causeNetwork'))
  }
}

/** What the server checks again, so that the sheet it signs says only what it knows: the credential in a file and its digest, beside what was typed. */
function rowOf(applicant: Applicant, found: FileOutcome | undefined): Record<string, string> {
  const { agency, soHieu, ngaySinh, name, awarded, title, classification } = applicant
  const typed = {
    agency: /\(([0-9A-Z.]+)\)$/.exec(agency)?.[1] ?? agency,
    soHieu,
    ngaySinh,
    holderName: name,
    awarded,
    title,
    classification,
  }
  const file = found?.sha256 ? { documentSha256: found.sha256, ...(found.sealed && { credential: encodeBase64url(found.sealed) }) } : {}
  return { ...Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== '')), ...file }
}

function lineOf(applicant: Applicant, row: SheetAnswer['rows'][number], found: FileOutcome | undefined): CheckedLine {
  // The signature in a file is verified here alone: the file does not leave this computer.
  const isForged = found?.outcome === 'forged' && (row.outcome === 'copy' || row.outcome === 'partial')
  const outcome = isForged ? 'forged' : row.outcome === 'copy' && found?.outcome === 'match' ? 'match' : row.outcome
  const notes = [row.decision ?? '', row.fields ? lookUpSentence({ outcome: 'partial', fields: row.fields }) : '']
  if (found && outcome === 'partial' && found.outcome !== 'match') notes.push(`${text('diploma.copyWord')}.`)
  const otherwise = found && outcome === 'copy' ? signedOtherwise(found.report) : undefined
  if (otherwise) notes.push(sentenceOf(otherwise, page().lang))
  if (found && !found.sealed && found.outcome === 'unreadable') notes.push(outcomeWord(found, text))
  return { applicant, outcome, note: notes.filter(Boolean).join(' '), ref: row.ref }
}

function showLines(lines: readonly CheckedLine[], answer: SheetAnswer): void {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(wordOf(line), (counts.get(wordOf(line)) ?? 0) + 1)
  byId('list-rows').innerHTML = lines
    .map((line, i) => {
      const tone = toneOf[line.outcome]
      return html`<tr data-outcome="${line.outcome}"><td>${i + 1}</td><td>${line.applicant.name}</td><td>${line.applicant.soHieu}</td><td><span class="tag ${tone}">${icons[tone]}${wordOf(line)}</span></td><td>${line.note}</td></tr>`
        .text
    })
    .join('')
  byId('list-state').textContent = ''
  const summary = text('list.summary', { total: lines.length, counts: countsText(counts) })
  const result = byId('list-result')
  result.hidden = false
  result.querySelector('p.lead')?.remove()
  result.insertAdjacentHTML('afterbegin', html`<p class="lead" tabindex="-1">${summary}</p>`.text)
  result.querySelector<HTMLElement>('p.lead')!.focus()
  byId('list-xlsx').onclick = () => void downloadXlsx(lines, answer)
  byId('list-pdf').onclick = () =>
    download(
      Uint8Array.from(atob(answer.pdf), char => char.charCodeAt(0)),
      'application/pdf',
      'phieu-ket-qua.pdf',
    )
}

async function downloadXlsx(lines: readonly CheckedLine[], { statement, signature, keyId }: SheetAnswer): Promise<void> {
  const { default: writeXlsxFile } = await import('write-excel-file/browser')
  const header = [
    'list.row',
    'list.who',
    'diploma.agency',
    'diploma.soHieu',
    'diploma.ngaySinh',
    'list.outcome',
    'list.note',
    'result.ref',
  ].map(key => ({
    value: text(key),
    fontWeight: 'bold' as const,
  }))
  const rows = lines.map((line, i) =>
    [
      String(i + 1),
      line.applicant.name,
      line.applicant.agency,
      line.applicant.soHieu,
      line.applicant.ngaySinh,
      wordOf(line),
      line.note,
      line.ref ?? '',
    ].map(value => ({ value, type: String })),
  )
  const facts = [
    [text('list.reportTime'), timeText(statement.at)],
    [text('list.reportBy'), statement.checkedBy],
    [text('list.reportLog'), String(statement.log?.size ?? '')],
    [text('list.reportDigest'), statement.resultDigest],
    [text('list.reportSignature'), `${signature} (Ed25519, ${keyId})`],
    ['statement', JSON.stringify(statement)],
  ].map(row => row.map(value => ({ value, type: String })))
  const blob = await writeXlsxFile([
    { data: [header, ...rows], sheet: text('list.outcome'), columns: [6, 28, 26, 20, 14, 30, 40, 26].map(width => ({ width })) },
    { data: facts, sheet: text('list.sheetName'), columns: [{ width: 30 }, { width: 90 }] },
  ]).toBlob()
  download(blob, 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'ket-qua-kiem-tra.xlsx')
}

function download(content: Blob | Uint8Array, type: string, name: string): void {
  const blob = content instanceof Blob ? content : new Blob([content as Uint8Array<ArrayBuffer>], { type })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

function wordOf(line: CheckedLine): string {
  return outcomeWord({ outcome: line.outcome, decision: null }, text)
}

function fail(message: string | Html): null {
  const place = byId('list-error')
  place.innerHTML = html`${message}`.text
  place.hidden = message === ''
  if (message !== '') place.scrollIntoView({ block: 'center' })
  return null
}

start()
