import type { IncrementResponse, Store } from 'express-rate-limit'
import type { Pool } from 'pg'
import { countRequests } from './requestCountsTable.ts'

/** What a process holds of one caller's quota in the window now. */
interface Lease {
  /** Taken from the database and not used yet. */
  left: number
  /** Taken by all processes, as far as this one heard; at most the limit. */
  taken: number
  taking: Promise<void> | null
}

/** Blocks that a quota is taken in: one write in PostgreSQL each, and what a process may hold back from the others. */
const blocks = 20

/**
 * A store of express-rate-limit whose counts all processes share. A process takes a block of the quota from PostgreSQL and gives it out from
 * memory: together they never give out more than `limit` in a window, and a request writes nothing while its block lasts. Windows begin at
 * multiples of `seconds`. `ticks` is in milliseconds.
 */
export function sharedQuota(options: { pool: Pool; name: string; limit: number; seconds: number; ticks?: () => number }): Store {
  const { pool, name, limit, seconds, ticks = Date.now } = options
  const block = Math.max(1, Math.floor(limit / blocks))
  let window = 0
  let leases = new Map<string, Lease>()

  async function take(lease: Lease, key: string, startsAt: number): Promise<void> {
    const count = await countRequests(pool, `${name} ${key}`, startsAt, block)
    lease.left += Math.max(0, block - Math.max(0, count - limit))
    lease.taken = Math.min(count, limit)
  }

  return {
    async increment(key): Promise<IncrementResponse> {
      const current = Math.floor(ticks() / 1000 / seconds)
      if (current !== window) {
        window = current
        leases = new Map()
      }
      const resetTime = new Date((current + 1) * seconds * 1000)
      let lease = leases.get(key)
      if (!lease) leases.set(key, (lease = { left: 0, taken: 0, taking: null }))
      while (lease.left === 0 && lease.taken < limit) {
        lease.taking ??= take(lease, key, current * seconds).finally(() => {
          lease!.taking = null
        })
        await lease.taking
      }
      if (lease.left === 0) return { totalHits: limit + 1, resetTime }
      lease.left--
      return { totalHits: lease.taken - lease.left, resetTime }
    },
    decrement: () => undefined,
    resetKey: () => undefined,
  }
}
