import { anchorCheckpoint } from './anchoring/anchorCheckpoint.ts'
import { type AnchoringState, anchoringState } from './anchoring/anchoringState.ts'
import type { ContractPlace } from './anchoring/checkpointLog.ts'
import { compareLog } from './anchoring/compareLog.ts'
import { currentContract } from './anchoring/contractsTable.ts'
import type { Installation } from './installation.ts'
import { retryRefused } from './jobs/jobsTable.ts'
import { askWitnesses } from './log/askWitnesses.ts'
import { readComparison } from './log/comparisonTable.ts'
import { forgetTiles } from './log/readTile.ts'
import { signCheckpoint } from './log/signCheckpoint.ts'

/** Seconds between two comparisons: while nothing is wrong, and while the log is closed because it is behind. */
const compareEvery = 60
const compareAgainAfter = 5
/** Seconds that every process of the installation gets to say what it saw, before a database started anew is taken up. */
const settleSeconds = 5

/**
 * Compares the log with what was seen here, witnesses and contract, and closes it when it is behind. Before anything is issued. `alone`: there
 * are no other processes to be waited for.
 */
export async function compareAtStart(installation: Installation, { alone = false } = {}): Promise<void> {
  const reason = await compare(installation, alone)
  if (reason !== null) installation.logger.error({ reason }, 'the log is closed')
}

/**
 * Goes on comparing: every minute, at once when the log is behind what was seen here, and when the database was started anew, promoted or put
 * back; every few seconds while it is behind. Until the answered function is called.
 */
export function keepCompared(installation: Installation): () => void {
  const { pool, mark, logger } = installation
  let unknown = { database: '', since: 0 }
  let reason: string | null = null
  const step = async () => {
    const seen = mark.newest()?.treeSize ?? 0
    const before = await readComparison(pool)
    const isKnown = before.compared === before.incarnation
    // A log that was healed counts anew, in the same database.
    const database = `${before.compared} ${before.incarnation}`
    if (!isKnown && unknown.database !== database) {
      unknown = { database, since: performance.now() }
      forgetTiles(pool)
    }
    const isSettled = performance.now() - unknown.since >= settleSeconds * 1000
    const isBehind = before.closed === null && seen > before.size
    const every = before.behind ? compareAgainAfter : compareEvery
    // A clock that went back gives a negative age.
    const isDue = before.age === null || before.age < 0 || before.age >= every
    if (!isBehind && !isDue && (isKnown || !isSettled)) return
    const after = await compare(installation, isSettled)
    if (after === null && before.behind) await retryRefused(pool)
    if (after !== reason)
      logger[after === null ? 'info' : 'error']({ reason: after ?? reason }, `the log is ${after === null ? 'open' : 'closed'}`)
    reason = after
  }
  return repeat(1000, step, error => logger.warn({ err: error }, 'log not compared'))
}

async function compare(installation: Installation, settled: boolean): Promise<string | null> {
  const { CHAIN_FINALITY_DEPTH: finalityDepth, WITNESS_URLS: witnessUrls } = installation.config
  return compareLog({ ...installation, contract: await contractOf(installation), finalityDepth, witnessUrls, settled })
}

/** Signs a checkpoint over new entries every second, and takes note of those that other processes signed, until the answered function is called. */
export function keepCheckpointFresh(installation: Installation): () => void {
  const { mark, logger } = installation
  const step = async () => {
    const checkpoint = await signCheckpoint(installation)
    if (checkpoint && checkpoint.treeSize > (mark.newest()?.treeSize ?? -1)) await mark.raise(checkpoint.note)
  }
  return repeat(1000, step, error => logger.warn({ err: error }, 'checkpoint not signed'))
}

/** Asks the configured witnesses to cosign the newest checkpoint every few seconds, until the answered function is called. */
export function keepWitnessed({ pool, config, logger }: Installation): () => void {
  const { WITNESS_URLS: urls } = config
  if (urls.length === 0) return () => {}
  return repeat(
    5000,
    async () => {
      for (const { url, ok, detail } of await askWitnesses(pool, urls))
        if (!ok) logger.warn({ witness: new URL(url).host, detail }, 'not cosigned')
    },
    error => logger.warn({ err: error }, 'witnesses not asked'),
  )
}

/** One step of anchoring towards the newest checkpoint; with CHAIN=none, or no contract yet, it only says how things stand. */
export async function anchorNow(installation: Installation): Promise<AnchoringState> {
  const { pool, config, nodes } = installation
  const contract = await contractOf(installation)
  if (config.CHAIN === 'none' || nodes.length === 0 || !contract) return anchoringState(pool, config.CHAIN !== 'none')
  return anchorCheckpoint({ ...installation, contract, finalityDepth: config.CHAIN_FINALITY_DEPTH })
}

async function contractOf({ config, pool }: Installation): Promise<ContractPlace | null> {
  const { CHAIN_CONTRACT: address, CHAIN_ID: chainId } = config
  return address && chainId ? { chainId, address } : currentContract(pool)
}

/** Anchors on the configured interval, and follows what was sent until it is final, until the answered function is called. */
export function keepAnchored(installation: Installation): () => void {
  let state: AnchoringState | null = null
  let startedAt = Number.NEGATIVE_INFINITY
  const step = async () => {
    const isDue = installation.clock() - startedAt >= installation.config.ANCHOR_INTERVAL_SECONDS
    if (!isDue && state?.state !== 'pending') return
    if (isDue) startedAt = installation.clock()
    state = await anchorNow(installation)
  }
  return repeat(1000, step, error => installation.logger.error({ err: error }, 'anchoring failed'))
}

/** Runs `step` every `ms`, never twice at a time, until the answered function is called. */
function repeat(ms: number, step: () => Promise<unknown>, failed: (error: unknown) => void): () => void {
  let running = false
  const timer = setInterval(() => {
    if (running) return
    running = true
    step()
      .catch(failed)
      .finally(() => {
        running = false
      })
  }, ms)
  timer.unref()
  return () => clearInterval(timer)
}
