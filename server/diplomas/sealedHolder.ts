import type { FieldCipher } from '../keys/fieldCipher.ts'
import { personalNumberIndex } from '../keys/personalNumberIndex.ts'

/** A holder's personal number (12 digits) as a diploma's row keeps it; nulls where it is not known. */
export function sealedHolder(
  cipher: FieldCipher,
  personalNumber: string | undefined,
): { holderNumber: Buffer | null; holderIndex: Buffer | null } {
  return personalNumber === undefined
    ? { holderNumber: null, holderIndex: null }
    : { holderNumber: cipher.seal(personalNumber), holderIndex: personalNumberIndex(cipher, personalNumber) }
}
