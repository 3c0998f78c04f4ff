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
const acceptedHeaders = new Map<string, ParsedJwt['header']>()
const maxAcceptedHeaders = 100
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
  const ends: number[] = []
  for (let end = text.indexOf('~'); end !== -1; end = text.indexOf('~', end + 1)) ends.push(end)
  const jwtEnd = ends[0]
  if (jwtEnd === undefined) throw new AppError('format.jwt', 'Not an SD-JWT: no ~')
  const source = new Source(text)
  const jwt = source.jwt(0, jwtEnd, 'dc+sd-jwt')
  const algorithm = jwt.payload._sd_alg ?? 'sha-256'
  if (algorithm !== 'sha-256') throw new AppError('format.newer', 'Unknown here: _sd_alg')
  const bindingAt = ends[ends.length - 1]! + 1
  return {
    jwt,
    disclosures: source.disclosures(ends),
    keyBinding: bindingAt === text.length ? null : source.jwt(bindingAt, text.length, 'kb+jwt'),
    presented: text.slice(0, bindingAt),
  }
}

/** A public P-256 key of a JWK as `cnf.jwk` holds it; undefined when it is anything else, or holds a private part. */
export function p256JwkOf(value: unknown): P256Jwk | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kty, crv, x, y, d } = value as Record<string, unknown>
  if (kty !== 'EC' || crv !== 'P-256' || d !== undefined || !isCoordinate(x) || !isCoordinate(y)) return undefined
  return { kty, crv, x, y }
}

/** The text of an SD-JWT, decoded piece by piece: for texts so small, arrays of their own cost more than the decoding. */
class Source {
  readonly #text: string
  /** The text's letters, then the bytes decoded so far. */
  readonly #bytes: Uint8Array
  #end: number

  constructor(text: string) {
    this.#text = text
    this.#bytes = new Uint8Array(2 * text.length)
    const { read, written } = encoder.encodeInto(text, this.#bytes)
    if (read !== text.length || written !== text.length) throw new AppError('format.jwt', 'Not ASCII')
    this.#end = written
  }

  jwt(from: number, to: number, typ: 'dc+sd-jwt' | 'kb+jwt'): ParsedJwt {
    const headerEnd = this.#text.indexOf('.', from)
    const payloadEnd = this.#text.indexOf('.', headerEnd + 1)
    if (headerEnd === -1 || payloadEnd === -1 || payloadEnd >= to) throw new AppError('format.jwt')
    const header = this.#header(from, headerEnd, typ)
    const payloadBytes = this.#since(this.#decode(headerEnd + 1, payloadEnd, 'format.jwt'))
    const signature = this.#since(this.#decode(payloadEnd + 1, to, 'format.jwt'))
    if (signature.length !== 64) throw new AppError('format.signature-length')
    return { header, payload: jsonOf(payloadBytes), payloadBytes, signingInput: this.#bytes.subarray(from, payloadEnd), signature }
  }

  /** The disclosures between the `~` that stand at `ends`. */
  disclosures(ends: readonly number[]): Disclosure[] {
    if (ends.length === 1) return []
    const start = this.#end
    for (let i = 1; i < ends.length; i++) {
      this.#decode(ends[i - 1]! + 1, ends[i]!, 'format.disclosure')
      // NUL stands nowhere in JSON.
      this.#bytes[this.#end++] = 0
    }
    const jsons = textOf(this.#bytes.subarray(start, this.#end - 1)).split('\0')
    if (jsons.length !== ends.length - 1) throw new AppError('format.disclosure')
    return jsons.map((json, i) => parseDisclosure(this.#text.slice(ends[i]! + 1, ends[i + 1]), json))
  }

  /** The accepted header; the last ones are kept, because they repeat: one a key, with its certificates. */
  #header(from: number, to: number, typ: 'dc+sd-jwt' | 'kb+jwt'): ParsedJwt['header'] {
    const name = `${typ} ${this.#text.slice(from, to)}`
    const known = acceptedHeaders.get(name)
    if (known !== undefined) return known
    const header = acceptHeader(jsonOf(this.#since(this.#decode(from, to, 'format.jwt'))), typ)
    if (acceptedHeaders.size >= maxAcceptedHeaders) acceptedHeaders.clear()
    acceptedHeaders.set(name, header)
    return header
  }

  /** Decodes a piece; where its bytes begin. */
  #decode(from: number, to: number, code: 'format.jwt' | 'format.disclosure'): number {
    const start = this.#end
    try {
      this.#end = decodeBase64urlInto(this.#bytes, from, to, this.#bytes, start)
    } catch (cause) {
      throw new AppError(code, 'Not canonical base64url', { cause })
    }
    return start
  }

  #since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#end)
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw new AppError('format.disclosure', 'Not UTF-8', { cause })
  }
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
