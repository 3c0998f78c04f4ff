import type { CoreCrypto, P256Jwk } from './coreCrypto.ts'

type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const keys = new Map<string, Promise<ImportedKey | null>>()
const maxKeys = 1000

/**
 * The port over WebCrypto, for browsers; runs in Node too. Needs a secure context (https or localhost): elsewhere
 * `crypto.subtle` is absent and every method rejects.
 */
export const webCrypto = {
  async sha256(bytes: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
  },
  async verifyEs256(jwk: P256Jwk, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (signature.length !== 64) return false
    const key = await p256Key(jwk)
    if (key === null) return false
    return crypto.subtle.verify(ecdsa, key, signature as Uint8Array<ArrayBuffer>, message as Uint8Array<ArrayBuffer>)
  },
  async verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (publicKey.length !== 32 || signature.length !== 64) return false
    const key = await ed25519Key(publicKey)
    if (key === null) return false
    return crypto.subtle.verify('Ed25519', key, signature as Uint8Array<ArrayBuffer>, message as Uint8Array<ArrayBuffer>)
  },
} satisfies CoreCrypto

/** The key of a JWK, kept for the next call; null when it is no point of the curve. */
function p256Key({ x, y }: P256Jwk): Promise<ImportedKey | null> {
  const name = `${x}.${y}`
  const known = keys.get(name)
  if (known !== undefined) return known
  if (keys.size >= maxKeys) keys.clear()
  const key = crypto.subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', x, y }, ecdsa, false, ['verify']).catch(() => null)
  keys.set(name, key)
  return key
}

function ed25519Key(publicKey: Uint8Array): Promise<ImportedKey | null> {
  return crypto.subtle.importKey('raw', publicKey as Uint8Array<ArrayBuffer>, 'Ed25519', false, ['verify']).catch(() => null)
}
