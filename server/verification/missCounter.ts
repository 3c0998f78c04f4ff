import type { Pool } from 'pg'
import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import { AppError } from '../../core/errors.ts'
import { countLookups } from './lookupCountsTable.ts'

/**
 * For what cannot be guessed: runs `find`, and counts it in PostgreSQL when it misses (null), so that a hit writes nothing. After `most`
 * misses of a key (32 bytes) a day it throws `limit.lookups`; a process learns what the others counted at its own next miss.
 */
export function createMissCounter({ pool, clock, most }: { pool: Pool; clock: () => number; most: number }) {
  let day = ''
  let closed = new Set<string>()
  return async <T>(key: Buffer, find: () => Promise<T | null>): Promise<T | null> => {
    const today = vietnamDay(clock())
    if (today !== day) {
      day = today
      closed = new Set()
    }
    const name = key.toString('latin1')
    if (closed.has(name)) throw new AppError('limit.lookups')
    const found = await find()
    if (found !== null) return found
    const [misses] = await countLookups(pool, [key], today)
    if (misses! >= most) closed.add(name)
    if (misses! > most) throw new AppError('limit.lookups')
    return null
  }
}
