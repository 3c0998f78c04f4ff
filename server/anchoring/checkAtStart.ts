import type { Pool } from 'pg'
import type { VerifierKey } from '../../core/log/verifierKey.ts'
import { newestAnchor } from '../log/anchorsTable.ts'
import { largestWitnessed } from '../log/askWitnesses.ts'
import { newestCheckpoint } from '../log/checkpointsTable.ts'
import { readHead, setClosed } from '../log/logTable.ts'
import { rootOfLog } from '../log/rootOfLog.ts'
import type { ContractPlace } from './checkpointLog.ts'
import type { RpcNode } from './rpcNode.ts'
import { surveyNodes } from './surveyNodes.ts'

export interface StartCheckDeps {
  readonly pool: Pool
  readonly logKey: VerifierKey
  /** Without nodes or a contract the chain is not asked. */
  readonly nodes?: readonly RpcNode[] | undefined
  readonly contract?: ContractPlace | null | undefined
  readonly anchorSigner: { readonly address: string }
  readonly finalityDepth?: number | undefined
  /** Submission prefixes of witnesses (C2SP tlog-witness). */
  readonly witnessUrls?: readonly string[] | undefined
}

/**
 * Compares the log with what it signed, what witnesses cosigned and what the contract holds, before anything is issued (at start and after a failover), and
 * closes it when it is behind or another one. Answers why it is closed, or null. A silent or odd node closes nothing; that it is behind has
 * to be said by every node that answers.
 */
export async function checkAtStart(deps: StartCheckDeps): Promise<string | null> {
  const { pool, contract, nodes = [] } = deps
  const { range, closed } = await readHead(pool)
  if (closed !== null) return closed
  const reason =
    (await compareWithCheckpoint(pool, range.size)) ??
    (await compareWithWitnesses(pool, range.size, deps.witnessUrls ?? [])) ??
    (contract && nodes.length > 0 ? await compareWithChain(deps, nodes, contract, range.size) : null)
  if (reason !== null) await setClosed(pool, `${reason}. Run \`antin log verify --heal\` before anything is issued`)
  return reason
}

async function compareWithCheckpoint(pool: Pool, size: number): Promise<string | null> {
  const checkpoint = await newestCheckpoint(pool)
  if (!checkpoint) return null
  if (checkpoint.treeSize > size) return `The log has ${size} entries, its newest checkpoint ${checkpoint.treeSize}`
  if (!checkpoint.rootHash.equals(await rootOfLog(pool, checkpoint.treeSize)))
    return `The log leads to another root than its checkpoint at ${checkpoint.treeSize}`
  return null
}

async function compareWithWitnesses(pool: Pool, size: number, urls: readonly string[]): Promise<string | null> {
  const checkpoint = await newestCheckpoint(pool)
  if (!checkpoint || urls.length === 0) return null
  const witnessed = await largestWitnessed(urls, checkpoint.note)
  return witnessed > size ? `The log has ${size} entries, a witness cosigned ${witnessed}` : null
}

async function compareWithChain(
  deps: StartCheckDeps,
  nodes: readonly RpcNode[],
  contract: ContractPlace,
  logSize: number,
): Promise<string | null> {
  const { problem, sound } = await surveyNodes(nodes, {
    contract,
    origin: deps.logKey.name,
    signer: deps.anchorSigner.address,
    logSize,
    rootAt: treeSize => rootOfLog(deps.pool, treeSize),
    finalAnchor: await newestAnchor(deps.pool, contract),
    finalityDepth: deps.finalityDepth,
  })
  if (sound.length > 0 || !problem) return null
  if (problem.state === 'log-behind') return `The log is behind the contract (${problem.detail})`
  if (problem.state === 'log-forked') return `The log is another one than the contract holds (${problem.detail})`
  return null
}
