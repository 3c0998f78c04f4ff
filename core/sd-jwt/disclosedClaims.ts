import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { utf8 } from '../encoding/bytes.ts'
import { AppError } from '../errors.ts'
import type { Disclosure } from './disclosure.ts'

type JsonObject = Record<string, unknown>

export type DigestPort = Pick<CoreCrypto, 'sha256' | 'sha256Base64url'>

/** Base64url of SHA-256 over an ASCII text: the digest of a disclosure (RFC 9901 4.2.3), or `sd_hash`. */
export function textDigest(text: string, crypto: DigestPort): string | Promise<string> {
  if (crypto.sha256Base64url !== undefined) return crypto.sha256Base64url(text)
  const digest = crypto.sha256(utf8(text))
  return digest instanceof Uint8Array ? encodeBase64url(digest) : digest.then(encodeBase64url)
}

/**
 * The claims with every disclosed one in its place, without `_sd` and `_sd_alg` (RFC 9901 7.1, step 3). Throws
 * `format.disclosure` for a digest or claim that occurs twice and for a disclosure that nothing refers to.
 */
export function disclosedClaims(
  payload: Readonly<JsonObject>,
  disclosures: readonly Disclosure[],
  crypto: DigestPort,
): JsonObject | Promise<JsonObject> {
  const digests = disclosures.map(({ text }) => textDigest(text, crypto))
  return digests.every(digest => typeof digest === 'string')
    ? openPayload(payload, disclosures, digests)
    : Promise.all(digests).then(resolved => openPayload(payload, disclosures, resolved))
}

function openPayload(payload: Readonly<JsonObject>, disclosures: readonly Disclosure[], digests: readonly string[]): JsonObject {
  const places: Opening['places'] = new Map()
  for (let i = 0; i < digests.length; i++) places.set(digests[i]!, disclosures[i]!)
  const opening = { places, used: 0 }
  const claims = openObject(payload, opening, '_sd_alg')
  if (opening.used !== disclosures.length) throw new AppError('format.disclosure', 'A disclosure is not referenced, or given twice')
  return claims
}

interface Opening {
  /** What each digest stands for; null for one that was met, because none may occur twice. */
  readonly places: Map<string, Disclosure | null>
  /** How many disclosures found their place. */
  used: number
}

function openValue(value: unknown, opening: Opening): unknown {
  if (Array.isArray(value)) return openArray(value, opening)
  return isObject(value) ? openObject(value, opening) : value
}

function openObject(object: Readonly<JsonObject>, opening: Opening, leftOut?: string): JsonObject {
  const out: JsonObject = {}
  for (const name of Object.keys(object)) {
    if (name === '...') throw new AppError('format.disclosure', 'A claim named ...')
    if (name !== '_sd' && name !== leftOut) out[name] = openValue(object[name], opening)
  }
  const digests = object._sd
  if (digests === undefined) return out
  if (!Array.isArray(digests)) throw new AppError('format.disclosure', '_sd is no array')
  for (const digest of digests) {
    const disclosure = take(digest, opening)
    if (disclosure === undefined) continue
    const { name } = disclosure
    if (name === undefined || Object.hasOwn(out, name))
      throw new AppError('format.disclosure', 'A disclosed claim has no name or occurs twice')
    out[name] = openValue(disclosure.value, opening)
  }
  return out
}

function openArray(array: readonly unknown[], opening: Opening): unknown[] {
  const out: unknown[] = []
  for (const element of array) {
    if (!isObject(element) || !Object.hasOwn(element, '...')) {
      out.push(openValue(element, opening))
      continue
    }
    if (Object.keys(element).length !== 1) throw new AppError('format.disclosure', 'An array digest with other names')
    const disclosure = take(element['...'], opening)
    if (disclosure === undefined) continue
    if (disclosure.name !== undefined) throw new AppError('format.disclosure', 'An array element with a name')
    out.push(openValue(disclosure.value, opening))
  }
  return out
}

function take(digest: unknown, opening: Opening): Disclosure | undefined {
  if (typeof digest !== 'string') throw new AppError('format.disclosure', 'A digest is no text')
  const disclosure = opening.places.get(digest)
  if (disclosure === null) throw new AppError('format.disclosure', 'A digest occurs twice')
  opening.places.set(digest, null)
  if (disclosure !== undefined) opening.used++
  return disclosure
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
