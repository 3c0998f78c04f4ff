import type { Db } from '../db/transaction.ts'

/** Cards and diplomas issued so far, corrections and replacements included. */
export async function countIssued(db: Db): Promise<{ kind: 'card' | 'diploma'; issued: number }[]> {
  const { rows } = await db.query<{ kind: 'card' | 'diploma'; issued: number }>(
    `select split_part(kind, '.', 1) as kind, sum(done)::bigint as issued from requests
     where kind in ('card.issue', 'card.replace', 'diploma.register', 'diploma.correct') group by 1`,
  )
  return rows
}

/**
 * Status lists in seconds: `publishDelay`, how long the oldest change has waited for a token that shows it (0 when none waits), and
 * `tokenAge`, of the oldest token served.
 */
export async function readListDelays(db: Db): Promise<{ publishDelay: number; tokenAge: number }> {
  const { rows } = await db.query<{ publishDelay: number; tokenAge: number }>(
    `select coalesce(max(extract(epoch from clock_timestamp() - b.changed_at)) filter (where t.version is distinct from b.version), 0)::float8
         as "publishDelay",
       coalesce(max(extract(epoch from clock_timestamp()) - t.iat), 0)::float8 as "tokenAge"
     from status_list_bits b left join status_list_tokens t using (number)`,
  )
  return rows[0]!
}

/** Seconds that the job which is due longest has waited for a worker; 0 when none is due. */
export async function readJobWait(db: Db): Promise<number> {
  const { rows } = await db.query<{ wait: number }>(
    `select greatest(coalesce(extract(epoch from clock_timestamp() - min(run_at)), 0), 0)::float8 as wait from graphile_worker.jobs
     where run_at <= now() and locked_at is null and attempts < max_attempts`,
  )
  return rows[0]!.wait
}

/** Deletes rows of imports that ended so many days ago; at most `limit`. */
export async function dropImportRows(db: Db, days: number, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from import_rows where (import_id, seq) in (
       select r.import_id, r.seq from import_rows r join imports i on i.id = r.import_id
       where i.state in ('done', 'cancelled') and i.finished_at < now() - make_interval(days => $1) limit $2)`,
    [days, limit],
  )
  return rowCount ?? 0
}

/** Deletes one-time links for binding a phone that ended so many days ago. */
export async function dropLiveLinks(db: Db, days: number): Promise<number> {
  const { rowCount } = await db.query('delete from live_links where expires_at < now() - make_interval(days => $1)', [days])
  return rowCount ?? 0
}
