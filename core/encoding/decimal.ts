import { AppError } from '../errors.ts'

/** Digits of a last group of 0..6 bytes; a full group is 7 bytes as 17 digits. */
const lastGroupDigits = [0, 3, 5, 8, 10, 13, 15]
const bytesOfLastGroup = new Map(lastGroupDigits.map((digits, bytes) => [digits, bytes]))

/** How many digits `encodeDecimal` makes of so many bytes. */
export function decimalLength(byteLength: number): number {
  return Math.floor(byteLength / 7) * 17 + lastGroupDigits[byteLength % 7]!
}

/** Decimal text form: each 7 bytes, big-endian, as 17 digits; a last group of 1..6 bytes as 3, 5, 8, 10, 13, 15 (formats 1). */
export function encodeDecimal(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 7)
  let out = ''
  for (let i = 0; i < whole; i += 7) {
    // 56 bits do not fit a double: divide by 1e9 in steps of 16 bits, each exact.
    const first = ((bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!) * 0x10000 + ((bytes[i + 3]! << 8) | bytes[i + 4]!)
    const second = (first % 1e9) * 0x10000 + ((bytes[i + 5]! << 8) | bytes[i + 6]!)
    out += String(Math.floor(first / 1e9) * 0x10000 + Math.floor(second / 1e9)).padStart(8, '0')
    out += String(second % 1e9).padStart(9, '0')
  }
  if (whole === bytes.length) return out
  let last = 0
  for (let i = whole; i < bytes.length; i++) last = last * 256 + bytes[i]!
  return out + String(last).padStart(lastGroupDigits[bytes.length - whole]!, '0')
}

/** The bytes of a decimal text form. A group too large for its bytes, another length or another letter throws `encoding.decimal`. */
export function decodeDecimal(digits: string): Uint8Array<ArrayBuffer> {
  const lastDigits = digits.length % 17
  const lastBytes = bytesOfLastGroup.get(lastDigits)
  if (lastBytes === undefined) throw new AppError('encoding.decimal', 'No bytes have so many digits')
  const groups = (digits.length - lastDigits) / 17
  const out = new Uint8Array(groups * 7 + lastBytes)
  for (let group = 0; group < groups; group++) {
    const high = numberAt(digits, group * 17, 8)
    const low = numberAt(digits, group * 17 + 8, 9)
    // high * 1e9 + low in units of 512 (1e9 = 1953125 * 512), which a double holds exactly.
    const units = high * 1953125 + (low >>> 9)
    if (units >= 2 ** 47) throw new AppError('encoding.decimal', 'A group is too large for its bytes')
    const first = Math.floor(units / 0x800000)
    const second = ((units - first * 0x800000) << 9) | (low & 511)
    const at = group * 7
    out[at] = first >> 16
    out[at + 1] = first >> 8
    out[at + 2] = first
    out[at + 3] = second >> 24
    out[at + 4] = second >> 16
    out[at + 5] = second >> 8
    out[at + 6] = second
  }
  if (lastBytes === 0) return out
  let last = numberAt(digits, groups * 17, lastDigits)
  if (last >= 256 ** lastBytes) throw new AppError('encoding.decimal', 'A group is too large for its bytes')
  for (let i = out.length - 1; i >= groups * 7; i--) {
    out[i] = last % 256
    last = Math.floor(last / 256)
  }
  return out
}

function numberAt(digits: string, from: number, count: number): number {
  let value = 0
  for (let i = from; i < from + count; i++) {
    const digit = digits.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) throw new AppError('encoding.decimal', 'Not a digit')
    value = value * 10 + digit
  }
  return value
}
