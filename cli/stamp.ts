import { existsSync, openAsBlob, statSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { CliError, type CliIo } from './io.ts'
import { signedIn } from './session.ts'

/** `antin stamp REF FILE --out OUT.pdf`: a copy of a diploma's registered file with a page that attests it. FILE stays as it is. */
export async function stamp(args: string[], io: CliIo): Promise<number> {
  // A ref may begin with "-", so it is taken before the options are read.
  const [ref = '', ...others] = args
  const { values, positionals } = parseArgs({
    args: others,
    allowPositionals: true,
    options: { out: { type: 'string' }, as: { type: 'string' }, url: { type: 'string' }, json: { type: 'boolean' } },
  })
  const [file] = positionals
  if (!/^[\w-]{22}$/.test(ref) || !file || positionals.length > 1)
    throw new CliError('Say the ref of a diploma and its registered file.', 64)
  if (!values.out) throw new CliError('Where to? Say --out OUT.pdf.', 64)
  if (existsSync(values.out)) throw new CliError(`${values.out} exists already.`, 64)
  statSync(file)
  const form = new FormData()
  form.set('file', await openAsBlob(file), basename(file))
  const api = await signedIn(io, { as: values.as, url: values.url })
  writeFileSync(values.out, await api.bytes(`/api/diplomas/${encodeURIComponent(ref)}/stamped-copy`, form))
  io.out(values.json ? JSON.stringify({ file: values.out }) : `${values.out} made.`)
  return 0
}
