import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compareBytes, concatBytes, equalBytes, fromHex, fromUtf8, toHex, utf8 } from '../../../core/encoding/bytes.ts'
import { thrownCode } from '../../support/thrownCode.ts'

test('hexadecimal is lowercase and comes back', () => {
  fc.assert(fc.property(fc.uint8Array(), bytes => equalBytes(fromHex(toHex(bytes)), bytes)))
  for (const text of ['0', '0G', 'AB', '0x00', ' 00', '00\n']) expect(thrownCode(() => fromHex(text))).toBe('encoding.hex')
})

test('UTF-8 comes back; malformed bytes and lone surrogates are refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), text => fromUtf8(utf8(text)) === text))
  for (const hex of ['ff', 'c080', 'eda080', 'f4908080', 'e28c']) expect(thrownCode(() => fromUtf8(fromHex(hex)))).toBe('encoding.utf8')
  for (const text of ['\ud800', 'a\udc00']) expect(thrownCode(() => utf8(text))).toBe('encoding.utf8')
  expect(fromUtf8(fromHex('efbbbf41'))).toBe('\ufeffA')
  expect(fromUtf8(fromHex('41efbfbd'))).toBe('A\ufffd')
  expect(thrownCode(() => fromUtf8(fromHex('efbfbdff')))).toBe('encoding.utf8')
})

test('any bytes are read as a fatal decoder reads them', () => {
  const fatal = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const lead = fc.constantFrom(0x41, 0x7f, 0x80, 0xbf, 0xc2, 0xe0, 0xe1, 0xed, 0xef, 0xbb, 0xbd, 0xf0, 0xf4, 0xff)
  fc.assert(
    fc.property(fc.array(fc.oneof(lead, fc.nat(255)), { maxLength: 8 }), array => {
      const bytes = Uint8Array.from(array)
      let expected: string
      try {
        expected = fatal.decode(bytes)
      } catch {
        return thrownCode(() => fromUtf8(bytes)) === 'encoding.utf8'
      }
      return fromUtf8(bytes) === expected
    }),
    { numRuns: 2000 },
  )
})

test('order and equality are those of Buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4, max: 2 }), fc.uint8Array({ maxLength: 4, max: 2 }), (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b))
      expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
      expect(Buffer.concat([a, b, a]).equals(concatBytes(a, b, a))).toBe(true)
    }),
  )
})
