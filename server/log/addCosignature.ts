import type { Pool } from 'pg'
import type { CoreCrypto } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'
import { isSignedBy } from '../../core/log/checkpoint.ts'
import { parseSignedNote } from '../../core/log/signedNote.ts'
import type { VerifierKey } from '../../core/log/verifierKey.ts'
import { checkpointAt, upsertCosignature } from './checkpointsTable.ts'

/**
 * Keeps the cosignatures of known witnesses on a checkpoint of ours; `lines` are note signature lines as a witness answers them
 * (C2SP tlog-witness). Answers how many were good and of known witnesses; others are ignored. Throws `log.not-found` when no
 * checkpoint was signed at the size, `log.note` when the lines are none.
 */
export async function addCosignatures(
  deps: { readonly pool: Pool; readonly witnesses: readonly VerifierKey[]; readonly crypto: CoreCrypto },
  treeSize: number,
  lines: string,
): Promise<number> {
  const checkpoint = await checkpointAt(deps.pool, treeSize)
  if (!checkpoint) throw new AppError('log.not-found')
  const { text } = parseSignedNote(checkpoint.note)
  const { signatures } = parseSignedNote(`${text}\n${lines}`)
  let kept = 0
  for (const line of signatures) {
    const witness = deps.witnesses.find(
      key => key.kind === 'cosignature' && key.name === line.name && Buffer.from(key.keyId).equals(line.keyId),
    )
    if (!witness || !(await isSignedBy({ text, signatures: [line] }, witness, deps.crypto))) continue
    const time = Number(new DataView(line.signature.buffer, line.signature.byteOffset, 8).getBigUint64(0))
    if (!Number.isSafeInteger(time)) continue
    await upsertCosignature(deps.pool, { treeSize, witness: line.name, keyId: line.keyId, signature: line.signature, time })
    kept++
  }
  return kept
}
