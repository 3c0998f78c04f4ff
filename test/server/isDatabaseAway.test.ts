import { expect, test } from '@jest/globals'
import pg from 'pg'
import { freePort } from '../../server/db/freePort.ts'
import { isDatabaseAway } from '../../server/db/isDatabaseAway.ts'
import { createPool } from '../../server/db/pool.ts'
import { inTransaction } from '../../server/db/transaction.ts'
import { useDatabase } from '../support/database.ts'

const db = useDatabase()

/** What is thrown by `ask` on a pool of its own. */
async function thrown(url: string, ask: (pool: pg.Pool) => Promise<unknown> = pool => pool.query('select 1'), options: pg.PoolConfig = {}) {
  const pool = createPool(url, options)
  try {
    await ask(pool)
  } catch (error) {
    return error
  } finally {
    await pool.end().catch(() => undefined)
  }
  throw new Error('nothing was thrown')
}

const urlWith = (change: (url: URL) => void) => {
  const url = new URL(db.url)
  change(url)
  return url.href
}

test('PostgreSQL that does not listen, does not answer or lets nobody in is away', async () => {
  const port = await freePort()
  const closed = await thrown(urlWith(url => (url.port = String(port))))
  const unknownHost = await thrown(urlWith(url => (url.hostname = 'nowhere.invalid')))
  const noDatabase = await thrown(urlWith(url => (url.pathname = '/none')))
  const noRole = await thrown(urlWith(url => (url.username = 'nobody')))
  const full = await thrown(db.url, async pool => Promise.all([pool.query('select pg_sleep(1)'), pool.query('select 1')]), {
    max: 1,
    connectionTimeoutMillis: 100,
  })
  const ended = await thrown(db.url, async pool => pool.end().then(() => pool.query('select 1')))
  for (const error of [closed, unknownHost, noDatabase, noRole, full, ended]) expect([error, isDatabaseAway(error)]).toEqual([error, true])
})

test('a connection that PostgreSQL ends, and one that breaks, is away', async () => {
  const endItself = 'select pg_terminate_backend(pg_backend_pid())'
  const terminated = await thrown(db.url, pool => pool.query(endItself))
  const inside = await thrown(db.url, pool =>
    inTransaction(pool, async tx => {
      await tx.query(endItself).catch(() => undefined)
      await tx.query('select 1')
    }),
  )
  const broken = await thrown(db.url, async pool => {
    const client = await pool.connect()
    const waiting = client.query('select pg_sleep(5)')
    ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
    try {
      await waiting
    } finally {
      client.release(true)
    }
  })
  for (const error of [terminated, inside, broken]) expect([error, isDatabaseAway(error)]).toEqual([error, true])
})

test('a database that takes no connections, or only reads, is away', async () => {
  const name = new URL(db.url).pathname.slice(1)
  const readOnly = await thrown(db.url, pool =>
    inTransaction(pool, async tx => {
      await tx.query('set transaction read only')
      await tx.query('create table t (n int)')
    }),
  )
  const admin = new pg.Client(urlWith(url => (url.pathname = '/postgres')))
  await admin.connect()
  await admin.query(`alter database ${name} allow_connections false`)
  const closed = await thrown(db.url)
  await admin.query(`alter database ${name} allow_connections true`)
  await admin.end()
  for (const error of [readOnly, closed]) expect([error, isDatabaseAway(error)]).toEqual([error, true])
})

test('what a statement does wrong is no outage', async () => {
  for (const statement of ['selec', 'select 1/0', 'select * from nowhere', "select 'x'::int"])
    expect(isDatabaseAway(await thrown(db.url, pool => pool.query(statement)))).toBe(false)
  // Of classes that otherwise say that the connection or the server is not fit.
  for (const [code, statement, values] of [
    ['08P01', 'select $1::int', [1, 2]],
    ['55000', 'select lastval()', []],
  ] as const) {
    const error = await thrown(db.url, pool => pool.query(statement, [...values]))
    expect(error).toMatchObject({ code })
    expect(isDatabaseAway(error)).toBe(false)
  }
  for (const other of [null, undefined, 'ECONNREFUSED', new Error('no'), new TypeError('fetch failed')])
    expect(isDatabaseAway(other)).toBe(false)
})
