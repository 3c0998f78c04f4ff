import type { Db } from '../db/transaction.ts'
import type { AnchoringStateName, NodeState } from './anchoringState.ts'

/** What the last run of anchoring found. */
export interface StateRow {
  readonly state: AnchoringStateName
  readonly detail: string
  readonly since: Date
  readonly checkedAt: Date
  readonly nodes: readonly NodeState[]
  readonly contractSize: number | null
  readonly reorganisations: number
  readonly feeBumps: number
}

/** What the last run found, or null before the first. */
export async function readState(db: Db): Promise<StateRow | null> {
  const { rows } = await db.query<StateRow>(
    `select state, detail, since, checked_at as "checkedAt", nodes, contract_size as "contractSize", reorganisations, fee_bumps as "feeBumps"
     from anchor_state`,
  )
  return rows[0] ?? null
}

/** Keeps what a run found; `since` stays while the state does, the counters add up. */
export async function writeState(
  db: Db,
  found: Pick<StateRow, 'state' | 'detail' | 'nodes' | 'contractSize' | 'reorganisations' | 'feeBumps'>,
): Promise<void> {
  await db.query(
    `insert into anchor_state as s (state, detail, since, checked_at, nodes, contract_size, reorganisations, fee_bumps)
     values ($1, $2, now(), now(), $3, $4, $5, $6)
     on conflict (only_row) do update set state = excluded.state, detail = excluded.detail, checked_at = excluded.checked_at,
       since = case when s.state = excluded.state then s.since else excluded.since end, nodes = excluded.nodes,
       contract_size = coalesce(excluded.contract_size, s.contract_size),
       reorganisations = s.reorganisations + excluded.reorganisations, fee_bumps = s.fee_bumps + excluded.fee_bumps`,
    [found.state, found.detail, JSON.stringify(found.nodes), found.contractSize, found.reorganisations, found.feeBumps],
  )
}
