import type { Db } from '../db/transaction.ts'

export async function insertFileChunk(db: Db, importId: string, part: 'table' | 'photos', seq: number, sealed: Buffer): Promise<void> {
  await db.query('insert into import_files (import_id, part, seq, sealed) values ($1, $2, $3, $4)', [importId, part, seq, sealed])
}

export async function readFileChunk(db: Db, importId: string, part: 'table' | 'photos', seq: number): Promise<Buffer | null> {
  const { rows } = await db.query<{ sealed: Buffer }>('select sealed from import_files where import_id = $1 and part = $2 and seq = $3', [
    importId,
    part,
    seq,
  ])
  return rows[0]?.sealed ?? null
}

/** Number of chunks, and the sealed bytes of the last one. */
export async function fileExtent(db: Db, importId: string, part: 'table' | 'photos'): Promise<{ chunks: number; lastBytes: number }> {
  const { rows } = await db.query<{ chunks: number; lastBytes: number | null }>(
    `select count(*) as chunks, (array_agg(octet_length(sealed) order by seq desc))[1] as "lastBytes" from import_files where import_id = $1 and part = $2`,
    [importId, part],
  )
  return { chunks: rows[0]!.chunks, lastBytes: rows[0]!.lastBytes ?? 0 }
}
