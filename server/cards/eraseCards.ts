import type { Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'

/**
 * Erases what cards and requests hold of a person who is erased: names, posts and the sealed card of ended cards, the claims of decided
 * requests. Serials, refs and log entries stay, so that the log stays sound and nobody's number is given out again.
 */
export async function eraseCards(cipher: FieldCipher, tx: Tx, officerId: string): Promise<void> {
  await tx.query(
    "update cards set full_name = '', position = '', sealed = $2, photo_digest = null where officer_id = $1 and ended_as is not null",
    [officerId, cipher.seal('')],
  )
  await tx.query("update request_items set claims = $2 where officer_id = $1 and state not in ('pending', 'approved')", [
    officerId,
    cipher.seal('{}'),
  ])
}
