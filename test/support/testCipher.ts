import { randomBytes } from 'node:crypto'
import { cipherOf, type FieldCipher } from '../../server/keys/fieldCipher.ts'

/** A field cipher with one key of its own, no database. */
export function testCipher(): FieldCipher {
  return cipherOf(new Map([[1, randomBytes(32)]]), 1, randomBytes(32))
}
