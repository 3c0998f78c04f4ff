import type { Pool } from 'pg'

/**
 * Runs `fn` unless another connection, of any process, is at what `name` names; answers whether it ran. The lock dies with its
 * connection, and a connection that cannot give it back is closed.
 */
export async function tryLocked(pool: Pool, name: string, fn: () => Promise<void>): Promise<boolean> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as locked', [name])
    if (!rows[0]!.locked) return false
    try {
      await fn()
    } finally {
      await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch(error => {
        broken = error
      })
    }
    return true
  } finally {
    client.release(broken)
  }
}
