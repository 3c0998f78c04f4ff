import { openAsBlob, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { CliError, type CliIo } from './io.ts'
import { signedIn } from './session.ts'

interface Answer {
  requestId: string | null
  requested: number
  correctionId: string | null
  corrections: number
  holdersId: string | null
  holders: number
  unchanged: number
  refused: { row: number; column: string; code: string; value: string }[]
  warned: number
  repaired: number
  unusedFiles: string[]
}

/** `antin register SHEET [--files DIR|ZIP]`: asks for the diplomas of a spreadsheet to be registered; another person approves. */
export async function register(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      files: { type: 'string' },
      decision: { type: 'string' },
      'allow-duplicates': { type: 'boolean' },
      as: { type: 'string' },
      url: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const [sheet] = positionals
  if (!sheet) throw new CliError('Which spreadsheet?', 64)
  for (const path of [sheet, values.files]) if (path) statSync(path)
  const form = new FormData()
  if (values.decision) form.set('decision', values.decision)
  if (values['allow-duplicates']) form.set('allowDuplicates', 'true')
  form.set('sheet', await openAsBlob(sheet), basename(sheet))
  for (const path of values.files ? await filesOf(values.files) : []) form.append('files', await openAsBlob(path), basename(path))
  const api = await signedIn(io, { as: values.as, url: values.url })
  const answer = await api.postForm<Answer>('/api/diploma-requests', form)
  if (values.json) io.out(JSON.stringify(answer))
  else show(io, answer)
  return answer.refused.length > 0 ? 1 : 0
}

async function filesOf(path: string): Promise<string[]> {
  if (!statSync(path).isDirectory()) return [path]
  return (await readdir(path, { withFileTypes: true })).filter(entry => entry.isFile()).map(entry => join(path, entry.name))
}

function show(io: CliIo, answer: Answer): void {
  for (const one of answer.refused.slice(0, 50))
    io.out(`Refused: row ${one.row}, ${one.column}: ${one.code}${one.value ? ` "${one.value}"` : ''}`)
  if (answer.refused.length > 50) io.out(`… and ${answer.refused.length - 50} more`)
  io.out(
    `New ${answer.requested}, corrections ${answer.corrections}, holders named ${answer.holders}, unchanged ${answer.unchanged}, repaired ${answer.repaired}, warned ${answer.warned}, refused ${answer.refused.length}`,
  )
  if (answer.unusedFiles.length > 0) {
    const more = answer.unusedFiles.length > 20 ? ` and ${answer.unusedFiles.length - 20} more` : ''
    io.out(`Files that no row names: ${answer.unusedFiles.slice(0, 20).join(', ')}${more}`)
  }
  for (const id of [answer.requestId, answer.correctionId, answer.holdersId])
    if (id) io.out(`Request ${id} waits for another person: antin approve ${id}`)
}
