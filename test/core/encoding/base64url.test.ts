import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { thrownCode } from '../../support/thrownCode.ts'

test('RFC 4648 10: the test vectors, without padding', () => {
  const vectors = { '': '', f: 'Zg', fo: 'Zm8', foo: 'Zm9v', foob: 'Zm9vYg', fooba: 'Zm9vYmE', foobar: 'Zm9vYmFy' }
  for (const [text, encoded] of Object.entries(vectors)) {
    expect(encodeBase64url(Buffer.from(text))).toBe(encoded)
    expect(Buffer.from(decodeBase64url(encoded)).toString()).toBe(text)
  }
})

test('every byte string of any length has the text that node:buffer gives it, and comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6000, size: 'max' }), bytes => {
      const text = encodeBase64url(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64url'))
      expect(Buffer.from(decodeBase64url(text)).equals(bytes)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('padding, white space, the other alphabet, trailing bits and impossible lengths are refused', () => {
  for (const text of [
    'Zg==',
    'Zg=',
    ' Zg',
    'Zg\n',
    'Z g',
    '+/+/',
    'Zh',
    'Zm9',
    'A',
    'AAAAA',
    'Zmé_',
    'Zm9vé',
    'AAA\u{1F600}',
    '\ud800AAA',
  ]) {
    expect(thrownCode(() => decodeBase64url(text))).toBe('encoding.base64url')
  }
})

test('no two texts decode to the same bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'AQgwZ_-9=+/ é'), maxLength: 9 }), text => {
      let bytes: Uint8Array
      try {
        bytes = decodeBase64url(text)
      } catch {
        return
      }
      expect(encodeBase64url(bytes)).toBe(text)
    }),
    { numRuns: 5000 },
  )
})
