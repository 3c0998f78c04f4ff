import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { Pool } from 'pg'
import { encodeBase64url } from '../../../../core/encoding/base64url.ts'
import type { EntryDraft } from '../../../../core/log/entry.ts'
import { makeVerifierKey, type NoteKeyKind } from '../../../../core/log/verifierKey.ts'
import { inTransaction } from '../../../../server/db/transaction.ts'
import { nodeCrypto } from '../../../../server/keys/nodeCrypto.ts'
import { type AppendedEntry, appendEntries } from '../../../../server/log/appendEntries.ts'

export const origin = 'localhost:3000/log'

/** A key of a log or a witness: its vkey and the signature over a message, 64 bytes. */
export async function newNoteKey(name: string, kind: NoteKeyKind = 'note') {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const logKey = await makeVerifierKey(
    name,
    kind,
    Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(12)),
    nodeCrypto,
  )
  return { logKey, signNote: (text: Uint8Array) => Uint8Array.from(sign(null, text, privateKey)) }
}

export const randomB64u = (length: number) => encodeBase64url(randomBytes(length))

export function cardDraft(ref: string = randomB64u(16)): Extract<EntryDraft, { type: 'card.issued' }> {
  return { type: 'card.issued', agency: 'G09', ref, digest: randomB64u(32), kid: randomB64u(8) }
}

export function append(pool: Pool, drafts: readonly EntryDraft[]): Promise<AppendedEntry[]> {
  return inTransaction(pool, tx => appendEntries(tx, drafts))
}

export const drafts = (count: number) => Array.from({ length: count }, () => cardDraft())
