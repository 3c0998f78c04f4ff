import { hash, type KeyObject } from 'node:crypto'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'
import type { RsaJwk } from '../../core/trust/jwkThumbprint.ts'

/** A public key with its RFC 7638 thumbprint (32 bytes) and kid, the thumbprint's first 8. */
export interface JwkIdentity {
  readonly jwk: P256Jwk | RsaJwk
  readonly thumbprint: Uint8Array
  readonly kid: Uint8Array
}

/** The identity of a public JWK; members beyond those of its kind are dropped. */
export function jwkIdentity(jwk: P256Jwk | RsaJwk): JwkIdentity {
  const bare: P256Jwk | RsaJwk = jwk.kty === 'EC' ? { kty: 'EC', crv: jwk.crv, x: jwk.x, y: jwk.y } : { kty: 'RSA', n: jwk.n, e: jwk.e }
  const members = bare.kty === 'EC' ? { crv: bare.crv, kty: bare.kty, x: bare.x, y: bare.y } : { e: bare.e, kty: bare.kty, n: bare.n }
  const thumbprint = hash('sha256', JSON.stringify(members), 'buffer')
  return { jwk: bare, thumbprint, kid: thumbprint.subarray(0, 8) }
}

/** The JWK of a public KeyObject, P-256 or RSA of at least 2048 bits. Throws `key.weak` for a shorter one, `key.certificate` for another kind. */
export function publicJwk(key: KeyObject): P256Jwk | RsaJwk {
  const jwk = key.type === 'public' ? key.export({ format: 'jwk' }) : {}
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return { kty: 'EC', crv: 'P-256', x: jwk.x!, y: jwk.y! }
  if (jwk.kty !== 'RSA') throw new AppError('key.certificate', 'Only P-256 and RSA keys are accepted')
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) throw new AppError('key.weak')
  return { kty: 'RSA', n: jwk.n!, e: jwk.e! }
}
