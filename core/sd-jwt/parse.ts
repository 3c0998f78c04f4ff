import type { P256Jwk } from '../crypto/coreCrypto.ts'
import { decodeBase64url, decodeBase64urlInto } from '../encoding/base64url.ts'
import { fromUtf8 } from '../encoding/bytes.ts'
import { parseJson } from '../encoding/strictJson.ts'
import { AppError } from '../errors.ts'
import { type Disclosure, parseDisclosure } from './disclosure.ts'

/** An SD-JWT is read up to this many characters. */
export const maxSdJwtLength = 16 * 1024

const maxCertificates = 10
const encoder = new TextEncoder()
const acceptedHeaders = { 'dc+sd-jwt': new Map<string, AcceptedHeader>(), 'kb+jwt': new Map<string, AcceptedHeader>() }
const maxAcceptedHeaders = 100
/** The text being parsed and what its pieces decode to: arrays of their own would cost more than the parsing. */
const letters = new Uint8Array(maxSdJwtLength)
const decoded = new Uint8Array(maxSdJwtLength)
/** Header names by which a token would choose its own key or its own rules. */
const forbidden = ['jwk', 'jku', 'x5u', 'crit', 'b64', 'zip']
/** What parsed JWTs keep, each a piece that no other gets: an array of its own costs as much as the decoding. */
let slab = new Uint8Array(4 * maxSdJwtLength)
let slabUsed = 0

/** A JWS in compact form whose header was accepted; its signature is not verified yet. */
export interface ParsedJwt {
  readonly header: { readonly kid?: string; readonly x5c?: readonly string[] }
  readonly payload: Readonly<Record<string, unknown>>
  /** The payload as signed; the log's digest is over these bytes. */
  readonly payloadBytes: Uint8Array
  /** The bytes under the signature. */
  readonly signingInput: Uint8Array
  /** 64 bytes r‖s; of another length only when `newer` holds `alg`. */
  readonly signature: Uint8Array
  /** What of its header is well formed but unknown to this version: `alg`, `header`. */
  readonly newer: readonly string[]
}

type AcceptedHeader = Pick<ParsedJwt, 'header' | 'newer'>

/** An SD-JWT VC, perhaps presented with a holder binding; nothing of it is verified yet. */
export interface ParsedSdJwt {
  readonly jwt: ParsedJwt
  /** None when `newer` holds `_sd_alg`: their digests are not known. */
  readonly disclosures: readonly Disclosure[]
  /** The KB-JWT, or null when there is none. */
  readonly keyBinding: ParsedJwt | null
  /** Everything up to the last `~`: what `sd_hash` is over. */
  readonly presented: string
  /** What is well formed but unknown to this version: `alg`, `header`, `_sd_alg`, `kb-jwt`. */
  readonly newer: readonly string[]
}

/**
 * The parts of an SD-JWT VC (RFC 9901 4), `typ: dc+sd-jwt`. Throws `format.cap`, `format.jwt`, `format.header`,
 * `format.disclosure`, `format.signature-length`, and `format.newer` for an unknown `alg`, `_sd_alg` or header name.
 */
export function parseSdJwt(text: string): ParsedSdJwt {
  const parsed = readSdJwtText(text)
  if (parsed.newer.length > 0) throw new AppError('format.newer', `Unknown here: ${parsed.newer.join(', ')}`)
  return parsed
}

/** As `parseSdJwt`, but what is unknown is named in `newer` so that the remaining checks can run. */
export function readSdJwtText(text: string): ParsedSdJwt {
  if (text.length > maxSdJwtLength) throw new AppError('format.cap')
  const ends: number[] = []
  for (let end = text.indexOf('~'); end !== -1; end = text.indexOf('~', end + 1)) ends.push(end)
  const jwtEnd = ends[0]
  if (jwtEnd === undefined) throw new AppError('format.jwt', 'Not an SD-JWT: no ~')
  const { read, written } = encoder.encodeInto(text, letters)
  if (read !== text.length || written !== text.length) throw new AppError('format.jwt', 'Not ASCII')
  const jwt = parseJwt(text, 0, jwtEnd, 'dc+sd-jwt')
  const isKnownDigest = (jwt.payload._sd_alg ?? 'sha-256') === 'sha-256'
  const disclosures = parseDisclosures(text, ends)
  const bindingAt = ends[ends.length - 1]! + 1
  const keyBinding = bindingAt === text.length ? null : parseJwt(text, bindingAt, text.length, 'kb+jwt')
  const isKnownBinding = keyBinding === null || keyBinding.newer.length === 0
  return {
    jwt,
    disclosures: isKnownDigest ? disclosures : [],
    keyBinding,
    presented: text.slice(0, bindingAt),
    newer:
      isKnownDigest && isKnownBinding
        ? jwt.newer
        : [...jwt.newer, ...(isKnownDigest ? [] : ['_sd_alg']), ...(isKnownBinding ? [] : ['kb-jwt'])],
  }
}

