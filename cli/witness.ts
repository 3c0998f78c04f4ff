import { createServer, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { AppError } from '../core/errors.ts'
import { decodeBase64 } from '../core/log/base64.ts'
import { openCheckpoint } from '../core/log/checkpoint.ts'
import { proveConsistency } from '../core/log/consistency.ts'
import { readNodesFromTiles, tilePath } from '../core/log/tiles.ts'
import { parseVerifierKey, type VerifierKey } from '../core/log/verifierKey.ts'
import { nodeCrypto } from '../server/keys/nodeCrypto.ts'
import { CliError, type CliIo } from './io.ts'
import { logKeyOf } from './logKey.ts'
import { serverUrl } from './session.ts'
import { openWitness, type Witness } from './witnessState.ts'

/**
 * `antin witness --name NAME --state DIR [--from URL] [--vkey VKEY] [--interval SECONDS | --once] [--listen PORT]`: an independent party
 * that cosigns what extends what it saw before. It fetches checkpoints and tiles and hands its cosignature in (`--from`), or waits to be
 * asked on 127.0.0.1 (`--listen`, C2SP tlog-witness). Answers 1 when the log was forked or shrank.
 */
export async function witness(args: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      name: { type: 'string' },
      state: { type: 'string' },
      from: { type: 'string' },
      vkey: { type: 'string' },
      'trust-root': { type: 'string' },
      interval: { type: 'string', default: '60' },
      once: { type: 'boolean' },
      listen: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  if (!values.name || !values.state) throw new CliError('A witness has a name and a folder: --name witness.example --state DIR.', 64)
  const base = serverUrl(io, values.from)
  const log = values.vkey ? await parseVerifierKey(values.vkey, nodeCrypto) : await logKeyOf(io, base, values['trust-root'])
  const own = await openWitness(values.state, values.name, log, () => Math.floor(Date.now() / 1000))
  io.out(values.json ? JSON.stringify({ vkey: own.vkey }) : own.vkey)
  if (values.listen !== undefined) return listen(own, Number(values.listen), io)
  for (;;) {
    try {
      io.progress(await round(own, log, `${base}/log`), true)
    } catch (error) {
      if (error instanceof SplitView) {
        io.err(error.message)
        return 1
      }
      if (values.once) throw error
      io.err((error as Error).message)
    }
    if (values.once) return 0
    await sleep(Math.max(1, Number(values.interval)) * 1000)
  }
}

class SplitView extends Error {}

/** Fetches the newest checkpoint, proves its growth from tiles, cosigns it and hands the cosignature in. */
export async function round(own: Witness, log: VerifierKey, address: string): Promise<string> {
  const note = (await get(`${address}/checkpoint`)).toString('utf8')
  const checkpoint = await openCheckpoint(note, log, nodeCrypto)
  if (!checkpoint) throw new CliError(`${address} has no checkpoint signed by ${log.name}.`)
  const { treeSize } = checkpoint
  const old = own.size()
  if (treeSize < old) throw new SplitView(`The log shrank: it has ${treeSize} entries and had ${old}.`)
  const read = readNodesFromTiles(tile => get(`${address}/${tilePath(tile)}`), treeSize, nodeCrypto.sha256)
  const path = await proveConsistency(old, treeSize, read, nodeCrypto.sha256)
  const { status, body } = await own.cosign(note, old, path)
  if (status !== 200)
    throw new SplitView(`The checkpoint at ${treeSize} does not extend the one at ${old}: the log was forked. Both are kept.`)
  const response = await fetch(`${address}/cosignatures/${treeSize}`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body })
  return response.ok
    ? `cosigned ${treeSize}`
    : `cosigned ${treeSize}; the log did not take it (${response.status}): is the witness in the trust list?`
}

async function get(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(cause => {
    throw new CliError(`No answer from ${url}.`, 1, { cause })
  })
  if (!response.ok) throw new CliError(`${response.status} from ${url}.`)
  return Buffer.from(await response.arrayBuffer())
}

/** Serves add-checkpoint (C2SP tlog-witness) on 127.0.0.1 until the process is stopped. */
function listen(own: Witness, port: number, io: CliIo): Promise<number> {
  const server = witnessServer(own)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => io.err(`http://127.0.0.1:${(server.address() as { port: number }).port}/`))
    process.once('SIGTERM', () => server.close(() => resolve(0)))
  })
}

/** The HTTP side of a witness; it listens nowhere yet. */
export function witnessServer(own: Witness) {
  return createServer(async (req, res) => {
    if (req.method !== 'POST' || !req.url?.endsWith('/add-checkpoint')) return void res.writeHead(404).end()
    try {
      const { oldSize, path, note } = parseAddCheckpoint(await readBody(req))
      const { status, body } = await own.cosign(note, oldSize, path)
      const isSize = /^[0-9]+\n$/.test(body)
      res.writeHead(status, { 'content-type': isSize ? 'text/x.tlog.size' : 'text/plain; charset=utf-8' }).end(body)
    } catch (error) {
      res.writeHead(error instanceof AppError ? 400 : 500).end()
    }
  })
}

/** The body of add-checkpoint: `old N`, proof lines in base64, an empty line, the signed checkpoint. Throws `log.note`. */
function parseAddCheckpoint(body: string): { oldSize: number; path: Uint8Array[]; note: string } {
  const end = body.indexOf('\n\n')
  const [old, ...proof] = body.slice(0, Math.max(0, end)).split('\n')
  const size = /^old (0|[1-9][0-9]{0,15})$/.exec(old ?? '')
  const path = proof.map(decodeBase64)
  if (!size || proof.length > 63 || !path.every(hash => hash?.length === 32))
    throw new AppError('log.note', 'not an add-checkpoint request')
  return { oldSize: Number(size[1]), path: path as Uint8Array[], note: body.slice(end + 2) }
}

async function readBody(req: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of req.setEncoding('utf8')) {
    body += chunk
    if (body.length > 65_536) throw new AppError('log.note', 'too long')
  }
  return body
}
