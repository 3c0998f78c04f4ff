import { formatSignedNote, type NoteSignature, parseSignedNote } from '../../core/log/signedNote.ts'
import type { Db } from '../db/transaction.ts'

/** A checkpoint of the log; `rootHash` 32 bytes. */
export interface CheckpointRow {
  readonly treeSize: number
  readonly rootHash: Buffer
  /** The signed note, with the cosignatures there are when it was read as served. */
  readonly note: string
  readonly signedAt: Date
}

/** A witness's line: `keyId` 4 bytes, `signature` time and Ed25519 signature, 72 bytes, `time` in seconds. */
export interface CosignatureRow {
  readonly treeSize: number
  readonly witness: string
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
  readonly time: number
}

const columns = 'tree_size as "treeSize", root_hash as "rootHash", note, signed_at as "signedAt"'

/** Notes the size and root that are about to be signed. */
export async function insertUnsigned(db: Db, treeSize: number, rootHash: Uint8Array): Promise<void> {
  await db.query('insert into log_checkpoints (tree_size, root_hash) values ($1, $2) on conflict do nothing', [treeSize, rootHash])
}

/** Adds the note to a size; a note that is already there stays. */
export async function setNote(db: Db, treeSize: number, note: string): Promise<void> {
  await db.query('update log_checkpoints set note = $2, signed_at = now() where tree_size = $1 and note is null', [treeSize, note])
}

/** Adds a checkpoint that was signed before, read from elsewhere. */
export async function insertSigned(db: Db, row: Pick<CheckpointRow, 'treeSize' | 'note'> & { rootHash: Uint8Array }): Promise<void> {
  await insertUnsigned(db, row.treeSize, row.rootHash)
  await setNote(db, row.treeSize, row.note)
}

/** The newest signed checkpoint, or null; the note without cosignatures. */
export async function newestCheckpoint(db: Db): Promise<CheckpointRow | null> {
  const { rows } = await db.query<CheckpointRow>(
    `select ${columns} from log_checkpoints where note is not null order by tree_size desc limit 1`,
  )
  return rows[0] ?? null
}

/** The checkpoint signed at this size, or null. */
export async function checkpointAt(db: Db, treeSize: number): Promise<CheckpointRow | null> {
  const { rows } = await db.query<CheckpointRow>(`select ${columns} from log_checkpoints where note is not null and tree_size = $1`, [
    treeSize,
  ])
  return rows[0] ?? null
}

/** Signed checkpoints above `after`, smallest first, 1,000 at most. */
export async function checkpointsAfter(db: Db, after: number): Promise<CheckpointRow[]> {
  const { rows } = await db.query<CheckpointRow>(
    `select ${columns} from log_checkpoints where note is not null and tree_size > $1 order by tree_size limit 1000`,
    [after],
  )
  return rows
}

/** Keeps a witness's newest cosignature of a checkpoint. */
export async function upsertCosignature(db: Db, row: CosignatureRow): Promise<void> {
  await db.query(
    `insert into log_cosignatures (tree_size, witness, key_id, signature, time) values ($1, $2, $3, $4, $5)
     on conflict (tree_size, witness, key_id) do update set signature = excluded.signature, time = excluded.time
     where excluded.time > log_cosignatures.time`,
    [row.treeSize, row.witness, row.keyId, row.signature, row.time],
  )
}

/** The note of a checkpoint with all cosignatures, as it is served. */
export async function noteWithCosignatures(db: Db, { treeSize, note }: Pick<CheckpointRow, 'treeSize' | 'note'>): Promise<string> {
  const { rows } = await db.query<NoteSignature>(
    'select witness as name, key_id as "keyId", signature from log_cosignatures where tree_size = $1 order by witness, key_id limit 32',
    [treeSize],
  )
  if (rows.length === 0) return note
  const { text, signatures } = parseSignedNote(note)
  return formatSignedNote({ text, signatures: [...signatures, ...rows] })
}

/** The newest time that each witness signed, with the size it signed. */
export async function witnessStates(db: Db): Promise<Pick<CosignatureRow, 'witness' | 'treeSize' | 'time'>[]> {
  const { rows } = await db.query<Pick<CosignatureRow, 'witness' | 'treeSize' | 'time'>>(
    `select distinct on (witness) witness, tree_size as "treeSize", time from log_cosignatures order by witness, tree_size desc`,
  )
  return rows
}
