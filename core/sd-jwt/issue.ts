import type { P256Jwk, SignEs256 } from '../crypto/coreCrypto.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { utf8 } from '../encoding/bytes.ts'
import { AppError } from '../errors.ts'
import { type DigestPort, textDigest } from './disclosedClaims.ts'
import { encodeDisclosure } from './disclosure.ts'
import { maxSdJwtLength } from './parse.ts'

export interface SdJwtToIssue {
  /** `kid` in b64u; `x5c` base64 DER, leaf first, no root. */
  readonly header: { readonly kid: string; readonly x5c?: readonly string[] }
  /** Claims that everyone sees. */
  readonly claims: Readonly<Record<string, unknown>>
  /** Claims that the holder discloses one by one; an undefined one is left out. */
  readonly selective: Readonly<Record<string, unknown>>
  /** The holder's key, for `cnf.jwk`. */
  readonly holderKey?: P256Jwk
}

/**
 * A new SD-JWT VC with all its disclosures, and the bytes of its payload (the log's digest is over them). `randomBytes` gives
 * the salts, 16 bytes a claim. Throws `format.disclosure` for a claim given twice, `format.cap` past 16 KiB (RFC 9901 5).
 */
export async function issueSdJwt(
  { header, claims, selective, holderKey }: SdJwtToIssue,
  port: { sign: SignEs256; crypto: DigestPort; randomBytes: (length: number) => Uint8Array },
): Promise<{ text: string; payload: Uint8Array }> {
  const named = Object.entries(selective).filter(([, value]) => value !== undefined)
  if (named.some(([name]) => Object.hasOwn(claims, name))) throw new AppError('format.disclosure', 'A claim is given twice')
  const salts = port.randomBytes(16 * named.length)
  const disclosures = named.map(([name, value], i) => encodeDisclosure(salts.subarray(16 * i, 16 * i + 16), name, value))
  const digests: string[] = []
  for (const disclosure of disclosures) {
    const digest = textDigest(disclosure, port.crypto)
    digests.push(typeof digest === 'string' ? digest : await digest)
  }
  const payload = utf8(
    JSON.stringify({
      ...claims,
      ...(holderKey === undefined ? {} : { cnf: { jwk: { kty: holderKey.kty, crv: holderKey.crv, x: holderKey.x, y: holderKey.y } } }),
      _sd_alg: 'sha-256',
      _sd: digests.sort(),
    }),
  )
  const jwt = await signJwt({ alg: 'ES256', typ: 'dc+sd-jwt', ...header }, payload, port.sign)
  const text = `${[jwt, ...disclosures].join('~')}~`
  if (text.length > maxSdJwtLength) throw new AppError('format.cap')
  return { text, payload }
}

/** A compact JWS of a header and the bytes of a payload. */
export async function signJwt(header: object, payload: Uint8Array, sign: SignEs256): Promise<string> {
  const signingInput = `${encodeBase64url(utf8(JSON.stringify(header)))}.${encodeBase64url(payload)}`
  return `${signingInput}.${encodeBase64url(await sign(utf8(signingInput)))}`
}
