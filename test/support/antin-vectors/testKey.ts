import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import type { P256Jwk } from '../../../core/crypto/coreCrypto.ts'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { utf8 } from '../../../core/encoding/bytes.ts'
import { cosignatureField, cosignedMessage } from '../../../core/log/cosignedMessage.ts'
import type { NoteSignature } from '../../../core/log/signedNote.ts'
import { makeVerifierKey, type NoteKeyKind, type VerifierKey } from '../../../core/log/verifierKey.ts'
import { jwkThumbprint } from '../../../core/trust/jwkThumbprint.ts'
import type { Es256Signer } from '../../../core/trust/jws.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'

/** A P-256 key made from a name; its signatures are deterministic (RFC 6979), low s. */
export interface TestKey extends Es256Signer {
  readonly jwk: P256Jwk
  readonly thumbprint: Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

/** The private key is SHA-256("antin/vectors/" ‖ name): public, for tests alone. */
function secretOf(name: string): Uint8Array {
  return sha256(utf8(`antin/vectors/${name}`))
}

export async function testKey(name: string): Promise<TestKey> {
  const secret = secretOf(name)
  const point = p256.getPublicKey(secret, false)
  const jwk: P256Jwk = { kty: 'EC', crv: 'P-256', x: encodeBase64url(point.slice(1, 33)), y: encodeBase64url(point.slice(33)) }
  const thumbprint = await jwkThumbprint(jwk, nodeCrypto)
  return { jwk, thumbprint, kid: thumbprint.slice(0, 8), sign: message => p256.sign(message, secret, { prehash: true, lowS: true }) }
}

/** An Ed25519 key of a log or witness, made from its name. */
export interface TestNoteKey {
  readonly verifier: VerifierKey
  /** The signature line of a note's text; `time` is that of a cosignature, in seconds. */
  signNote(text: string, time: number): NoteSignature
}

export async function testNoteKey(name: string, kind: NoteKeyKind): Promise<TestNoteKey> {
  const secret = secretOf(name)
  const verifier = await makeVerifierKey(name, kind, ed25519.getPublicKey(secret), nodeCrypto)
  const sign = (message: Uint8Array) => ed25519.sign(message, secret)
  return {
    verifier,
    signNote(text, time) {
      const signature = kind === 'note' ? sign(utf8(text)) : cosignatureField(time, sign(cosignedMessage(text, time)))
      return { name, keyId: verifier.keyId, signature }
    },
  }
}
