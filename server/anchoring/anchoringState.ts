import type { Pool } from 'pg'
import { newestAnchor } from '../log/anchorsTable.ts'
import { newestCheckpoint } from '../log/checkpointsTable.ts'
import { readHead, selectTime } from '../log/logTable.ts'
import { readState } from './stateTable.ts'

/** What anchoring can be in, and what it means to operators; the sentences say what to do. */
export const anchoringStates = {
  none: 'No chain is configured (CHAIN=none); nothing is anchored',
  'not-started': 'Anchoring has not run yet',
  idle: 'The contract holds the newest checkpoint',
  pending: 'A transaction waits to be mined or to be final',
  'node-silent': 'No chain node answers; check CHAIN_RPC_URLS and the network. Anchoring goes on by itself when one does',
  'wrong-chain': 'The chain nodes are of another chain than CHAIN_ID; correct CHAIN_RPC_URLS',
  'no-contract': 'No code is at the address of the contract; check CHAIN_CONTRACT. A lying node can show this too',
  'wrong-contract': 'The code, origin or signer at the address is not that of this log; check CHAIN_CONTRACT and the anchor key',
  'nodes-disagree': 'The chain nodes say different things of the contract; find out which one lies before trusting either',
  'node-lying': 'The chain nodes deny what was final before; ask another node',
  'log-behind':
    'The contract holds a larger log than this database; it was restored from an old backup. Run `antin log verify` and heal it',
  'log-forked': 'The contract holds another root than this log at the same size; the log was forked. Stop issuing and investigate',
  'out-of-funds': 'The paying account cannot pay the gas; send funds to it',
  'fees-too-high': 'The chain asks for more than the configured highest fee; anchoring waits',
  refused: 'The contract refuses the anchor',
} as const

export type AnchoringStateName = keyof typeof anchoringStates

/** What a node was last seen to be. */
export interface NodeState {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

/** How anchoring stands, for health, metrics and the console. Times are seconds since 1970. */
export interface AnchoringState {
  readonly state: AnchoringStateName
  readonly detail: string
  /** Whether nothing needs a person: idle, pending or no chain. */
  readonly ok: boolean
  readonly since: number | null
  readonly checkedAt: number | null
  readonly nodes: readonly NodeState[]
  /** Of the newest signed checkpoint, of the contract as last seen, of the newest final anchor. */
  readonly checkpointSize: number
  readonly contractSize: number | null
  readonly anchored: { readonly treeSize: number; readonly time: number; readonly transaction: string; readonly block: number } | null
  /** Entries that no final anchor covers yet. */
  readonly unanchored: number
  /** When the oldest entry came that waits for a final anchor; null when none waits, or there is no chain. */
  readonly waitingSince: number | null
  /** True when entries have waited over 24 hours for a final anchor. */
  readonly late: boolean
  readonly reorganisations: number
  readonly feeBumps: number
}

const lateAfter = 24 * 3600

/** How anchoring stands, from the database alone; `enabled` is false with CHAIN=none. */
export async function anchoringState(pool: Pool, enabled = true, now = Math.floor(Date.now() / 1000)): Promise<AnchoringState> {
  const [row, anchor, checkpoint, head] = await Promise.all([readState(pool), newestAnchor(pool), newestCheckpoint(pool), readHead(pool)])
  const name: AnchoringStateName = enabled ? (row?.state ?? 'not-started') : 'none'
  const unanchored = head.range.size - (anchor?.treeSize ?? 0)
  const checkedAt = row ? seconds(row.checkedAt) : null
  const waitingSince = enabled && unanchored > 0 ? await selectTime(pool, anchor?.treeSize ?? 0) : null
  return {
    state: name,
    detail: row?.detail || anchoringStates[name],
    ok: ['none', 'not-started', 'idle', 'pending'].includes(name),
    since: row ? seconds(row.since) : null,
    checkedAt,
    nodes: row?.nodes ?? [],
    checkpointSize: checkpoint?.treeSize ?? 0,
    contractSize: row?.contractSize ?? null,
    anchored: anchor && { treeSize: anchor.treeSize, time: anchor.time, transaction: anchor.transaction, block: anchor.block },
    unanchored,
    waitingSince,
    late: waitingSince !== null && now - waitingSince > lateAfter,
    reorganisations: row?.reorganisations ?? 0,
    feeBumps: row?.feeBumps ?? 0,
  }
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
