import type { PoolClient } from 'pg'
import type { Migration } from './readMigrations.ts'

export interface AppliedMigration {
  readonly name: string
  /** SHA-256 of the text that was applied; null from before it was kept. */
  readonly digest: Buffer | null
}

/** The migrations that a database has seen, in order. */
export async function appliedMigrations(client: PoolClient): Promise<AppliedMigration[]> {
  // By way of JSON, since the first databases have no such column.
  const { rows } = await client.query<AppliedMigration>(
    "select name, decode(substr(to_jsonb(m) ->> 'digest', 3), 'hex') as digest from migrations m order by name",
  )
  return rows
}

/** Name of the first migration that was applied with another text than it has in this version. */
export function findEdited(applied: readonly AppliedMigration[], migrations: readonly Migration[]): string | undefined {
  const digests = new Map(migrations.map(one => [one.name, one.digest]))
  return applied.find(({ name, digest }) => digests.has(name) && !digest?.equals(digests.get(name)!))?.name
}
