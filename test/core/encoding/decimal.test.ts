import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decimalLength, decodeDecimal, encodeDecimal } from '../../../core/encoding/decimal.ts'
import { thrownCode } from '../../support/thrownCode.ts'

test('formats 1: a group of 7 bytes is 17 digits, a last one of 1..6 bytes 3, 5, 8, 10, 13, 15', () => {
  const full = new Uint8Array(14).fill(0xff)
  expect([1, 2, 3, 4, 5, 6, 7, 8].map(length => encodeDecimal(full.subarray(0, length)))).toEqual([
    '255',
    '65535',
    '16777215',
    '4294967295',
    '1099511627775',
    '281474976710655',
    '72057594037927935',
    '72057594037927935255',
  ])
  expect(encodeDecimal(new Uint8Array(7))).toBe('0'.repeat(17))
  expect(encodeDecimal(Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 7))).toBe('00000000000000256007')
})

test('every byte string comes back, and each group is its big-endian integer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300, size: 'max' }), bytes => {
      const digits = encodeDecimal(bytes)
      expect(digits).toHaveLength(decimalLength(bytes.length))
      expect(Buffer.from(decodeDecimal(digits)).equals(bytes)).toBe(true)
      for (let i = 0; 7 * i + 7 <= bytes.length; i++) {
        const group = BigInt(`0x${Buffer.from(bytes.subarray(7 * i, 7 * i + 7)).toString('hex')}`)
        expect(BigInt(digits.slice(17 * i, 17 * i + 17))).toBe(group)
      }
    }),
    { numRuns: 500 },
  )
})

test('the largest value of each group passes and the next is refused', () => {
  for (const bytes of [1, 2, 3, 4, 5, 6, 7]) {
    const largest = 256n ** BigInt(bytes) - 1n
    const digits = decimalLength(bytes)
    expect(decodeDecimal(String(largest).padStart(digits, '0'))).toEqual(new Uint8Array(bytes).fill(0xff))
    expect(thrownCode(() => decodeDecimal(String(largest + 1n).padStart(digits, '0')))).toBe('encoding.decimal')
    expect(thrownCode(() => decodeDecimal('9'.repeat(digits)))).toBe('encoding.decimal')
  }
})

test('any other length is refused', () => {
  const allowed = [0, 3, 5, 8, 10, 13, 15]
  for (let length = 0; length < 40; length++) {
    expect(thrownCode(() => decodeDecimal('0'.repeat(length)))).toBe(allowed.includes(length % 17) ? 'none' : 'encoding.decimal')
  }
})

test('only the ten digits are digits', () => {
  for (const text of ['12a', '1 2', '-12', '+12', '1.2', '١٢٣', '１２３', '1e2', '00000000000000000 12']) {
    expect(thrownCode(() => decodeDecimal(text))).toBe('encoding.decimal')
  }
})
