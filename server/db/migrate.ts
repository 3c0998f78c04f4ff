import { readdir, readFile } from 'node:fs/promises'
import type { Pool } from 'pg'

const folder = new URL('./migrations/', import.meta.url)
const lockId = 0x616e74696e

/** Applies the migrations that the database has not seen, in order of their numbers, each in its own transaction, one process at a time. */
export async function migrate(pool: Pool): Promise<string[]> {
  const files = (await readdir(folder)).filter(name => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort()
  const client = await pool.connect()
  const applied: string[] = []
  try {
    await client.query('select pg_advisory_lock($1)', [lockId])
    await client.query('create table if not exists migrations (name text primary key, at timestamptz not null default now())')
    const { rows } = await client.query<{ name: string }>('select name from migrations')
    const known = new Set(rows.map(row => row.name))
    for (const name of files) {
      if (known.has(name)) continue
      const sql = await readFile(new URL(name, folder), 'utf8')
      await client.query('begin')
      try {
        await client.query(sql)
        await client.query('insert into migrations (name) values ($1)', [name])
        await client.query('commit')
      } catch (error) {
        await client.query('rollback')
        throw new Error(`migration ${name} failed`, { cause: error })
      }
      applied.push(name)
    }
    return applied
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lockId]).catch(() => {})
    client.release()
  }
}
