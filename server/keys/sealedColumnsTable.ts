import type { Db, Tx } from '../db/transaction.ts'

/** A table with columns that `FieldCipher.seal` made; `rows` are moved to another data key at a time. */
export interface SealedTable {
  table: string
  columns: readonly string[]
  rows: number
}

/** Every sealed column there is. What a browser keeps (the sign-in cookie) lasts minutes and is not moved. */
export const sealedTables: readonly SealedTable[] = [
  { table: 'officers', columns: ['private'], rows: 250 },
  { table: 'officer_changes', columns: ['sealed'], rows: 1000 },
  { table: 'cards', columns: ['sealed'], rows: 1000 },
  { table: 'diplomas', columns: ['sealed', 'holder_number'], rows: 1000 },
  { table: 'log_reasons', columns: ['sealed'], rows: 1000 },
  { table: 'requests', columns: ['reason', 'refusal'], rows: 1000 },
  { table: 'request_items', columns: ['claims'], rows: 1000 },
  { table: 'pending_keys', columns: ['sealed'], rows: 100 },
  { table: 'photos', columns: ['shown', 'printed'], rows: 50 },
  { table: 'print_jobs', columns: ['reason'], rows: 1000 },
  { table: 'plastics', columns: ['note'], rows: 1000 },
  { table: 'service_keys', columns: ['private'], rows: 100 },
  { table: 'import_files', columns: ['sealed'], rows: 4 },
  { table: 'import_photos', columns: ['name', 'sealed'], rows: 50 },
  { table: 'import_rows', columns: ['sealed'], rows: 1000 },
  { table: 'kept_forms', columns: ['form'], rows: 100 },
  { table: 'idempotency_keys', columns: ['answer'], rows: 100 },
]

/** A row's primary key as text, and its sealed values (null where there is none). */
export interface SealedRow {
  key: string[]
  values: (Buffer | null)[]
}

/** Names and types of the primary key's columns, in its order. */
export async function primaryKeyOf(db: Db, table: string): Promise<{ name: string; type: string }[]> {
  const { rows } = await db.query<{ name: string; type: string }>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
     from pg_index i, unnest(i.indkey) with ordinality as k(attnum, at), pg_attribute a
     where i.indrelid = $1::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.attnum order by k.at`,
    [table],
  )
  return rows
}

/**
 * Locks the next rows after `after` of which a value is not under `keyId`, in the order of the primary key. Rows that another transaction
 * holds are left out: a later pass meets them.
 */
export async function lockRowsToMove(
  tx: Tx,
  { table, columns, rows: limit }: SealedTable,
  primaryKey: readonly { name: string; type: string }[],
  keyId: number,
  after: readonly string[] | null,
): Promise<SealedRow[]> {
  const names = primaryKey.map(({ name }) => `"${name}"`)
  const from = after
    ? `and (${names.join(', ')}) > (${primaryKey.map(({ type }, at) => `($2::text[])[${at + 1}]::${type}`).join(', ')})`
    : ''
  const { rows } = await tx.query<{ key: string[] } & Record<string, Buffer | null | string[]>>(
    `select array[${names.map(name => `${name}::text`).join(', ')}] as key, ${columns.join(', ')} from ${table}
     where (${columns.map(column => isOther(column, '$1')).join(' or ')}) ${from}
     order by ${names.join(', ')} limit ${limit} for no key update skip locked`,
    after ? [keyBytes(keyId), after] : [keyBytes(keyId)],
  )
  return rows.map(row => ({ key: row.key, values: columns.map(column => row[column] as Buffer | null) }))
}

/** Writes the values of locked rows. */
export async function writeMovedRows(
  tx: Tx,
  { table, columns }: SealedTable,
  primaryKey: readonly { name: string; type: string }[],
  rows: readonly SealedRow[],
): Promise<void> {
  const keys = primaryKey.map((_, at) => `$${at + 1}::text[]`)
  const values = columns.map((_, at) => `$${primaryKey.length + at + 1}::bytea[]`)
  const fields = [...primaryKey.map((_, at) => `k${at}`), ...columns.map((_, at) => `v${at}`)]
  await tx.query(
    `update ${table} t set ${columns.map((column, at) => `${column} = u.v${at}`).join(', ')}
     from unnest(${[...keys, ...values].join(', ')}) as u(${fields.join(', ')})
     where ${primaryKey.map(({ name, type }, at) => `t."${name}" = u.k${at}::${type}`).join(' and ')}`,
    [...primaryKey.map((_, at) => rows.map(row => row.key[at])), ...columns.map((_, at) => rows.map(row => row.values[at]))],
  )
}

/** How many rows of a table hold a value that is not under `keyId`. */
export async function countToMove(db: Db, { table, columns }: SealedTable, keyId: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from ${table} where ${columns.map(column => isOther(column, '$1')).join(' or ')}`,
    [keyBytes(keyId)],
  )
  return rows[0]!.count
}

/** Data keys that may seal, oldest first, and seconds until each does (0: it does). */
export async function readOpenDataKeys(db: Db): Promise<{ id: number; sealsIn: number }[]> {
  const { rows } = await db.query<{ id: number; sealsIn: number }>(
    `select id, greatest(extract(epoch from seals_from - clock_timestamp()), 0)::float8 as "sealsIn"
     from data_keys where retired_at is null order by id`,
  )
  return rows
}

/** Ends sealing under every key before `keyId`; they still open what a backup or a late transaction brings back. */
export async function retireDataKeysBefore(tx: Tx, keyId: number): Promise<void> {
  await tx.query('update data_keys set retired_at = now() where id < $1 and retired_at is null', [keyId])
}

/** Bytes 1 to 4 of a sealed value are its data key's id. */
function isOther(column: string, keyParameter: string): string {
  return `substring(${column} from 2 for 4) <> ${keyParameter}::bytea`
}

function keyBytes(keyId: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(keyId)
  return bytes
}
