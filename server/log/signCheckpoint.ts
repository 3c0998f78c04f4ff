import type { Pool } from 'pg'
import { utf8 } from '../../core/encoding/bytes.ts'
import { formatCheckpoint } from '../../core/log/checkpoint.ts'
import { rootOfRange } from '../../core/log/compactRange.ts'
import { formatSignedNote } from '../../core/log/signedNote.ts'
import type { VerifierKey } from '../../core/log/verifierKey.ts'
import { inTransaction } from '../db/transaction.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { type CheckpointRow, checkpointAt, insertUnsigned, newestCheckpoint, setNote } from './checkpointsTable.ts'
import { readHead } from './logTable.ts'

/** The log's own key: `logKey.name` is the origin, `signNote` gives 64 bytes Ed25519 over the text of a checkpoint. */
export interface CheckpointSigner {
  readonly logKey: VerifierKey
  signNote(text: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/**
 * The checkpoint over all committed entries, signed now unless it was before. Any number of processes may do it at once.
 * While the log is closed it signs nothing and answers the newest one there is; null when there is none.
 */
export async function signCheckpoint(deps: { readonly pool: Pool } & CheckpointSigner): Promise<CheckpointRow | null> {
  const { range, closed } = await readHead(deps.pool)
  const known = await newestCheckpoint(deps.pool)
  if (known && known.treeSize >= range.size) return known
  if (closed !== null) return known
  const rootHash = rootOfRange(range, nodeCrypto.sha256)
  // This commit is flushed, and held by a synchronous standby where one is configured, after those of the entries that it
  // could see: once it returns they are as durable. Only then is anything signed.
  await inTransaction(deps.pool, async tx => {
    await tx.query("select set_config('synchronous_commit', 'on', true), set_config('statement_timeout', '0', true)")
    await insertUnsigned(tx, range.size, rootHash)
  })
  const text = formatCheckpoint({ origin: deps.logKey.name, treeSize: range.size, rootHash })
  const signature = await deps.signNote(utf8(text))
  const note = formatSignedNote({ text, signatures: [{ name: deps.logKey.name, keyId: deps.logKey.keyId, signature }] })
  await setNote(deps.pool, range.size, note)
  return checkpointAt(deps.pool, range.size)
}
