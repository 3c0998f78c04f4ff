import type { Db, Tx } from '../db/transaction.ts'
import type { Warning } from './createRequest.ts'
import type { RequestKind } from './requestKinds.ts'

export type RequestStatus = 'pending' | 'approved' | 'running' | 'done' | 'refused' | 'void' | 'cancelled'
export type ItemState = 'pending' | 'approved' | 'held' | 'refused' | 'void' | 'done' | 'failed'

export interface RequestRow {
  id: string
  kind: RequestKind
  agencyCode: string
  maker: string
  makerName: string
  approver: string | null
  approverName: string | null
  status: RequestStatus
  detail: Record<string, unknown>
  reason: Buffer | null
  refusal: Buffer | null
  total: number
  done: number
  failed: number
  createdAt: Date
  decidedAt: Date | null
  finishedAt: Date | null
}

export interface ItemRow {
  seq: number
  officerId: string | null
  subjectRef: Buffer | null
  claims: Buffer
  claimsDigest: Buffer
  warnings: Warning[]
  state: ItemState
  outcome: string
  ref: Buffer | null
}

const requestColumns = `id, kind, agency_code as "agencyCode", maker, maker_name as "makerName", approver, approver_name as "approverName",
  status, detail, reason, refusal, total, done, failed, created_at as "createdAt", decided_at as "decidedAt", finished_at as "finishedAt"`
const itemColumns = `seq, officer_id as "officerId", subject_ref as "subjectRef", claims, claims_digest as "claimsDigest", warnings, state, outcome, ref`

export async function insertRequest(
  tx: Tx,
  row: {
    id: string
    kind: RequestKind
    agency: string
    maker: { sub: string; name: string }
    detail?: Record<string, unknown>
    reason: Buffer | null
    total: number
  },
): Promise<void> {
  await tx.query(
    'insert into requests (id, kind, agency_code, maker, maker_name, detail, reason, total) values ($1, $2, $3, $4, $5, $6, $7, $8)',
    [row.id, row.kind, row.agency, row.maker.sub, row.maker.name, row.detail ?? {}, row.reason, row.total],
  )
}

export type NewItem = Pick<ItemRow, 'seq' | 'officerId' | 'subjectRef' | 'claims' | 'claimsDigest'> & {
  warnings: readonly Warning[]
  /** Look-up index of a personal number in the claims. */
  personIndex: Buffer | null
  /** Version of the officer that the claims were made from. */
  officerVersion: number | null
}

export async function insertItems(tx: Tx, requestId: string, items: readonly NewItem[]): Promise<void> {
  await tx.query(
    `insert into request_items (request_id, seq, officer_id, subject_ref, claims, claims_digest, warnings, person_index, officer_version)
     select $1, * from unnest($2::int[], $3::uuid[], $4::bytea[], $5::bytea[], $6::bytea[], $7::jsonb[], $8::bytea[], $9::int[])`,
    [
      requestId,
      items.map(item => item.seq),
      items.map(item => item.officerId),
      items.map(item => item.subjectRef),
      items.map(item => item.claims),
      items.map(item => item.claimsDigest),
      items.map(item => JSON.stringify(item.warnings)),
      items.map(item => item.personIndex),
      items.map(item => item.officerVersion),
    ],
  )
}

export async function requestById(db: Db, id: string): Promise<RequestRow | null> {
  const { rows } = await db.query<RequestRow>(`select ${requestColumns} from requests where id = $1`, [id])
  return rows[0] ?? null
}

export async function lockRequest(tx: Tx, id: string): Promise<RequestRow | null> {
  const { rows } = await tx.query<RequestRow>(`select ${requestColumns} from requests where id = $1 for update`, [id])
  return rows[0] ?? null
}

export interface RequestFilter {
  agencyIn: readonly string[] | null
  status?: RequestStatus | undefined
  kinds?: readonly string[] | undefined
  maker?: string | undefined
  /** The id of the last row of the page before: a time in JavaScript is too coarse to tell rows of one millisecond apart. */
  before?: string | undefined
  limit: number
}

/** Newest first. */
export async function listRequests(db: Db, filter: RequestFilter): Promise<RequestRow[]> {
  const { rows } = await db.query<RequestRow>(
    `select ${requestColumns} from requests
     where ($1::text[] is null or agency_code = any($1)) and ($2::text is null or status = $2)
       and ($3::text[] is null or kind = any($3)) and ($4::text is null or maker = $4)
       and ($5::uuid is null or (created_at, id) < (select created_at, id from requests where id = $5))
     order by created_at desc, id desc limit $6`,
    [filter.agencyIn, filter.status ?? null, filter.kinds ?? null, filter.maker ?? null, filter.before ?? null, filter.limit],
  )
  return rows
}

