import { AppError } from '../errors.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const codes = Uint8Array.from(alphabet, letter => letter.charCodeAt(0))
const values = new Uint8Array(256).fill(255)
codes.forEach((code, value) => {
  values[code] = value
})
const ascii = new TextDecoder()
const encoder = new TextEncoder()
const scratch = new Uint8Array(4096)

/** base64url without padding (RFC 4648 5). */
export function encodeBase64url(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3)
  const length = Math.ceil((bytes.length * 4) / 3)
  const out = length <= scratch.length ? scratch : new Uint8Array(length)
  let at = 0
  for (let i = 0; i < whole; i += 3) {
    const group = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    out[at++] = codes[group >> 18]!
    out[at++] = codes[(group >> 12) & 63]!
    out[at++] = codes[(group >> 6) & 63]!
    out[at++] = codes[group & 63]!
  }
  if (bytes.length - whole === 1) {
    out[at++] = codes[bytes[whole]! >> 2]!
    out[at++] = codes[(bytes[whole]! & 3) << 4]!
  } else if (bytes.length - whole === 2) {
    const group = (bytes[whole]! << 8) | bytes[whole + 1]!
    out[at++] = codes[group >> 10]!
    out[at++] = codes[(group >> 4) & 63]!
    out[at++] = codes[(group & 15) << 2]!
  }
  return ascii.decode(out.subarray(0, length))
}

/**
 * The bytes of base64url without padding. Canonical only: padding, white space, other letters and non-zero trailing
 * bits throw `encoding.base64url`, so that one value has one text.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> {
  const letters = encoder.encode(text)
  const out = new Uint8Array(Math.floor((letters.length * 3) / 4))
  decodeBase64urlInto(letters, 0, letters.length, out, 0)
  return out
}

/**
 * As `decodeBase64url`, of the letters (UTF-8) in [from, to), written to `out` at `outAt`; returns where the bytes end. For
 * many small texts in one: a typed array of its own for each costs more than the decoding.
 */
export function decodeBase64urlInto(letters: Uint8Array, from: number, to: number, out: Uint8Array, outAt: number): number {
  const rest = (to - from) % 4
  if (rest === 1) throw new AppError('encoding.base64url')
  const whole = to - rest
  let at = outAt
  let bad = 0
  for (let i = from; i < whole; i += 4) {
    const a = values[letters[i]!]!
    const b = values[letters[i + 1]!]!
    const c = values[letters[i + 2]!]!
    const d = values[letters[i + 3]!]!
    bad |= a | b | c | d
    out[at++] = (a << 2) | (b >> 4)
    out[at++] = (b << 4) | (c >> 2)
    out[at++] = (c << 6) | d
  }
  if (rest !== 0) {
    const a = values[letters[whole]!]!
    const b = values[letters[whole + 1]!]!
    bad |= a | b
    out[at++] = (a << 2) | (b >> 4)
    if (rest === 2) {
      if ((b & 15) !== 0) bad = 255
    } else {
      const c = values[letters[whole + 2]!]!
      bad |= c
      out[at++] = (b << 4) | (c >> 2)
      if ((c & 3) !== 0) bad = 255
    }
  }
  if (bad > 63) throw new AppError('encoding.base64url')
  return at
}
