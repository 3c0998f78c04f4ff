import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { appliedMigrations, findEdited } from './migrationsTable.ts'
import { readMigrations } from './readMigrations.ts'

const lockId = 0x616e74696e

/**
 * Applies the migrations that the database has not seen, in order of their numbers, each in its own transaction, one process at a time.
 * Throws `database.schema`, and changes nothing, where one that was applied had another text than it has here.
 */
export async function migrate(pool: Pool): Promise<string[]> {
  const migrations = await readMigrations()
  const client = await pool.connect()
  const names: string[] = []
  try {
    await client.query('select pg_advisory_lock($1)', [lockId])
    await client.query('create table if not exists migrations (name text primary key, at timestamptz not null default now(), digest bytea)')
    const applied = await appliedMigrations(client)
    const edited = findEdited(applied, migrations)
    if (edited)
      throw new AppError(
        'database.schema',
        `This database was made by a development version whose ${edited} was another. Nothing was changed. Give this version an empty database: the demonstration makes one when its folder (.antin, or ANTIN_HOME) is moved away.`,
      )
    const known = new Set(applied.map(one => one.name))
    for (const { name, sql, digest } of migrations) {
      if (known.has(name)) continue
      await client.query('begin')
      try {
        await client.query(sql)
        await client.query('insert into migrations (name, digest) values ($1, $2)', [name, digest])
        await client.query('commit')
      } catch (error) {
        await client.query('rollback')
        throw new Error(`migration ${name} failed`, { cause: error })
      }
      names.push(name)
    }
    return names
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lockId]).catch(() => {})
    client.release()
  }
}
