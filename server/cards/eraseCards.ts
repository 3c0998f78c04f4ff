import type { Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { eraseDecidedClaims } from '../requests/requestsTable.ts'
import { eraseEndedCards } from './cardsTable.ts'

/**
 * Erases what cards and requests hold of a person who is erased: names, posts and the sealed card of ended cards, the claims of decided
 * requests. Serials, refs and log entries stay, so that the log stays sound and nobody's number is given out again.
 */
export async function eraseCards(cipher: FieldCipher, tx: Tx, officerId: string): Promise<void> {
  await eraseEndedCards(tx, officerId, cipher.seal(''))
  await eraseDecidedClaims(tx, officerId, cipher.seal('{}'))
}
