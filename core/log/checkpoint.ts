import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { equalBytes, utf8 } from '../encoding/bytes.ts'
import { AppError } from '../errors.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { cosignedMessage } from './cosignedMessage.ts'
import { parseSignedNote, type SignedNote } from './signedNote.ts'
import type { VerifierKey } from './verifierKey.ts'

/** The state of the log at one size; `rootHash` 32 bytes. C2SP tlog-checkpoint. */
export interface Checkpoint {
  readonly origin: string
  readonly treeSize: number
  readonly rootHash: Uint8Array
}

/** A checkpoint whose log signature verified, with the note it came in. */
export interface OpenedCheckpoint extends Checkpoint {
  readonly note: SignedNote
}

/** The text that the log signs: origin, size, root. C2SP tlog-checkpoint. */
export function formatCheckpoint({ origin, treeSize, rootHash }: Checkpoint): string {
  return `${origin}\n${treeSize}\n${encodeBase64(rootHash)}\n`
}

/** Reads the text of a checkpoint, extension lines ignored; log.checkpoint when it is none. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root, ...rest] = text.split('\n')
  const rootHash = root === undefined ? null : decodeBase64(root)
  const treeSize = size !== undefined && /^(0|[1-9][0-9]{0,15})$/.test(size) ? Number(size) : Number.NaN
  if (!origin || !rootHash || rootHash.length !== 32 || !Number.isSafeInteger(treeSize) || rest.at(-1) !== '')
    throw new AppError('log.checkpoint')
  return { origin, treeSize, rootHash }
}

/** The checkpoint when `logKey` signed the note and the note speaks for `logKey.name`; else null, never an exception. */
export async function openCheckpoint(note: string, logKey: VerifierKey, crypto: CoreCrypto): Promise<OpenedCheckpoint | null> {
  try {
    const signed = parseSignedNote(note)
    const checkpoint = parseCheckpoint(signed.text)
    if (checkpoint.origin !== logKey.name || logKey.kind !== 'note') return null
    return (await isSignedBy(signed, logKey, crypto)) ? { ...checkpoint, note: signed } : null
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** The number of different witnesses whose cosignature on the note verifies. C2SP tlog-cosignature. */
export async function countCosignatures(note: SignedNote, witnesses: readonly VerifierKey[], crypto: CoreCrypto): Promise<number> {
  const cosigners = new Set<string>()
  for (const witness of witnesses)
    if (witness.kind === 'cosignature' && (await isSignedBy(note, witness, crypto))) cosigners.add(String(witness.publicKey))
  return cosigners.size
}

/** Whether one of the note's signatures is a good one by `key`. */
export async function isSignedBy(note: SignedNote, key: VerifierKey, crypto: CoreCrypto): Promise<boolean> {
  for (const { name, keyId, signature } of note.signatures) {
    if (name !== key.name || !equalBytes(keyId, key.keyId)) continue
    if (key.kind === 'note' && (await crypto.verifyEd25519(key.publicKey, utf8(note.text), signature))) return true
    if (key.kind === 'cosignature' && signature.length === 72) {
      const view = new DataView(signature.buffer, signature.byteOffset, 8)
      const message = cosignedMessage(note.text, view.getBigUint64(0))
      if (await crypto.verifyEd25519(key.publicKey, message, signature.subarray(8))) return true
    }
  }
  return false
}