/** A public P-256 key of a JWK as `cnf.jwk` holds it; undefined when it is anything else, or holds a private part. */
export function p256JwkOf(value: unknown): P256Jwk | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kty, crv, x, y, d } = value as Record<string, unknown>
  if (kty !== 'EC' || crv !== 'P-256' || d !== undefined || !isCoordinate(x) || !isCoordinate(y)) return undefined
  return { kty, crv, x, y }
}

/** The JWT that stands in `letters` at [from, to). */
function parseJwt(text: string, from: number, to: number, typ: 'dc+sd-jwt' | 'kb+jwt'): ParsedJwt {
  const headerEnd = text.indexOf('.', from)
  const payloadEnd = text.indexOf('.', headerEnd + 1)
  if (headerEnd === -1 || payloadEnd === -1 || payloadEnd >= to) throw new AppError('format.jwt')
  const { header, newer } = parseHeader(text.slice(from, headerEnd), from, typ)
  // What is decoded is never longer than its letters.
  if (slabUsed + 2 * (to - from) > slab.length) {
    slab = new Uint8Array(slab.length)
    slabUsed = 0
  }
  const signatureAt = decode(headerEnd + 1, payloadEnd, slab, slabUsed, 'format.jwt')
  const signingAt = decode(payloadEnd + 1, to, slab, signatureAt, 'format.jwt')
  if (signingAt - signatureAt !== 64 && !newer.includes('alg')) throw new AppError('format.signature-length')
  const end = signingAt + payloadEnd - from
  slab.set(letters.subarray(from, payloadEnd), signingAt)
  const payloadBytes = slab.subarray(slabUsed, signatureAt)
  slabUsed = end
  return {
    header,
    payload: jsonOf(payloadBytes),
    payloadBytes,
    signingInput: slab.subarray(signingAt, end),
    signature: slab.subarray(signatureAt, signingAt),
    newer,
  }
}

/** The accepted header; the last ones are kept, because they repeat: one a key, with its certificates. */
function parseHeader(header: string, from: number, typ: 'dc+sd-jwt' | 'kb+jwt'): AcceptedHeader {
  const accepted = acceptedHeaders[typ]
  const known = accepted.get(header)
  if (known !== undefined) return known
  const end = decode(from, from + header.length, decoded, 0, 'format.jwt')
  const parsed = acceptHeader(jsonOf(decoded.subarray(0, end)), typ)
  if (accepted.size >= maxAcceptedHeaders) accepted.clear()
  accepted.set(header, parsed)
  return parsed
}

/** The disclosures between the `~` that stand at `ends`. */
function parseDisclosures(text: string, ends: readonly number[]): Disclosure[] {
  if (ends.length === 1) return []
  let at = 0
  for (let i = 1; i < ends.length; i++) {
    at = decode(ends[i - 1]! + 1, ends[i]!, decoded, at, 'format.disclosure')
    // NUL stands nowhere in JSON.
    decoded[at++] = 0
  }
  const jsons = textOf(decoded.subarray(0, at - 1)).split('\0')
  if (jsons.length !== ends.length - 1) throw new AppError('format.disclosure')
  return jsons.map((json, i) => parseDisclosure(text.slice(ends[i]! + 1, ends[i + 1]), json))
}

/** Decodes the letters at [from, to) to `out` at `at`; where the bytes end. */
function decode(from: number, to: number, out: Uint8Array, at: number, code: 'format.jwt' | 'format.disclosure'): number {
  try {
    return decodeBase64urlInto(letters, from, to, out, at)
  } catch (cause) {
    throw new AppError(code, 'Not canonical base64url', { cause })
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw new AppError('format.disclosure', 'Not UTF-8', { cause })
  }
}

function acceptHeader(header: Readonly<Record<string, unknown>>, typ: string): AcceptedHeader {
  const { alg, kid, x5c } = header
  if (header.typ !== typ) throw new AppError('format.header', `typ is not ${typ}`)
  if (typeof alg !== 'string' || /^(none|HS.*)$/i.test(alg)) throw new AppError('format.header', 'No signature algorithm')
  for (const name of forbidden) if (Object.hasOwn(header, name)) throw new AppError('format.header', `${name} is never allowed`)
  if (kid !== undefined && typeof kid !== 'string') throw new AppError('format.header', 'kid is no text')
  if (x5c !== undefined && !isCertificateChain(x5c)) throw new AppError('format.header', 'x5c is no list of certificates')
  const newer = alg === 'ES256' ? [] : ['alg']
  const known = ['alg', 'typ', 'kid', ...(typ === 'dc+sd-jwt' ? ['x5c'] : [])]
  if (Object.keys(header).some(name => !known.includes(name))) newer.push('header')
  return { header: { ...(kid === undefined ? {} : { kid }), ...(x5c === undefined ? {} : { x5c }) }, newer }
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
