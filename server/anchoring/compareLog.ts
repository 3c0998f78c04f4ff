import type { Pool } from 'pg'
import { equalBytes } from '../../core/encoding/bytes.ts'
import type { VerifierKey } from '../../core/log/verifierKey.ts'
import { inTransaction } from '../db/transaction.ts'
import { largestWitnessed } from '../log/askWitnesses.ts'
import type { CheckpointMark } from '../log/checkpointMark.ts'
import { newestCheckpoint } from '../log/checkpointsTable.ts'
import { type Behind, closeBehind, noteCompared, openLog, type Party, readComparison } from '../log/comparisonTable.ts'
import { readHead } from '../log/logTable.ts'
import { rootOfLog } from '../log/rootOfLog.ts'
import type { ContractPlace } from './checkpointLog.ts'
import type { RpcNode } from './rpcNode.ts'
import { surveyNodes } from './surveyNodes.ts'

export interface ComparisonDeps {
  readonly pool: Pool
  readonly logKey: VerifierKey
  /** What this machine saw; without it only others are asked. */
  readonly mark?: Pick<CheckpointMark, 'newest' | 'problem'> | undefined
  /** Without nodes or a contract the chain is not asked. */
  readonly nodes?: readonly RpcNode[] | undefined
  readonly contract?: ContractPlace | null | undefined
  readonly anchorSigner: { readonly address: string }
  readonly finalityDepth?: number | undefined
  /** Submission prefixes of witnesses (C2SP tlog-witness). */
  readonly witnessUrls?: readonly string[] | undefined
  /**
   * Whether a database that is another than the one compared before is taken up when it agrees. False leaves the log closed for other
   * processes to say what they saw.
   */
  readonly settled: boolean
}

/** What a party says of the log; silence is no agreement and no disagreement. */
type Answer = 'agrees' | 'silent' | (Omit<Behind, 'by'> & { readonly reason: string })

const mend = 'Run `antin log verify --heal` before anything is issued'

/**
 * Compares the log with what it signed, what this machine saw, what witnesses cosigned and what the contract holds, and closes it when it is
 * behind or another one; opens it again when it was closed for that alone and the party that said so, and every other one, agrees now.
 * Answers why it is closed, or null. A silent or odd node closes nothing; that the log is behind has to be said by every node that answers.
 */
export async function compareLog(deps: ComparisonDeps): Promise<string | null> {
  const { pool } = deps
  const before = await readComparison(pool)
  // Restored, or waiting for losses to be accepted: only healing opens it.
  if (before.closed !== null && before.behind === null) return before.closed
  const answers = new Map<Party, Answer>()
  for (const [party, ask] of Object.entries(parties) as [Party, typeof askMark][]) {
    const answer = await ask(deps)
    answers.set(party, answer)
    if (typeof answer !== 'object') continue
    const reason = `${answer.reason}. ${mend}`
    await inTransaction(pool, tx => closeBehind(tx, { by: party, treeSize: answer.treeSize, rootHash: answer.rootHash }, reason))
    return reason
  }
  const { behind } = before
  if (behind) {
    const isMended = answers.get(behind.by) === 'agrees' && (await leadsTo(pool, behind))
    if (isMended) await inTransaction(pool, openLog)
    else await noteCompared(pool, null)
    return isMended ? null : before.closed
  }
  await noteCompared(pool, before.compared === null || deps.settled ? before.incarnation : null)
  return null
}

// Each asks first and reads the log's size afterwards: entries are added meanwhile.
const parties: Record<Party, (deps: ComparisonDeps) => Promise<Answer>> = {
  checkpoint: askCheckpoint,
  seen: askMark,
  witness: askWitnesses,
  contract: askContract,
}

/** Whether our root is the one that was missed; where only a size was known the party's agreement is enough. */
async function leadsTo(pool: Pool, { treeSize, rootHash }: Behind): Promise<boolean> {
  if (rootHash === null) return true
  return (await sizeOf(pool)) >= treeSize && equalBytes(await rootOfLog(pool, treeSize), rootHash)
}

async function sizeOf(pool: Pool): Promise<number> {
  return (await readHead(pool)).range.size
}

async function askCheckpoint({ pool }: ComparisonDeps): Promise<Answer> {
  const checkpoint = await newestCheckpoint(pool)
  if (!checkpoint) return 'agrees'
  const { treeSize, rootHash } = checkpoint
  const size = await sizeOf(pool)
  if (treeSize > size) return { treeSize, rootHash, reason: `The log has ${size} entries, its newest checkpoint ${treeSize}` }
  if (!rootHash.equals(await rootOfLog(pool, treeSize)))
    return { treeSize, rootHash, reason: `The log leads to another root than its checkpoint at ${treeSize}` }
  return 'agrees'
}

async function askMark({ mark }: ComparisonDeps): Promise<Answer> {
  const seen = mark?.newest()
  if (!mark || !seen) return 'silent'
  const reason = await mark.problem()
  return reason === null ? 'agrees' : { treeSize: seen.treeSize, rootHash: seen.rootHash, reason }
}

async function askWitnesses({ pool, witnessUrls = [] }: ComparisonDeps): Promise<Answer> {
  const checkpoint = await newestCheckpoint(pool)
  if (!checkpoint || witnessUrls.length === 0) return 'silent'
  const treeSize = await largestWitnessed(witnessUrls, checkpoint.note)
  if (treeSize === null) return 'silent'
  const size = await sizeOf(pool)
  return treeSize > size ? { treeSize, rootHash: null, reason: `The log has ${size} entries, a witness cosigned ${treeSize}` } : 'agrees'
}

async function askContract(deps: ComparisonDeps): Promise<Answer> {
  const { pool, nodes = [], contract } = deps
  if (!contract || nodes.length === 0) return 'silent'
  const logSize = await sizeOf(pool)
  const { problem, sound } = await surveyNodes({ ...deps, nodes, contract }, logSize)
  if (!problem) return 'agrees'
  if (sound.length > 0) return 'silent'
  const told = { treeSize: logSize, rootHash: null }
  if (problem.state === 'log-forked') return { ...told, reason: `The log is another one than the contract holds (${problem.detail})` }
  // What was anchored while the nodes were asked was added while they were asked.
  if (problem.state !== 'log-behind' || (await sizeOf(pool)) > logSize) return 'silent'
  return { ...told, reason: `The log is behind the contract (${problem.detail})` }
}
