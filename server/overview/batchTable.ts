import type { Db } from '../db/transaction.ts'

/** What a request registered: how many, how many of them have ended since, and their places in the log. */
export interface Batch {
  registered: number
  ended: number
  withFile: number
  firstLeaf: number | null
  lastLeaf: number | null
  firstAt: Date | null
  lastAt: Date | null
}

export async function readBatch(db: Db, requestId: string): Promise<Batch> {
  const { rows } = await db.query<Batch>(
    `select count(*)::int as registered, count(*) filter (where ended_as is not null)::int as ended,
       count(*) filter (where document_digest is not null)::int as "withFile", min(leaf_index) as "firstLeaf", max(leaf_index) as "lastLeaf",
       min(issued_at) as "firstAt", max(issued_at) as "lastAt"
     from diplomas where request_id = $1`,
    [requestId],
  )
  return rows[0]!
}

/** The kinds of diplomas of a batch and how many there are of each, most first. */
export async function titlesOfBatch(db: Db, requestId: string): Promise<{ title: string; basis: number; count: number }[]> {
  const { rows } = await db.query<{ title: string; basis: number; count: number }>(
    'select title, basis, count(*)::int as count from diplomas where request_id = $1 group by title, basis order by count(*) desc, title limit 200',
    [requestId],
  )
  return rows
}
