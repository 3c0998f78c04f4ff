import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import type { CoreCrypto, P256Jwk } from '../../core/crypto/coreCrypto.ts'

const keys = new Map<string, KeyObject | null>()
/** The same by the object itself: a verifier holds one for long, and comparing texts costs a twentieth of a verification. */
const keysOfJwks = new WeakMap<P256Jwk, KeyObject | null>()
const maxKeys = 10_000
/** Where a signature's DER stands during the one synchronous call that reads it: an array of its own costs the collector as much as the call. */
const derScratch = new Uint8Array(72)
const ed25519SpkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * The synchronous port over node:crypto. ES256 signatures are converted to DER by hand, because passing
 * `{ key, dsaEncoding }` instead of the bare KeyObject halves the rate.
 */
export const nodeCrypto = {
  sha256: (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer'),
  sha256Base64url: (ascii: string): string => hash('sha256', ascii, 'base64url'),
  verifyEs256(jwk: P256Jwk, message: Uint8Array, signature: Uint8Array): boolean {
    if (signature.length !== 64) return false
    const key = publicKey(jwk)
    return key !== null && verify('sha256', message, key, ecdsaToDer(signature))
  },
  verifyEd25519(raw: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (raw.length !== 32 || signature.length !== 64) return false
    try {
      return verify(
        null,
        message,
        createPublicKey({ key: Buffer.concat([ed25519SpkiPrefix, raw]), format: 'der', type: 'spki' }),
        signature,
      )
    } catch {
      return false
    }
  },
} satisfies CoreCrypto

/** The KeyObject of a P-256 JWK, kept for the next call; null when it is no point of the curve. */
function publicKey(jwk: P256Jwk): KeyObject | null {
  let key = keysOfJwks.get(jwk)
  if (key === undefined) keysOfJwks.set(jwk, (key = importedKey(jwk)))
  return key
}

function importedKey(jwk: P256Jwk): KeyObject | null {
  const name = `${jwk.x}.${jwk.y}`
  const known = keys.get(name)
  if (known !== undefined) return known
  if (keys.size >= maxKeys) keys.clear()
  let key: KeyObject | null
  try {
    key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y }, format: 'jwk' })
  } catch {
    key = null
  }
  keys.set(name, key)
  return key
}

/** ECDSA signature of 64 bytes r‖s as DER (RFC 3279 2.2.3), in `derScratch`: good until the next call. */
function ecdsaToDer(signature: Uint8Array): Uint8Array {
  const out = derScratch
  const afterR = writeInteger(out, 2, signature, 0)
  const end = writeInteger(out, afterR, signature, 32)
  out[0] = 0x30
  out[1] = end - 2
  return out.subarray(0, end)
}

function writeInteger(out: Uint8Array, at: number, signature: Uint8Array, from: number): number {
  let start = from
  const last = from + 31
  while (start < last && signature[start] === 0) start++
  const pad = signature[start]! >= 0x80 ? 1 : 0
  const length = last - start + 1
  out[at] = 2
  out[at + 1] = length + pad
  out[at + 2] = 0
  out.set(signature.subarray(start, last + 1), at + 2 + pad)
  return at + 2 + pad + length
}
