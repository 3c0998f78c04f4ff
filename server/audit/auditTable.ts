import type { Db, Tx } from '../db/transaction.ts'

/** Who did it: a signed-in person or client, or the system itself. */
export type AuditActor = { sub: string; name: string } | 'system'

export interface AuditRecord {
  actor: AuditActor
  /** Verb in the past, `card.suspended`. */
  action: string
  agency?: string | undefined
  /** `card:SERIAL`, `officer:UUID`, `request:UUID`, `diploma:REF`. */
  subject?: string | undefined
  /** Nothing personal. */
  detail?: Record<string, unknown> | undefined
  leafIndex?: number | undefined
}

/** Adds one line to the audit, or many in one statement; in a transaction it commits with what it records. */
export async function recordAudit(db: Db, records: AuditRecord | readonly AuditRecord[]): Promise<void> {
  const all = Array.isArray(records) ? (records as readonly AuditRecord[]) : [records as AuditRecord]
  if (all.length === 0) return
  await db.query(
    `insert into audit (actor, actor_name, action, agency_code, subject, detail, leaf_index)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bigint[])`,
    [
      all.map(record => (record.actor === 'system' ? 'system' : record.actor.sub)),
      all.map(record => (record.actor === 'system' ? 'Hệ thống' : record.actor.name)),
      all.map(record => record.action),
      all.map(record => record.agency ?? null),
      all.map(record => record.subject ?? null),
      all.map(record => JSON.stringify(record.detail ?? {})),
      all.map(record => record.leafIndex ?? null),
    ],
  )
}

export interface AuditFilter {
  agencyIn?: readonly string[] | undefined
  actor?: string | undefined
  /** Any of these; one that ends in `.` is the beginning of a name. */
  actions?: readonly string[] | undefined
  subject?: string | undefined
  from?: Date | undefined
  until?: Date | undefined
  /** Records with a smaller id: the cursor of the page before. */
  before?: number | undefined
  limit?: number | undefined
}

export interface AuditRow {
  id: number
  at: Date
  actor: string
  actorName: string
  action: string
  agencyCode: string | null
  subject: string | null
  detail: Record<string, unknown>
  leafIndex: number | null
}

/** Newest first, at most 500 at once. */
export async function readAudit(db: Db, filter: AuditFilter): Promise<AuditRow[]> {
  const { rows } = await db.query<AuditRow>(
    `select id, at, actor, actor_name as "actorName", action, agency_code as "agencyCode", subject, detail, leaf_index as "leafIndex"
     from audit
     where ($1::text[] is null or agency_code = any($1))
       and ($2::text is null or actor = $2)
       and ($3::text[] is null or exists (select from unnest($3) as a (name) where action = name or (right(name, 1) = '.' and starts_with(action, name))))
       and ($4::text is null or subject = $4)
       and ($5::timestamptz is null or at >= $5)
       and ($6::timestamptz is null or at < $6)
       and ($7::bigint is null or id < $7)
     order by id desc limit $8`,
    [
      filter.agencyIn ?? null,
      filter.actor ?? null,
      filter.actions ?? null,
      filter.subject ?? null,
      filter.from ?? null,
      filter.until ?? null,
      filter.before ?? null,
      Math.min(filter.limit ?? 100, 500),
    ],
  )
  return rows
}

/** Lines after `after` in the order in which they were written, at most `limit`. */
export async function readAuditInOrder(
  db: Db,
  { after, from, until, limit }: { after: number; from?: Date | undefined; until?: Date | undefined; limit: number },
): Promise<AuditRow[]> {
  const { rows } = await db.query<AuditRow>(
    `select id, at, actor, actor_name as "actorName", action, agency_code as "agencyCode", subject, detail, leaf_index as "leafIndex"
     from audit where id > $1 and ($2::timestamptz is null or at >= $2) and ($3::timestamptz is null or at < $3) order by id limit $4`,
    [after, from ?? null, until ?? null, limit],
  )
  return rows
}

/** Deletes the oldest lines of more than so many months ago (24 or more), at most `limit`; answers how many, and the last one's id. */
export async function dropAuditBefore(tx: Tx, months: number, limit: number): Promise<{ count: number; lastId: number | null }> {
  await tx.query("select set_config('antin.retention', 'on', true)")
  const { rows } = await tx.query<{ count: number; lastId: number | null }>(
    `with gone as (
       delete from audit where id in (select id from audit where at < now() - make_interval(months => $1) order by at, id limit $2) returning id
     ) select count(*)::int as count, max(id) as "lastId" from gone`,
    [months, limit],
  )
  await tx.query("select set_config('antin.retention', '', true)")
  return rows[0]!
}
