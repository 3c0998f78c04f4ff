import { encodeBase64url } from '../encoding/base64url.ts'
import { utf8 } from '../encoding/bytes.ts'
import { parseJson } from '../encoding/strictJson.ts'
import { AppError } from '../errors.ts'

/** The JSON of most disclosures: three texts without an escape, which need no JSON parser. */
const plainTexts = /^\["[ !#-[\]-\uffff]*", ?"([ !#-[\]-\uffff]*)", ?"([ !#-[\]-\uffff]*)"\]$/

/** A disclosure (RFC 9901 4.2), parsed. Its digest is over `text` as it stands. */
export interface Disclosure {
  readonly text: string
  /** The claim's name; undefined for an element of an array. */
  readonly name: string | undefined
  readonly value: unknown
}

/** The text of a disclosure of a claim; `salt` is 16 random bytes, never used twice. Throws `format.disclosure` for a name that is never allowed. */
export function encodeDisclosure(salt: Uint8Array, name: string, value: unknown): string {
  if (salt.length !== 16 || isReserved(name)) throw new AppError('format.disclosure')
  return encodeBase64url(utf8(JSON.stringify([encodeBase64url(salt), name, value])))
}

/** The disclosure of a text, and of the JSON that it decodes to. Throws `format.disclosure` (RFC 9901 7.1). */
export function parseDisclosure(text: string, json: string): Disclosure {
  const plain = plainTexts.exec(json)
  if (plain !== null && !isReserved(plain[1]!)) return { text, name: plain[1], value: plain[2] }
  let parts: unknown
  try {
    parts = parseJson(json)
  } catch (cause) {
    throw new AppError('format.disclosure', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
  if (!Array.isArray(parts) || typeof parts[0] !== 'string') throw new AppError('format.disclosure')
  if (parts.length === 2) return { text, name: undefined, value: parts[1] }
  const name: unknown = parts[1]
  if (parts.length !== 3 || typeof name !== 'string' || isReserved(name)) throw new AppError('format.disclosure')
  return { text, name, value: parts[2] }
}

function isReserved(name: string): boolean {
  return name === '_sd' || name === '...' || name === '__proto__'
}
