import { createHash, randomBytes } from 'node:crypto'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import type { Db } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { findReason } from './reasonsTable.ts'

/** A reason as the log knows it: `commitment` is b64u of SHA-256(16-byte salt ‖ reason); `sealed` holds salt and reason. */
export interface CommittedReason {
  commitment: string
  sealed: Buffer
}

/** Commits to a reason without showing it (formats 5). */
export function commitReason(cipher: FieldCipher, reason: string): CommittedReason {
  const opening = Buffer.concat([randomBytes(16), Buffer.from(reason, 'utf8')])
  return { commitment: encodeBase64url(createHash('sha256').update(opening).digest()), sealed: cipher.seal(opening) }
}

/** The reason and salt behind a leaf's commitment; null when the leaf has none. */
export async function readReason(db: Db, cipher: FieldCipher, leafIndex: number): Promise<{ salt: Buffer; reason: string } | null> {
  const sealed = await findReason(db, leafIndex)
  if (!sealed) return null
  const opening = cipher.open(sealed)
  return { salt: opening.subarray(0, 16), reason: opening.subarray(16).toString('utf8') }
}
