import type { QrSegment } from '../../../core/credential/qr.ts'

/** Error correction codewords a block, and blocks, of versions 1 to 27 at level M (ISO/IEC 18004, table 9). */
const correctionOfBlock = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28]
const blocksOf = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25]

/**
 * Returns the codewords of a symbol of level M in the order in which they are placed: data, then error correction, blocks
 * interleaved (7.4 to 7.6). The segments fit the version (1 to 27), which holds `total` codewords.
 */
export function qrCodewords(segments: readonly QrSegment[], version: number, total: number): Uint8Array {
  const correction = correctionOfBlock[version - 1]!
  const blocks = blocksOf[version - 1]!
  const data = dataCodewords(segments, version, total - correction * blocks)
  const shortLength = Math.floor(data.length / blocks)
  const longBlocks = data.length % blocks
  const divisor = divisorOf(correction)
  const out = new Uint8Array(total)
  for (let block = 0, from = 0; block < blocks; block++) {
    const length = shortLength + Number(block >= blocks - longBlocks)
    const bytes = data.subarray(from, from + length)
    for (let i = 0; i < length; i++) {
      // In the last column only the longer blocks stand.
      out[i < shortLength ? i * blocks + block : shortLength * blocks + block - (blocks - longBlocks)] = bytes[i]!
    }
    remainder(bytes, divisor).forEach((byte, i) => {
      out[data.length + i * blocks + block] = byte
    })
    from += length
  }
  return out
}

/** Mode, count and bits of each segment, terminator and padding (7.4). */
function dataCodewords(segments: readonly QrSegment[], version: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  const put = (value: number, bits: number) => {
    for (let bit = bits - 1; bit >= 0; bit--, at++) if ((value >>> bit) & 1) bytes[at >> 3]! |= 128 >> (at & 7)
  }
  for (const { mode, data } of segments) {
    if (mode === 'byte') {
      put(0b0100, 4)
      put(data.length, version < 10 ? 8 : 16)
      for (const byte of data) put(byte, 8)
      continue
    }
    put(0b0001, 4)
    put(data.length, version < 10 ? 10 : version < 27 ? 12 : 14)
    for (let i = 0; i < data.length; i += 3) {
      const digits = data.slice(i, i + 3)
      put(Number(digits), [0, 4, 7, 10][digits.length]!)
    }
  }
  at = (Math.min(at + 4, length * 8) + 7) & ~7
  for (let pad = 0xec; at < length * 8; pad ^= 0xec ^ 0x11) put(pad, 8)
  return bytes
}

/** Powers of 2 in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1, twice over, and their logarithms. */
const power = new Uint8Array(510)
const logarithm = new Uint8Array(256)
for (let i = 0, value = 1; i < 255; i++) {
  power[i] = value
  power[i + 255] = value
  logarithm[value] = i
  value = (value << 1) ^ (value & 128 ? 0x11d : 0)
}

const divisors = new Map<number, Uint8Array>()

/** Logarithms of the coefficients of (x - 1)(x - 2)(x - 4)…, the leading one left out, highest first (none is zero). */
function divisorOf(degree: number): Uint8Array {
  let logarithms = divisors.get(degree)
  if (!logarithms) {
    const coefficients = new Uint8Array(degree)
    coefficients[degree - 1] = 1
    for (let root = 0; root < degree; root++) {
      for (let i = 0; i < degree; i++) {
        const own = coefficients[i]! && power[logarithm[coefficients[i]!]! + root]!
        coefficients[i] = own ^ (coefficients[i + 1] ?? 0)
      }
    }
    logarithms = coefficients.map(coefficient => logarithm[coefficient]!)
    divisors.set(degree, logarithms)
  }
  return logarithms
}

function remainder(bytes: Uint8Array, divisor: Uint8Array): Uint8Array {
  const degree = divisor.length
  const work = new Uint8Array(bytes.length + degree)
  work.set(bytes)
  for (let at = 0; at < bytes.length; at++) {
    if (work[at] === 0) continue
    const factor = logarithm[work[at]!]!
    for (let i = 0; i < degree; i++) work[at + 1 + i]! ^= power[divisor[i]! + factor]!
  }
  return work.subarray(bytes.length)
}
