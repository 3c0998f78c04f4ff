import { AppError } from '../errors.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const codes = Uint8Array.from(alphabet, letter => letter.charCodeAt(0))
const values = new Uint8Array(128).fill(255)
codes.forEach((code, value) => {
  values[code] = value
})
const ascii = new TextDecoder()

/** base64url without padding (RFC 4648 5). */
export function encodeBase64url(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3)
  const out = new Uint8Array(Math.ceil((bytes.length * 4) / 3))
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
  return ascii.decode(out)
}

/**
 * The bytes of base64url without padding. Canonical only: padding, white space, other letters and non-zero trailing
 * bits throw `encoding.base64url`, so that one value has one text.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> {
  const rest = text.length % 4
  if (rest === 1) throw new AppError('encoding.base64url')
  const out = new Uint8Array(Math.floor((text.length * 3) / 4))
  const whole = text.length - rest
  let at = 0
  let bad = 0
  for (let i = 0; i < whole; i += 4) {
    const a = valueAt(text, i)
    const b = valueAt(text, i + 1)
    const c = valueAt(text, i + 2)
    const d = valueAt(text, i + 3)
    bad |= a | b | c | d
    out[at++] = (a << 2) | (b >> 4)
    out[at++] = (b << 4) | (c >> 2)
    out[at++] = (c << 6) | d
  }
  if (rest !== 0) {
    const a = valueAt(text, whole)
    const b = valueAt(text, whole + 1)
    bad |= a | b
    out[at++] = (a << 2) | (b >> 4)
    if (rest === 2) {
      if ((b & 15) !== 0) bad = 128
    } else {
      const c = valueAt(text, whole + 2)
      bad |= c
      out[at++] = (b << 4) | (c >> 2)
      if ((c & 3) !== 0) bad = 128
    }
  }
  if (bad > 63) throw new AppError('encoding.base64url')
  return out
}

function valueAt(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code < 128 ? values[code]! : 255
}
