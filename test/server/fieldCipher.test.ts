import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { addDataKey, createFieldCipher, keyIdOf } from '../../server/keys/fieldCipher.ts'
import { useDatabase } from '../support/database.ts'
import { testCipher } from '../support/testCipher.ts'

const db = useDatabase()

test('what was sealed opens, and any changed byte is refused', () => {
  const cipher = testCipher()
  const sealed = cipher.seal('Nguyễn Thị Thảo')
  expect(cipher.open(sealed).toString()).toBe('Nguyễn Thị Thảo')
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at]! ^= 1
    expect(() => cipher.open(changed)).toThrow('cipher.open')
  }
  for (let length = 0; length < sealed.length; length++) expect(() => cipher.open(sealed.subarray(0, length))).toThrow('cipher.open')
})

test('the index is stable for a purpose and differs between purposes', () => {
  const cipher = testCipher()
  expect(cipher.index('a', 'x')).toEqual(cipher.index('a', 'x'))
  expect(cipher.index('a', 'x')).not.toEqual(cipher.index('b', 'x'))
})

test('data keys rotate: old values still open, new ones use the new key, the index stays', async () => {
  const masterKey = randomBytes(32)
  const before = await createFieldCipher(db.pool, masterKey)
  const sealed = before.seal('x')
  const id = await addDataKey(db.pool, masterKey)
  const after = await createFieldCipher(db.pool, masterKey)
  expect(after.open(sealed).toString()).toBe('x')
  expect(keyIdOf(after.seal('y'))).toBe(id)
  expect(after.index('p', 'x')).toEqual(before.index('p', 'x'))
  await expect(createFieldCipher(db.pool, randomBytes(32))).rejects.toThrow('cipher.master-key')
})
