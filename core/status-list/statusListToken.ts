import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { fromUtf8 } from '../encoding/bytes.ts'
import { parseJson } from '../encoding/strictJson.ts'
import { AppError } from '../errors.ts'
import { type Es256Signer, type Jws, parseCompactJws, signCompactJws } from '../trust/jws.ts'
import { inflate } from './inflate.ts'

export const statusListType = 'statuslist+jwt'
/** Seconds from `iat` to `exp`, and the seconds a copy may be kept. */
const statusListLifetime = 24 * 3600
export const statusListTtl = 300

export const maxStatusListLength = 256 * 1024
const maxBytes = 8 * 1024 * 1024

/** A status list as it was signed; the signature (`jws`) is not verified yet. Times in seconds. */
export interface StatusListToken {
  readonly jws: Jws
  readonly sub: string
  readonly iat: number
  readonly exp: number
  readonly ttl: number | undefined
  /** Two bits an entry, least significant first. */
  readonly bits: Uint8Array
}

/** A status list to be signed; `statuses` are the bytes of `newStatusBits`. */
export interface StatusListInput {
  readonly sub: string
  /** Seconds; `exp` is 24 h later. */
  readonly iat: number
  readonly bits: 2
  readonly statuses: Uint8Array
}

/** zlib (RFC 1950) of bytes. */
export type Deflate = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>

/**
 * The status list token: a compact JWS, `typ: statuslist+jwt`, payload in canonical JSON (formats 3). `deflate` is the
 * platform's zlib; without it CompressionStream.
 */
export async function signStatusListToken(input: StatusListInput, signer: Es256Signer, deflate: Deflate = deflateStream): Promise<string> {
  const { sub, iat, bits, statuses } = input
  const lst = encodeBase64url(await deflate(statuses))
  return signCompactJws(statusListType, { exp: iat + statusListLifetime, iat, status_list: { bits, lst }, sub, ttl: statusListTtl }, signer)
}

/**
 * The parsed token, inflated to at most 8 MiB. Throws `status-list.malformed`, `status-list.bits` (another width than 2),
 * `jws.malformed` or `jws.newer`; its signature and times are for the caller to judge.
 */
export async function parseStatusListToken(jwt: string): Promise<StatusListToken> {
  if (jwt.length > maxStatusListLength) throw new AppError('status-list.malformed', 'Larger than 256 KiB')
  const jws = parseCompactJws(jwt, statusListType)
  const payload = asObject(asStatusList(() => parseJson(fromUtf8(jws.payload))))
  const { sub, iat, exp, ttl } = payload
  const list = asObject(payload.status_list)
  if (typeof sub !== 'string' || !isTime(iat) || !isTime(exp) || (ttl !== undefined && !isTime(ttl)) || typeof list.lst !== 'string') {
    throw new AppError('status-list.malformed', 'A claim is missing or malformed')
  }
  if (list.bits !== 2) throw new AppError('status-list.bits')
  const { lst } = list
  const compressed = asStatusList(() => decodeBase64url(lst as string))
  let bits: Uint8Array
  try {
    bits = await inflate(compressed, maxBytes)
  } catch (cause) {
    throw new AppError('status-list.malformed', 'lst does not inflate within 8 MiB', { cause })
  }
  return { jws, sub, iat, exp, ttl, bits }
}

async function deflateStream(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

function asStatusList<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new AppError('status-list.malformed', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new AppError('status-list.malformed')
  return value as Record<string, unknown>
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
