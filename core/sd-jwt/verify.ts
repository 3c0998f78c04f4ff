import type { CoreCrypto, P256Jwk } from '../crypto/coreCrypto.ts'
import { AppError } from '../errors.ts'
import { disclosedClaims, textDigest } from './disclosedClaims.ts'
import { type ParsedJwt, type ParsedSdJwt, p256JwkOf } from './parse.ts'

/** Claims that a verifier acts on: never selectively disclosed (SD-JWT VC 3.2.2.2). */
const alwaysDisclosed = ['iss', 'iat', 'nbf', 'exp', 'cnf', 'vct', 'status']
const clockSkew = 120
const defaultMaxAge = 300

/** Holder binding as a verifier asks for it. */
export interface ExpectedBinding {
  readonly aud: string
  readonly nonce: string
  /** Seconds that a KB-JWT is taken for fresh; 300 when left out. */
  readonly maxAge?: number
}

export type SdJwtFailure =
  | 'signature'
  | 'not-yet-valid'
  | 'expired'
  | 'binding.missing'
  | 'binding.no-key'
  | 'binding.signature'
  | 'binding.aud'
  | 'binding.nonce'
  | 'binding.iat'
  | 'binding.sd-hash'

/** `claims` are those disclosed, without `_sd` and `_sd_alg`; `holderBound` says that a KB-JWT was asked for and is right. */
export type SdJwtVerdict =
  | { readonly verified: true; readonly claims: Readonly<Record<string, unknown>>; readonly holderBound: boolean }
  | { readonly verified: false; readonly failure: SdJwtFailure }

/**
 * Judges an SD-JWT VC against the issuer's key, which the caller found and trusts, at `now` (seconds; 120 s of skew).
 * Where `binding` is given its absence fails; where it is not, a KB-JWT is not looked at. Throws `format.disclosure`
 * (RFC 9901 7.1, 7.3).
 */
export async function verifySdJwt(
  sdJwt: ParsedSdJwt,
  input: { key: P256Jwk; now: number; binding?: ExpectedBinding; crypto: CoreCrypto },
): Promise<SdJwtVerdict> {
  const { key, now, binding, crypto } = input
  const signed = crypto.verifyEs256(key, sdJwt.jwt.signingInput, sdJwt.jwt.signature)
  if (!(typeof signed === 'boolean' ? signed : await signed)) return failed('signature')
  const opened = disclosedClaims(sdJwt.jwt.payload, sdJwt.disclosures, crypto)
  const claims = opened instanceof Promise ? await opened : opened
  for (const name of alwaysDisclosed) {
    if (claims[name] !== undefined && sdJwt.jwt.payload[name] === undefined)
      throw new AppError('format.disclosure', `${name} in a disclosure`)
  }
  const { iat, nbf, exp } = sdJwt.jwt.payload
  if (!isAbsentOr(iat, time => time <= now + clockSkew) || !isAbsentOr(nbf, time => time <= now + clockSkew)) return failed('not-yet-valid')
  if (!isAbsentOr(exp, time => now <= time + clockSkew)) return failed('expired')
  const failure = binding === undefined ? undefined : await bindingFailure(sdJwt, binding, now, crypto)
  return failure === undefined ? { verified: true, claims, holderBound: binding !== undefined } : failed(failure)
}

async function bindingFailure(
  sdJwt: ParsedSdJwt,
  expected: ExpectedBinding,
  now: number,
  crypto: CoreCrypto,
): Promise<SdJwtFailure | undefined> {
  const { keyBinding, jwt, presented } = sdJwt
  if (keyBinding === null) return 'binding.missing'
  const holderKey = holderKeyOf(jwt)
  if (holderKey === undefined) return 'binding.no-key'
  if (!(await crypto.verifyEs256(holderKey, keyBinding.signingInput, keyBinding.signature))) return 'binding.signature'
  const { aud, nonce, iat, sd_hash } = keyBinding.payload
  if (aud !== expected.aud) return 'binding.aud'
  if (nonce !== expected.nonce) return 'binding.nonce'
  const maxAge = (expected.maxAge ?? defaultMaxAge) + clockSkew
  if (typeof iat !== 'number' || iat > now + clockSkew || iat < now - maxAge) return 'binding.iat'
  if (sd_hash !== (await textDigest(presented, crypto))) return 'binding.sd-hash'
  return undefined
}

/** The holder's key in `cnf.jwk`: always disclosed, so it is read from what the issuer signed. */
function holderKeyOf(jwt: ParsedJwt): P256Jwk | undefined {
  const { cnf } = jwt.payload
  return typeof cnf === 'object' && cnf !== null ? p256JwkOf((cnf as { jwk?: unknown }).jwk) : undefined
}

function isAbsentOr(value: unknown, holds: (time: number) => boolean): boolean {
  return value === undefined || (typeof value === 'number' && holds(value))
}

function failed(failure: SdJwtFailure): SdJwtVerdict {
  return { verified: false, failure }
}
