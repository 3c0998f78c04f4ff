import type { Db } from '../db/transaction.ts'

/** Adds one to each of the keys (32 bytes) on a day of Vietnam, and answers the counts after it, in the order of the keys. */
export async function countLookups(db: Db, keys: readonly Buffer[], day: string): Promise<number[]> {
  const { rows } = await db.query<{ key: Buffer; count: number }>(
    `insert into lookup_counts (key, day, count) select key, $2, 1 from unnest($1::bytea[]) as k(key) order by key
     on conflict (key, day) do update set count = lookup_counts.count + 1 returning key, count`,
    [keys, day],
  )
  return keys.map(key => rows.find(row => row.key.equals(key))!.count)
}

/** Takes back one count of each of the keys: the look-up was no miss. */
export async function uncountLookups(db: Db, keys: readonly Buffer[], day: string): Promise<void> {
  await db.query('update lookup_counts set count = greatest(count - 1, 0) where key = any($1::bytea[]) and day = $2', [keys, day])
}

/** Forgets the counts of days before `day`. */
export async function dropLookupCounts(db: Db, day: string): Promise<void> {
  await db.query('delete from lookup_counts where day < $1', [day])
}
