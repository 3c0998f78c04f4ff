import type { Pool, PoolClient } from 'pg'

declare const open: unique symbol

/** A client inside an open transaction. What needs a lock, or must commit with its caller, asks for this type. */
export type Tx = PoolClient & { readonly [open]: true }

/** Anything that can run a query. */
export type Db = Pool | PoolClient

/** Runs `fn` in one transaction: commits what it did, or rolls back and throws what it threw. No network I/O inside. */
export async function inTransaction<T>(pool: Pool, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const noteBroken = (error: Error) => {
    broken = error
  }
  client.on('error', noteBroken)
  try {
    await client.query('begin')
    const result = await fn(client as Tx)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(noteBroken)
    throw error
  } finally {
    client.off('error', noteBroken)
    client.release(broken)
  }
}
