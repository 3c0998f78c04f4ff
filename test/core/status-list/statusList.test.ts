import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import { inflate } from '../../../core/status-list/inflate.ts'
import { getStatus, newStatusBits, setStatus } from '../../../core/status-list/statusList.ts'

test('Token Status List 4.1: the one-bit example', async () => {
  const bits = await inflate(decodeBase64url('eNrbuRgAAhcBXQ'), 100)
  expect([...bits]).toEqual([0xb9, 0xa3])
  expect(Array.from({ length: 16 }, (_, i) => getStatus(bits, i, 1))).toEqual([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])
})

test('Token Status List 4.1: the two-bit example', async () => {
  const bits = await inflate(decodeBase64url('eNo76fITAAPfAgc'), 100)
  expect([...bits]).toEqual([0xc9, 0x44, 0xf9])
  expect(Array.from({ length: 12 }, (_, i) => getStatus(bits, i))).toEqual([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3])
})

test('a new list says "never issued" everywhere and ends where it ends', () => {
  const bits = newStatusBits()
  expect(bits.length).toBe(32_768)
  expect(getStatus(bits, 0)).toBe(3)
  expect(getStatus(bits, 131_071)).toBe(3)
  for (const idx of [131_072, -1, 0.5, Number.NaN, 2 ** 53]) expect(getStatus(bits, idx)).toBeUndefined()
  expect(() => setStatus(bits, 131_072, 0)).toThrow(RangeError)
  expect(() => setStatus(bits, 0, 4)).toThrow(RangeError)
})

test('setting an entry changes that entry alone', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 4, 8),
      fc.uint8Array({ minLength: 1, maxLength: 16 }),
      fc.nat(),
      fc.nat(),
      (width, bytes, at, value) => {
        const size = (bytes.length * 8) / width
        const idx = at % size
        const before = Array.from({ length: size }, (_, i) => getStatus(bytes, i, width))
        const wanted = value % 2 ** width
        setStatus(bytes, idx, wanted, width)
        before[idx] = wanted
        expect(Array.from({ length: size }, (_, i) => getStatus(bytes, i, width))).toEqual(before)
      },
    ),
  )
})
