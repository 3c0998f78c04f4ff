import { EmbeddedJWK, jwtVerify } from 'jose'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'

const maxAge = 300
const clockSkew = 120

/**
 * The P-256 key that a wallet shows it holds: a JWT signed with it, `typ: openid4vci-proof+jwt`, `jwk` in the header, `aud` our origin,
 * `iat` within 5 minutes (OpenID4VCI, jwt proof type). `now` in seconds. Throws `sd-jwt.holder-key`.
 */
export async function holderKeyOfProof(proof: string, audience: string, now: number): Promise<P256Jwk> {
  try {
    const { protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: ['ES256'],
      typ: 'openid4vci-proof+jwt',
      audience,
      maxTokenAge: maxAge,
      clockTolerance: clockSkew,
      currentDate: new Date(now * 1000),
      requiredClaims: ['iat'],
    })
    const { kty, crv, x, y } = protectedHeader.jwk as Record<string, string>
    if (kty !== 'EC' || crv !== 'P-256') throw new Error('not P-256')
    return { kty, crv, x: x!, y: y! }
  } catch (cause) {
    throw new AppError('sd-jwt.holder-key', undefined, { cause })
  }
}
