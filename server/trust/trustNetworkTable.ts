import type { AnchorDescription, LogDescription } from '../../core/trust/trustSchema.ts'
import type { Db } from '../db/transaction.ts'

/** The logs, contracts and witnesses that verifiers are told of; `witnesses` are C2SP vkeys, `quorum` how many a checkpoint needs. */
export interface TrustNetwork {
  logs: LogDescription[]
  anchors: AnchorDescription[]
  witnesses: string[]
  quorum: number
}

/** What the next publication names; the contracts and the quorum are for the caller to say. */
export async function readTrustNetwork(db: Db, { anchors, quorum }: Pick<TrustNetwork, 'anchors' | 'quorum'>): Promise<TrustNetwork> {
  const logs = await db.query<{ origin: string; vkey: string; url: string; from: number; until: number | null }>(
    `select origin, vkey, url, extract(epoch from valid_from)::bigint as from, extract(epoch from valid_until)::bigint as until
     from trust_logs order by valid_from, origin, vkey`,
  )
  const witnesses = await db.query<{ vkey: string }>('select vkey from trust_witnesses order by vkey')
  return {
    logs: logs.rows.map(({ until, ...log }) => ({ ...log, ...(until === null ? {} : { until }) })),
    anchors,
    witnesses: witnesses.rows.map(row => row.vkey),
    quorum,
  }
}

/** Notes the log that this installation signs, so that the next publication names it; one that is known stays as it is. */
export async function noteLog(db: Db, { origin, vkey, url, from }: LogDescription): Promise<void> {
  await db.query(
    'insert into trust_logs (origin, vkey, url, valid_from) values ($1, $2, $3, to_timestamp($4)) on conflict (origin, vkey) do nothing',
    [origin, vkey, url, from],
  )
}

/** Adds a witness by its vkey. */
export async function insertWitness(db: Db, vkey: string): Promise<void> {
  await db.query('insert into trust_witnesses (vkey) values ($1) on conflict do nothing', [vkey])
}

/** Drops a witness. False when it is not there. */
export async function deleteWitness(db: Db, vkey: string): Promise<boolean> {
  const { rowCount } = await db.query('delete from trust_witnesses where vkey = $1', [vkey])
  return rowCount === 1
}
