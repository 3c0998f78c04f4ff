import type { CoreCrypto, P256Jwk } from '../crypto/coreCrypto.ts'
import { utf8 } from '../encoding/bytes.ts'

/** An RSA public key as a JWK (RFC 7518 6.3); only keys with `use: document` are such. */
export interface RsaJwk {
  readonly kty: 'RSA'
  readonly n: string
  readonly e: string
}

/** SHA-256 thumbprint of a public key, 32 bytes; a `kid` is its first 8 (RFC 7638). */
export async function jwkThumbprint(jwk: P256Jwk | RsaJwk, crypto: Pick<CoreCrypto, 'sha256'>): Promise<Uint8Array> {
  const members = jwk.kty === 'EC' ? { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y } : { e: jwk.e, kty: jwk.kty, n: jwk.n }
  return await crypto.sha256(utf8(JSON.stringify(members)))
}
