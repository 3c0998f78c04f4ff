import { expect, test } from '@jest/globals'
import { decodeCbor, encodeCbor } from '../../../core/encoding/strictCbor.ts'

test('a text of 24 bytes and more comes back as it was (RFC 8949 3.1)', () => {
  for (const text of ['Nguyễn Thị Phương Thảo', 'x'.repeat(24), 'x'.repeat(256), 'ơ'.repeat(40_000)])
    expect(decodeCbor(encodeCbor(text))).toBe(text)
})