/** Items by seq after a cursor: all, or only those with warnings, or without, or of which nothing came, or of these `seqs`. */
export async function itemsOf(
  db: Db,
  requestId: string,
  {
    afterSeq = 0,
    limit = 1000,
    state,
    withWarnings,
    failed = false,
    seqs,
  }: {
    afterSeq?: number
    limit?: number
    state?: ItemState
    withWarnings?: boolean
    failed?: boolean
    seqs?: readonly number[]
  } = {},
): Promise<ItemRow[]> {
  const { rows } = await db.query<ItemRow>(
    `select ${itemColumns} from request_items
     where request_id = $1 and seq > $2 and ($3::text is null or state = $3)
       and ($4::boolean is null or (warnings <> '[]') = $4) and (not $5 or state in ('failed', 'void'))
       and ($6::int[] is null or seq = any($6))
     order by seq limit $7`,
    [requestId, afterSeq, state ?? null, withWarnings ?? null, failed, seqs ?? null, limit],
  )
  return rows
}

/** SHA-256 over the claims digests of the pending items in order: what an approver names. */
export async function pendingDigest(db: Db, requestId: string): Promise<Buffer> {
  const { rows } = await db.query<{ digest: Buffer }>(
    `select sha256(coalesce(string_agg(claims_digest, ''::bytea order by seq), ''::bytea)) as digest
     from request_items where request_id = $1 and state = 'pending'`,
    [requestId],
  )
  return rows[0]!.digest
}

export interface ItemCounts {
  total: number
  warnings: number
  byState: Partial<Record<ItemState, number>>
}

export async function countItems(db: Db, requestId: string): Promise<ItemCounts> {
  const { rows } = await db.query<{ state: ItemState; count: number; warnings: number }>(
    `select state, count(*)::int as count, count(*) filter (where warnings <> '[]')::int as warnings
     from request_items where request_id = $1 group by state`,
    [requestId],
  )
  return {
    total: rows.reduce((sum, row) => sum + row.count, 0),
    warnings: rows.reduce((sum, row) => sum + row.warnings, 0),
    byState: Object.fromEntries(rows.map(row => [row.state, row.count])),
  }
}

/** What became of an item; `ref` is of the credential it led to. */
export interface ItemMark {
  seq: number
  state: ItemState
  outcome?: string
  ref?: Uint8Array
}

/** Marks items with what became of them; only those still `from`. Answers how many it marked. */
export async function markItems(tx: Tx, requestId: string, from: ItemState, marks: readonly ItemMark[]): Promise<number> {
  if (marks.length === 0) return 0
  const { rowCount } = await tx.query(
    `update request_items i set state = m.state, outcome = m.outcome, ref = m.ref
     from unnest($3::int[], $4::text[], $5::text[], $6::bytea[]) as m(seq, state, outcome, ref)
     where i.request_id = $1 and i.seq = m.seq and i.state = $2`,
    [
      requestId,
      from,
      marks.map(mark => mark.seq),
      marks.map(mark => mark.state),
      marks.map(mark => mark.outcome ?? ''),
      marks.map(mark => (mark.ref ? Buffer.from(mark.ref) : null)),
    ],
  )
  return rowCount ?? 0
}

/** Locks those of the items that are still approved, in order; answers their seqs. */
export async function lockApproved(tx: Tx, requestId: string, seqs: readonly number[]): Promise<Set<number>> {
  const { rows } = await tx.query<{ seq: number }>(
    "select seq from request_items where request_id = $1 and seq = any($2::int[]) and state = 'approved' order by seq for update",
    [requestId, seqs],
  )
  return new Set(rows.map(row => row.seq))
}

/** Adds to the counts of a running request. */
export async function addProgress(tx: Tx, requestId: string, done: number, failed: number): Promise<void> {
  await tx.query(
    "update requests set done = done + $2, failed = failed + $3, status = 'running' where id = $1 and status in ('approved', 'running')",
    [requestId, done, failed],
  )
}

/** Closes a request none of whose items is still to be done. Answers whether it is closed. */
export async function closeRequest(db: Db, requestId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update requests set status = 'done', finished_at = now() where id = $1 and status in ('approved', 'running')
       and not exists (select from request_items where request_id = $1 and state = 'approved')`,
    [requestId],
  )
  return rowCount === 1
}

/** Puts `claims` in the place of what decided items say of an officer. */
export async function eraseDecidedClaims(tx: Tx, officerId: string, claims: Buffer): Promise<void> {
  await tx.query("update request_items set claims = $2 where officer_id = $1 and state not in ('pending', 'approved')", [officerId, claims])
}
