import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { concatBytes, equalBytes, fromHex, toHex, utf8 } from '../encoding/bytes.ts'
import { AppError } from '../errors.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'

/** How a key signs: `note` is plain Ed25519 over the text, `cosignature` is Ed25519 of cosignature/v1. C2SP signed-note, tlog-cosignature. */
export type NoteKeyKind = 'note' | 'cosignature'

const kindBytes = { note: 1, cosignature: 4 } as const

/** A verifier key ("vkey"): `keyId` 4 bytes, `publicKey` 32 bytes. */
export interface VerifierKey {
  readonly name: string
  readonly kind: NoteKeyKind
  readonly keyId: Uint8Array
  readonly publicKey: Uint8Array
}

/** The key with its id: the first 4 bytes of SHA-256(name ‖ "\n" ‖ kind ‖ public key). log.note for a name with white space or +. */
export async function makeVerifierKey(
  name: string,
  kind: NoteKeyKind,
  publicKey: Uint8Array,
  crypto: Pick<CoreCrypto, 'sha256'>,
): Promise<VerifierKey> {
  if (!/^[^\s+]+$/u.test(name) || publicKey.length !== 32) throw new AppError('log.note', 'not a key name and an Ed25519 key')
  const digest = await crypto.sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(kindBytes[kind]), publicKey))
  return { name, kind, keyId: digest.slice(0, 4), publicKey }
}

/** `name+keyid+base64(kind ‖ public key)`. C2SP signed-note. */
export function formatVerifierKey({ name, kind, keyId, publicKey }: VerifierKey): string {
  return `${name}+${toHex(keyId)}+${encodeBase64(concatBytes(Uint8Array.of(kindBytes[kind]), publicKey))}`
}

/** Whether a text has the form of a vkey of a kind that this version does not know. */
export function hasUnknownKind(vkey: string): boolean {
  const bytes = decodeBase64(vkey.split('+').slice(2).join('+'))
  return bytes !== null && bytes.length > 1 && !Object.values<number>(kindBytes).includes(bytes[0]!)
}

/** Reads a vkey; log.note when it is malformed, of another algorithm, or its id does not belong to it. */
export async function parseVerifierKey(text: string, crypto: Pick<CoreCrypto, 'sha256'>): Promise<VerifierKey> {
  const parts = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text)
  const bytes = parts && decodeBase64(parts[3]!)
  const kind = bytes?.[0] === kindBytes.note ? 'note' : bytes?.[0] === kindBytes.cosignature ? 'cosignature' : null
  if (!parts || !bytes || !kind || bytes.length !== 33) throw new AppError('log.note', 'not an Ed25519 verifier key')
  const key = await makeVerifierKey(parts[1]!, kind, bytes.slice(1), crypto)
  if (!equalBytes(key.keyId, fromHex(parts[2]!))) throw new AppError('log.note', 'the id of the verifier key does not belong to it')
  return key
}
