import type { Db } from '../db/transaction.ts'

/** Counts `many` more requests of a key in the window that starts at `startsAt` (seconds), and answers the count after it. */
export async function countRequests(db: Db, key: string, startsAt: number, many: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `insert into request_counts (key, starts_at, count) values ($1, to_timestamp($2), $3)
     on conflict (key, starts_at) do update set count = request_counts.count + excluded.count returning count`,
    [key, startsAt, many],
  )
  return rows[0]!.count
}

/** Forgets the windows that started before `startsAt` (seconds). */
export async function dropRequestCounts(db: Db, startsAt: number): Promise<void> {
  await db.query('delete from request_counts where starts_at < to_timestamp($1)', [startsAt])
}
