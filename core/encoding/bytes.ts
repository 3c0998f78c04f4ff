import { AppError } from '../errors.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const fatalDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const hexDigits = '0123456789abcdef'

/** The parts, one after another, in a new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Whether both hold the same bytes. Not constant-time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order of bytes, a shorter prefix first: negative, 0 or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

/** Lowercase hexadecimal without prefix. */
export function toHex(bytes: Uint8Array): string {
  let out = ''
  for (const byte of bytes) out += hexDigits[byte >> 4]! + hexDigits[byte & 15]!
  return out
}

/** The bytes of lowercase hexadecimal without prefix. Throws `encoding.hex`. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) throw new AppError('encoding.hex')
  const out = new Uint8Array(text.length / 2)
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return out
}

/** UTF-8 of a text. Throws `encoding.utf8` for a lone surrogate. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  if (!text.isWellFormed()) throw new AppError('encoding.utf8')
  return encoder.encode(text)
}

/** The text of UTF-8 bytes, a byte order mark kept. Throws `encoding.utf8`. */
export function fromUtf8(bytes: Uint8Array): string {
  const text = decoder.decode(bytes)
  // Every fault becomes U+FFFD. Node's fatal decoder takes 4 us for any text that is not ASCII, beside the 60 of a verification.
  if (!text.includes('\ufffd')) return text
  try {
    return fatalDecoder.decode(bytes)
  } catch (cause) {
    throw new AppError('encoding.utf8', undefined, { cause })
  }
}
