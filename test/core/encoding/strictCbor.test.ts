import { expect, test } from '@jest/globals'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import fc from 'fast-check'
import { fromHex, toHex } from '../../../core/encoding/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../../core/encoding/strictCbor.ts'
import { thrownCode } from '../../support/thrownCode.ts'

const text = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 30 }))
  .map(value => value.toWellFormed().normalize('NFC'))
const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32),
)
const leaf: fc.Arbitrary<CborValue> = fc.oneof(integer, text, fc.uint8Array({ maxLength: 300 }), fc.boolean(), fc.constant(null))
const { value } = fc.letrec<{ value: CborValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(fc.oneof(integer, text), tie('value')), { selector: ([key]) => `${typeof key}${key}`, maxLength: 6 })
      .map(entries => new Map(entries)),
  ),
}))

test('RFC 8949 appendix A: what the dialect holds is encoded as printed there', () => {
  const vectors: [CborValue, string][] = [
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [100, '1864'],
    [1000, '1903e8'],
    [1000000, '1a000f4240'],
    [1000000000000, '1b000000e8d4a51000'],
    [-1, '20'],
    [-10, '29'],
    [-100, '3863'],
    [-1000, '3903e7'],
    [false, 'f4'],
    [true, 'f5'],
    [null, 'f6'],
    [new Uint8Array(0), '40'],
    [Uint8Array.of(1, 2, 3, 4), '4401020304'],
    ['', '60'],
    ['IETF', '6449455446'],
    ['"\\', '62225c'],
    ['ü', '62c3bc'],
    ['水', '63e6b0b4'],
    ['\u{10151}', '64f0908591'],
    [[], '80'],
    [[1, [2, 3], [4, 5]], '8301820203820405'],
    [Array.from({ length: 25 }, (_, i) => i + 1), '98190102030405060708090a0b0c0d0e0f101112131415161718181819'],
    [new Map(), 'a0'],
    [new Map([[3, 4], [1, 2]]), 'a201020304'], // biome-ignore format: a map reads as a line
    [new Map<CborValue, CborValue>([['a', 1], ['b', [2, 3]]]), 'a26161016162820203'], // biome-ignore format: a map reads as a line
  ]
  for (const [item, hex] of vectors) {
    expect(toHex(encodeCbor(item))).toBe(hex)
    expect(decodeCbor(fromHex(hex))).toEqual(item)
  }
})

test('every value is encoded as cborg encodes it deterministically, and comes back', () => {
  fc.assert(
    fc.property(value, item => {
      const bytes = encodeCbor(item)
      expect(toHex(bytes)).toBe(toHex(encode(item, rfc8949EncodeOptions)))
      expect(decodeCbor(bytes)).toEqual(item)
    }),
    { numRuns: 2000 },
  )
})

test('whatever decodes is exactly what the value encodes to, and what cborg decodes', () => {
  const mutated = fc.tuple(value, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([item, at, byte]) => {
    const bytes = encodeCbor(item)
    bytes[at % bytes.length] = byte
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), mutated), bytes => {
      let item: CborValue
      try {
        item = decodeCbor(bytes)
      } catch {
        expect(thrownCode(() => decodeCbor(bytes))).toMatch(/^encoding\./)
        return
      }
      expect(toHex(encodeCbor(item))).toBe(toHex(bytes))
      expect(decode(bytes, { strict: true, useMaps: true, rejectDuplicateMapKeys: true, allowIndefinite: false })).toEqual(item)
    }),
    { numRuns: 20_000 },
  )
})

test.each([
  ['map keys out of order', 'a204010102'],
  ['a map key twice', 'a201010102'],
  ['an integer longer than needed', '1801'],
  ['an integer longer than needed, 2 bytes', '190001'],
  ['an integer longer than needed, 4 bytes', '1a0000ffff'],
  ['an integer longer than needed, 8 bytes', '1b00000000ffffffff'],
  ['a length longer than needed', '5801ff'],
  ['an indefinite map', 'bf0101ff'],
  ['an indefinite array', '9f01ff'],
  ['an indefinite text', '7f6161ff'],
  ['an indefinite byte string', '5f4101ff'],
  ['a half float', 'f93c00'],
  ['a float', 'fa3f800000'],
  ['a double', 'fb3ff8000000000000'],
  ['NaN', 'f97e00'],
  ['undefined', 'f7'],
  ['a simple value', 'f0'],
  ['a simple value in two bytes', 'f8ff'],
  ['a tag', 'c101'],
  ['a bignum', 'c249010000000000000000'],
  ['an integer of 2^53', '1b0020000000000000'],
  ['an integer of 2^64 - 1', '1bffffffffffffffff'],
  ['a negative integer of -2^53', '3b001fffffffffffff'],
  ['a reserved head', '1c'],
  ['a break alone', 'ff'],
  ['bytes after the end', '0101'],
  ['nothing', ''],
  ['a map cut off', 'a101'],
  ['an array of 2^63 items', '9b7fffffffffffffff'],
  ['an array of 2^32 items', '9affffffff01'],
  ['a map of 2^32 entries', 'baffffffff'],
  ['a text of 2^32 bytes', '7affffffff61'],
])('refused: %s', (_, hex) => {
  expect(thrownCode(() => decodeCbor(fromHex(hex)))).toBe('encoding.cbor')
})

test('text is UTF-8 and NFC in both directions', () => {
  expect(thrownCode(() => decodeCbor(fromHex('62c328')))).toBe('encoding.utf8')
  expect(thrownCode(() => decodeCbor(fromHex('63eda080')))).toBe('encoding.utf8')
  const decomposed = 'Nguyễn'.normalize('NFD')
  expect(thrownCode(() => decodeCbor(encode(decomposed)))).toBe('encoding.cbor')
  expect(thrownCode(() => encodeCbor(decomposed))).toBe('encoding.cbor')
  expect(thrownCode(() => encodeCbor('\ud800'))).toBe('encoding.cbor')
  expect(thrownCode(() => encodeCbor(new Map([[decomposed, 1]])))).toBe('encoding.cbor')
})

test('eight levels pass and nine do not', () => {
  const nested = (depth: number): CborValue => (depth === 0 ? 1 : [nested(depth - 1)])
  expect(decodeCbor(encodeCbor(nested(8)))).toEqual(nested(8))
  expect(thrownCode(() => encodeCbor(nested(9)))).toBe('encoding.cbor')
  expect(thrownCode(() => decodeCbor(fromHex(`${'81'.repeat(9)}01`)))).toBe('encoding.cbor')
  expect(thrownCode(() => decodeCbor(new Uint8Array(100_000).fill(0x81)))).toBe('encoding.cbor')
})

test('what the dialect does not hold is not encoded', () => {
  for (const item of [1.5, Number.NaN, 2 ** 53, -(2 ** 53), undefined, 1n, {}, new Date(0), Symbol.iterator, () => 1]) {
    expect(thrownCode(() => encodeCbor(item as CborValue))).toBe('encoding.cbor')
  }
  const twice = new Map<CborValue, CborValue>([[Uint8Array.of(1), 1], [Uint8Array.of(1), 2]]) // biome-ignore format: a map reads as a line
  expect(thrownCode(() => encodeCbor(twice))).toBe('encoding.cbor')
  expect(toHex(encodeCbor('after an error'))).toBe(`6e${toHex(Buffer.from('after an error'))}`)
})
