import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { AppError } from '../core/errors.ts'
import { parseVerifierKey, type VerifierKey } from '../core/log/verifierKey.ts'
import { maxStatusListLength, parseStatusListToken } from '../core/status-list/statusListToken.ts'
import type { AnchorDescription } from '../core/trust/trustSchema.ts'
import type { LogSource } from '../server/log/logSource.ts'
import type { LogVerdict } from '../server/log/verifyLog.ts'
import { fetchPublicFile } from './evidenceFiles.ts'
import { CliError, type CliIo } from './io.ts'
import { trustIndexOf } from './logKey.ts'
import { openOperator } from './operator.ts'
import { serverUrl } from './session.ts'

const options = {
  from: { type: 'string' },
  rpc: { type: 'string' },
  vkey: { type: 'string' },
  'trust-root': { type: 'string' },
  database: { type: 'boolean' },
  save: { type: 'string' },
  state: { type: 'string' },
  heal: { type: 'boolean' },
  'accept-lost': { type: 'boolean' },
  json: { type: 'boolean' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

/**
 * `antin log verify [--from URL|DIR] [--rpc URL] [--database]`: recomputes the whole log and compares checkpoints, contract and database.
 * `--from` reads the public tiles of a server or a folder, else the database beside this installation is read. `--state FILE` remembers the
 * checkpoint, so that the next run sees a fork; `--save DIR` keeps the tiles. `--heal --from …` first brings a restored database up to the
 * public log. Answers 0 when everything fits, else 1.
 */
export async function logCommand(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
  if (positionals.length !== 1 || positionals[0] !== 'verify') throw new CliError('The command is `antin log verify`.', 64)
  if (values.heal && values.from === undefined) throw new CliError('--heal needs --from: where the public log still is.', 64)
  const withDatabase = values.database === true || values.heal === true || values.from === undefined
  const operator = withDatabase ? await openOperator(io) : undefined
  try {
    const { databaseSource } = await import('../server/log/logSource.ts')
    const source = values.from === undefined ? databaseSource(operator!.pool) : await sourceAt(values.from, values.save)
    const { logKey, contracts } = await whatToTrust(values, io, operator)
    const mended = values.heal ? await heal(values, io, operator!.pool, logKey, source) : false
    const verdict = await run(values, io, operator?.pool, logKey, contracts, source)
    if (mended && verdict.sound) await open(operator!.pool, io)
    return verdict.sound ? 0 : 1
  } finally {
    await operator?.close()
  }
}

type Operator = Awaited<ReturnType<typeof openOperator>>
type Pool = Operator['pool']

async function run(
  values: Values,
  io: CliIo,
  pool: Pool | undefined,
  logKey: VerifierKey,
  contracts: readonly AnchorDescription[],
  source: LogSource,
): Promise<LogVerdict> {
  const { verifyLog } = await import('../server/log/verifyLog.ts')
  const seen = values.state !== undefined && existsSync(values.state) ? [readFileSync(values.state, 'utf8')] : []
  const start = Date.now()
  const verdict = await verifyLog({
    source,
    logKey,
    pool,
    contracts: values.rpc === undefined ? [] : await readContracts(values.rpc, contracts, io),
    seen,
    statusList: pool || !isAddress(values.from) ? undefined : list => servedList(siteOf(values.from!), list),
    onProgress: (done, size) => io.progress(`${done} of ${size} entries`),
  })
  const note = await source.checkpoint()
  if (verdict.sound && values.state !== undefined && note !== null) {
    const { writeDurably } = await import('../server/keys/writeDurably.ts')
    await writeDurably(values.state, note, { replace: true })
  }
  show(verdict, (Date.now() - start) / 1000, values, io)
  return verdict
}

function show(verdict: LogVerdict, seconds: number, values: Values, io: CliIo): void {
  const { sound, treeSize, rootHash, findings } = verdict
  const root = rootHash && Buffer.from(rootHash).toString('base64')
  if (values.json) {
    io.out(JSON.stringify({ sound, treeSize, rootHash: root, findings, seconds }))
    return
  }
  for (const { code, detail, leafIndex } of findings) io.out(`${code}  ${detail}${leafIndex === undefined ? '' : ` (entry ${leafIndex})`}`)
  io.out(`${sound ? 'sound' : 'NOT SOUND'}: ${treeSize} entries, root ${root ?? 'unknown'}, ${seconds.toFixed(1)} s`)
  if (sound && values.rpc === undefined) io.err('The contract was not asked; give --rpc URL of a node that you trust.')
}

/** Whether nothing stands against opening the log but that it is found sound. */
async function heal(values: Values, io: CliIo, pool: Pool, logKey: VerifierKey, source: LogSource): Promise<boolean> {
  const { healLog } = await import('../server/log/healLog.ts')
  const { refilled, restored, lost, mended } = await healLog({ pool, logKey, source, acceptLosses: values['accept-lost'] === true })
  io.err(`${refilled} entries refilled, ${restored} statuses restored, ${lost.length} cards and diplomas lost`)
  for (const one of lost) io.out(`lost: ${one.kind} ${one.ref.toString('base64url')} (entry ${one.leafIndex})`)
  if (!mended) io.err('The log stays closed. Look at what is lost, then run the same command with --accept-lost.')
  return mended
}

async function open(pool: Pool, io: CliIo): Promise<void> {
  const { readHead } = await import('../server/log/logTable.ts')
  if ((await readHead(pool)).closed === null) return
  const { inTransaction } = await import('../server/db/transaction.ts')
  const { openOnceCompared } = await import('../server/log/comparisonTable.ts')
  const { retryRefused } = await import('../server/jobs/jobsTable.ts')
  await inTransaction(pool, openOnceCompared)
  await retryRefused(pool)
  io.err('The log opens by itself once a running server or worker has compared it with witnesses and contract, some seconds from now.')
}

async function sourceAt(from: string, save: string | undefined): Promise<LogSource> {
  const { directorySource, httpSource } = await import('../server/log/logSource.ts')
  if (isAddress(from)) return httpSource(`${siteOf(from)}/log`, save)
  if (!existsSync(from)) throw new CliError(`No such folder: ${from}`, 64)
  return directorySource(from)
}

function isAddress(from: string | undefined): boolean {
  return from !== undefined && /^https?:\/\//.test(from)
}

/** The site of a log's address: `https://host` of `https://host/log/`. */
function siteOf(from: string): string {
  return from.replace(/(\/log)?\/*$/, '')
}

/** The bits of a status list as the site serves it, or null. */
async function servedList(site: string, list: number): Promise<Uint8Array | null> {
  const answer = await fetchPublicFile(`${site}/status-lists/${list}`, maxStatusListLength)
  if (answer.kind !== 'found') return null
  try {
    return (await parseStatusListToken(Buffer.from(answer.bytes).toString('utf8'))).bits
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** The log's key and the contracts: given, as this installation's database names them, or of the pinned trust list. */
async function whatToTrust(
  values: Values,
  io: CliIo,
  operator: Operator | undefined,
): Promise<{ logKey: VerifierKey; contracts: readonly AnchorDescription[] }> {
  const { nodeCrypto } = await import('../server/keys/nodeCrypto.ts')
  const given = values.vkey === undefined ? undefined : await parseVerifierKey(values.vkey, nodeCrypto)
  if (operator) {
    const { readTrustNetwork } = await import('../server/trust/trustNetworkTable.ts')
    const { readContracts: read } = await import('../server/anchoring/contractsTable.ts')
    const { logs, anchors } = await readTrustNetwork(operator.pool, { anchors: await read(operator.pool), quorum: 0 })
    const known = logs.at(-1)
    const logKey = given ?? (known && (await parseVerifierKey(known.vkey, nodeCrypto)))
    if (logKey) return { logKey, contracts: anchors }
  }
  if (given && values.rpc === undefined) return { logKey: given, contracts: [] }
  const site = isAddress(values.from) ? siteOf(values.from!) : operator?.origin
  const base = serverUrl(io, site)
  const index = await trustIndexOf(io, base, values['trust-root'])
  const newest = index.logs.toSorted((x, y) => y.from - x.from)[0]
  const logKey = given ?? newest?.key
  if (!logKey) throw new CliError(`The trust list of ${base} names no log.`)
  return { logKey, contracts: index.anchors }
}

async function readContracts(rpc: string, contracts: readonly AnchorDescription[], io: CliIo) {
  const { readAnchoredRoots } = await import('../server/anchoring/readAnchoredRoots.ts')
  const { rpcNode } = await import('../server/anchoring/rpcNode.ts')
  if (contracts.length === 0) io.err('The trust list names no contract.')
  const node = rpcNode(rpc)
  return Promise.all(contracts.map(contract => readAnchoredRoots(node, contract)))
}
