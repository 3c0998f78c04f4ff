import { anchorCheckpoint } from './anchoring/anchorCheckpoint.ts'
import { type AnchoringState, anchoringState } from './anchoring/anchoringState.ts'
import { checkAtStart } from './anchoring/checkAtStart.ts'
import type { ContractPlace } from './anchoring/checkpointLog.ts'
import { currentContract } from './anchoring/contractsTable.ts'
import type { Installation } from './installation.ts'
import { askWitnesses } from './log/askWitnesses.ts'
import { signCheckpoint } from './log/signCheckpoint.ts'

/** Compares the log with what it signed and what the contract holds, and closes it when it is behind. Before anything is issued. */
export async function compareAtStart(installation: Installation): Promise<void> {
  const reason = await checkAtStart({
    ...installation,
    contract: await contractOf(installation),
    finalityDepth: installation.config.CHAIN_FINALITY_DEPTH,
    witnessUrls: installation.config.WITNESS_URLS,
  })
  if (reason !== null) installation.logger.error({ reason }, 'the log is closed')
}

/** Signs a checkpoint over new entries every second, until the answered function is called. */
export function keepCheckpointFresh(installation: Installation): () => void {
  return repeat(
    1000,
    () => signCheckpoint(installation),
    error => installation.logger.warn({ err: error }, 'checkpoint not signed'),
  )
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

function contractOf({ config, pool }: Installation): Promise<ContractPlace | null> | ContractPlace {
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
