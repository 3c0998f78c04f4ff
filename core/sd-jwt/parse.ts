import type { P256Jwk } from '../crypto/coreCrypto.ts'
import { decodeBase64url } from '../encoding/base64url.ts'
import { fromUtf8, utf8 } from '../encoding/bytes.ts'
import { parseJson } from '../encoding/strictJson.ts'
import { AppError } from '../errors.ts'
import { type Disclosure, parseDisclosure } from './disclosure.ts'

/** An SD-JWT is read up to this many characters. */
export const maxSdJwtLength = 16 * 1024

const maxCertificates = 10
/** Header names by which a token would choose its own key or its own rules. */
const forbidden = ['jwk', 'jku', 'x5u', 'crit', 'b64', 'zip']

/** A JWS in compact form whose header was accepted; its signature is not verified yet. */
export interface ParsedJwt {
  readonly header: { readonly kid?: string; readonly x5c?: readonly string[] }
  readonly payload: Readonly<Record<string, unknown>>
  /** The payload as signed; the log's digest is over these bytes. */
  readonly payloadBytes: Uint8Array
  /** The bytes under the signature. */
  readonly signingInput: Uint8Array
  /** 64 bytes r‖s. */
  readonly signature: Uint8Array
}

/** An SD-JWT VC, perhaps presented with a holder binding; nothing of it is verified yet. */
export interface ParsedSdJwt {
  readonly jwt: ParsedJwt
  readonly disclosures: readonly Disclosure[]
  /** The KB-JWT, or null when there is none. */
  readonly keyBinding: ParsedJwt | null
  /** Everything up to the last `~`: what `sd_hash` is over. */
  readonly presented: string
}

/**
 * The parts of an SD-JWT VC (RFC 9901 4), `typ: dc+sd-jwt`. Throws `format.cap`, `format.jwt`, `format.header`,
 * `format.disclosure`, `format.signature-length`, and `format.newer` for an unknown `alg`, `_sd_alg` or header name.
 */
export function parseSdJwt(text: string): ParsedSdJwt {
  if (text.length > maxSdJwtLength) throw new AppError('format.cap')
  const parts = text.split('~')
  const last = parts.pop()!
  const first = parts.shift()
  if (first === undefined) throw new AppError('format.jwt', 'Not an SD-JWT: no ~')
  const jwt = parseJwt(first, 'dc+sd-jwt')
  const algorithm = jwt.payload._sd_alg ?? 'sha-256'
  if (algorithm !== 'sha-256') throw new AppError('format.newer', 'Unknown here: _sd_alg')
  return {
    jwt,
    disclosures: parts.map(parseDisclosure),
    keyBinding: last === '' ? null : parseJwt(last, 'kb+jwt'),
    presented: text.slice(0, text.length - last.length),
  }
}

/** A public P-256 key of a JWK as `cnf.jwk` holds it; undefined when it is anything else, or holds a private part. */
export function p256JwkOf(value: unknown): P256Jwk | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kty, crv, x, y, d } = value as Record<string, unknown>
  if (kty !== 'EC' || crv !== 'P-256' || d !== undefined || !isCoordinate(x) || !isCoordinate(y)) return undefined
  return { kty, crv, x, y }
}

function parseJwt(text: string, typ: 'dc+sd-jwt' | 'kb+jwt'): ParsedJwt {
  const [header, payload, signature, ...more] = text.split('.')
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) throw new AppError('format.jwt')
  const named = jsonOf(decode(header))
  const accepted = acceptHeader(named, typ)
  const payloadBytes = decode(payload)
  const parsed: ParsedJwt = {
    header: accepted,
    payload: jsonOf(payloadBytes),
    payloadBytes,
    signingInput: utf8(`${header}.${payload}`),
    signature: decode(signature),
  }
  if (parsed.signature.length !== 64) throw new AppError('format.signature-length')
  return parsed
}

function acceptHeader(header: Readonly<Record<string, unknown>>, typ: string): ParsedJwt['header'] {
  const { alg, kid, x5c } = header
  if (header.typ !== typ) throw new AppError('format.header', `typ is not ${typ}`)
  if (typeof alg !== 'string' || /^(none|HS.*)$/i.test(alg)) throw new AppError('format.header', 'No signature algorithm')
  for (const name of forbidden) if (Object.hasOwn(header, name)) throw new AppError('format.header', `${name} is never allowed`)
  if (kid !== undefined && typeof kid !== 'string') throw new AppError('format.header', 'kid is no text')
  if (x5c !== undefined && !isCertificateChain(x5c)) throw new AppError('format.header', 'x5c is no list of certificates')
  if (alg !== 'ES256') throw new AppError('format.newer', 'Unknown here: alg')
  const known = ['alg', 'typ', 'kid', ...(typ === 'dc+sd-jwt' ? ['x5c'] : [])]
  if (Object.keys(header).some(name => !known.includes(name))) throw new AppError('format.newer', 'Unknown here: a header name')
  return { ...(kid === undefined ? {} : { kid }), ...(x5c === undefined ? {} : { x5c }) }
}

function isCertificateChain(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= maxCertificates &&
    value.every(certificate => typeof certificate === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(certificate))
  )
}

function isCoordinate(value: unknown): value is string {
  if (typeof value !== 'string' || value.length !== 43) return false
  try {
    return decodeBase64url(value).length === 32
  } catch {
    return false
  }
}

function decode(text: string): Uint8Array {
  try {
    return decodeBase64url(text)
  } catch (cause) {
    throw new AppError('format.jwt', 'Not canonical base64url', { cause })
  }
}

function jsonOf(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = parseJson(fromUtf8(bytes))
  } catch (cause) {
    throw new AppError('format.jwt', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new AppError('format.jwt', 'Not a JSON object')
  return value as Record<string, unknown>
}
