import type { Pool } from 'pg'
import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import { AppError } from '../../core/errors.ts'
import { countLookups, uncountLookups } from './lookupCountsTable.ts'

/** Misses a day from one address, of whatever is typed. */
export const missesByAddress = 50

/**
 * For what can be guessed: the answer of `find`, whose misses (null) are counted by each key (32 bytes) and day in PostgreSQL. Throws
 * `limit.lookups` past `most` of a key, from then on for right answers too.
 */
export async function limitMisses<T>(
  { pool, clock }: { pool: Pool; clock: () => number },
  limits: readonly { key: Buffer; most: number }[],
  find: () => Promise<T | null>,
): Promise<T | null> {
  if (limits.length === 0) return find()
  const day = vietnamDay(clock())
  const keys = limits.map(({ key }) => key)
  // Counted before the answer is known, so that many at once cannot slip through; taken back after a hit.
  const counts = await countLookups(pool, keys, day)
  if (limits.some(({ most }, i) => counts[i]! > most)) throw new AppError('limit.lookups')
  const found = await find()
  if (found !== null) await uncountLookups(pool, keys, day)
  return found
}
