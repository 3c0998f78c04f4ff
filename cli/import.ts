import { openAsBlob, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readDemonstration } from './demonstration.ts'
import { CliError, type CliIo } from './io.ts'
import { type ApiSession, signedIn } from './session.ts'

interface ImportState {
  id: string
  kind: 'officers' | 'agencies'
  agency: string
  state: 'uploading' | 'reading' | 'preview' | 'committing' | 'done' | 'failed' | 'cancelled'
  progress: number
  total: number
  counts: {
    rows: number
    new: number
    changed: number
    unchanged: number
    repeated: number
    refused: number
    foreign: number
    absent: number
    warned: number
    repaired: number
    photos: { files: number; matched: number; new: number; unmatched: number; refused: number; missing: number }
  } | null
  columns: { sheet: string; headerRow?: number; unknown?: string[]; missing?: string[] }[] | null
  failure: { code: string; detail: string | null } | null
  requestId: string | null
}

interface ImportRow {
  row: number
  sheet: string
  outcome: string
  agency: string
  findings: {
    code: string
    severity: 'refused' | 'warning' | 'repaired'
    column: string
    value: string
    message: { vi: string; en: string }
  }[]
}

const listed = 100

/**
 * `antin import FILE [--photos ZIP] [--agency CODE] [--good-rows] [--preview] [--errors FILE] [--json]`: people or agencies
 * from a spreadsheet. Says what it repaired, warned of and refused; writes all rows or nothing, or with --good-rows the good
 * ones. Exit code 1 when rows were refused and nothing was written.
 */
export async function importPeople(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      photos: { type: 'string' },
      agency: { type: 'string' },
      'good-rows': { type: 'boolean' },
      preview: { type: 'boolean' },
      errors: { type: 'string' },
      lang: { type: 'string' },
      as: { type: 'string' },
      url: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const [file] = positionals
  if (!file) throw new CliError('Which file?', 64)
  for (const path of [file, values.photos]) if (path) statSync(path)
  const language = values.lang === 'vi' || (values.lang === undefined && io.env.LANG?.startsWith('vi')) ? 'vi' : 'en'
  const demonstration = values.as === undefined && !io.env.ANTIN_CLIENT_ID && readDemonstration(io.env) !== null
  let api = await signedIn(io, { as: values.as ?? (demonstration ? 'maker' : undefined), url: values.url })
  let read = await upload(api, io, file, values)
  if (demonstration && read.failure?.code === 'auth.forbidden') {
    api = await signedIn(io, { as: 'admin', url: values.url })
    read = await upload(api, io, file, values)
  }
  if (read.state !== 'preview') throw failed(read)

  const counts = read.counts!
  const findings =
    values.json || counts.refused + counts.foreign + counts.repaired + counts.warned > 0 ? await findingsOf(api, read.id) : []
  if (values.errors) await writeFile(values.errors, await api.bytes(`/api/imports/${read.id}/errors.xlsx?lang=${language}`))
  if (!values.json) show(io, read, findings, language)
  const blocked = counts.refused > 0 && !values['good-rows']
  const end = blocked || values.preview ? read : await commit(api, io, read.id, values['good-rows'] === true)
  if (values.json) io.out(JSON.stringify({ ...end, findings }))
  else if (end.requestId)
    io.out(`Asked for ${counts.new} new and ${counts.changed} changed agencies: another administrator approves ${end.requestId}.`)
  else if (end.state === 'done') io.out(`Written: ${counts.new} new, ${counts.changed} changed, ${counts.photos.new} new photos.`)
  else if (blocked) {
    io.err(`Nothing was written: ${counts.refused} rows are refused. Mend them (--errors FILE gives a workbook), or add --good-rows.`)
  }
  if (blocked) await api.post(`/api/imports/${read.id}/cancel`, {})
  return blocked ? 1 : 0
}

