import type { FieldCipher } from './fieldCipher.ts'

/** The look-up index of a personal number, of officers and of diplomas' holders alike: 32 bytes. */
export function personalNumberIndex(cipher: FieldCipher, personalNumber: string): Buffer {
  return cipher.index('personal-number', personalNumber)
}
