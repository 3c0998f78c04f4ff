import type { Db } from '../db/transaction.ts'
import type { ImportKind } from './importsTable.ts'

export async function readMapping(db: Db, agency: string, kind: ImportKind, headers: Buffer): Promise<Record<string, string> | null> {
  const { rows } = await db.query<{ mapping: Record<string, string> }>(
    'select mapping from import_mappings where agency_code = $1 and kind = $2 and headers = $3',
    [agency, kind, headers],
  )
  return rows[0]?.mapping ?? null
}

export async function rememberMapping(
  db: Db,
  agency: string,
  kind: ImportKind,
  headers: Buffer,
  mapping: Record<string, string>,
): Promise<void> {
  await db.query(
    `insert into import_mappings (agency_code, kind, headers, mapping) values ($1, $2, $3, $4)
     on conflict (agency_code, kind, headers) do update set mapping = excluded.mapping, updated_at = now()`,
    [agency, kind, headers, JSON.stringify(mapping)],
  )
}