async function upload(api: ApiSession, io: CliIo, file: string, values: { photos?: string; agency?: string }): Promise<ImportState> {
  const form = new FormData()
  if (values.agency) form.set('agency', values.agency)
  form.set('file', await openAsBlob(file), basename(file))
  if (values.photos) form.set('photos', await openAsBlob(values.photos), basename(values.photos))
  const started = await api.postForm<ImportState>('/api/imports', form)
  return follow(api, io, started.id, 'Reading', ['uploading', 'reading'])
}

async function commit(api: ApiSession, io: CliIo, id: string, onlyGood: boolean): Promise<ImportState> {
  await api.post(`/api/imports/${id}/commit`, { onlyGood })
  const end = await follow(api, io, id, 'Writing', ['committing'])
  if (end.state !== 'done') throw failed(end)
  return end
}

async function follow(api: ApiSession, io: CliIo, id: string, word: string, states: readonly ImportState['state'][]): Promise<ImportState> {
  for (let pause = 100; ; pause = Math.min(pause * 1.5, 1000)) {
    const now = await api.get<ImportState>(`/api/imports/${id}`)
    const busy = states.includes(now.state)
    if (!busy) {
      io.progress(`${word}: ${now.counts?.rows ?? now.progress} rows, ${now.state}`, true)
      return now
    }
    io.progress(`${word}: ${now.progress}${now.total ? ` of ${now.total}` : ''}`)
    await wait(pause)
  }
}

async function findingsOf(api: ApiSession, id: string): Promise<ImportRow[]> {
  const rows = new Map<string, ImportRow>()
  for (const filter of ['outcome=refused', 'outcome=foreign', 'having=repairs', 'having=warnings', 'photo=refused']) {
    for (let after = 0; ; ) {
      const page = await api.get<{ rows: ImportRow[]; next: number | null }>(`/api/imports/${id}/rows?${filter}&limit=500&after=${after}`)
      for (const row of page.rows) rows.set(`${row.sheet}!${row.row}`, row)
      if (page.next === null) break
      after = page.next
    }
  }
  return [...rows.values()]
}

function show(io: CliIo, read: ImportState, rows: readonly ImportRow[], language: 'vi' | 'en'): void {
  for (const sheet of read.columns ?? []) {
    if (sheet.headerRow === undefined) io.out(`Sheet ${sheet.sheet}: no header row, passed over`)
    if (sheet.unknown?.length) io.out(`Columns ignored: ${sheet.unknown.join(', ')}`)
  }
  const words = { repaired: 'Repaired', warning: 'Warning', refused: 'Refused' }
  for (const severity of ['repaired', 'warning', 'refused'] as const) {
    const lines = rows.flatMap(row =>
      row.findings
        .filter(one => one.severity === severity && !['import.photo.missing', 'import.photo.none'].includes(one.code))
        .map(one => `row ${row.row}: ${one.message[language]}`),
    )
    for (const line of lines.slice(0, listed)) io.out(`${words[severity]}, ${line}`)
    if (lines.length > listed) io.out(`… and ${lines.length - listed} more`)
  }
  const { counts } = read
  if (!counts) return
  io.out(
    `${counts.rows} rows: ${counts.new} new, ${counts.changed} changed, ${counts.unchanged} unchanged, ${counts.repeated} repeated, ${counts.refused} refused, ${counts.foreign} of another agency; ${counts.repaired} repaired, ${counts.warned} with warnings; ${counts.absent} people of these agencies are not in the file`,
  )
  if (read.kind === 'officers')
    io.out(
      `Photos: ${counts.photos.matched} matched, ${counts.photos.unmatched} unmatched, ${counts.photos.refused} refused; ${counts.photos.missing} people have none and cannot get a card yet`,
    )
}

function failed(read: ImportState): CliError {
  const detail = read.failure?.detail ?? 'The import failed'
  const missing =
    read.columns?.flatMap(sheet => (sheet.missing?.length ? [`${sheet.sheet || 'file'}: ${sheet.missing.join(', ')}`] : [])) ?? []
  return new CliError(`${detail} (${read.failure?.code ?? read.state})${missing.length > 0 ? `; ${missing.join('; ')}` : ''}`)
}
