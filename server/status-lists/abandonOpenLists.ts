import type { Db } from '../db/transaction.ts'
import { closeLists } from './statusListsTable.ts'

/** List numbers left out, for lists that may have been opened after the backup was made. */
const skippedNumbers = 1000

/**
 * Hands out nothing more from the lists there are: for a database put back from a backup, in the transaction that restores it. Indices
 * and lists that were given away after the backup are unknown to it, and would otherwise be given away again. Their credentials show as
 * never issued until they are issued anew. Answers how many lists it closed.
 */
export async function abandonOpenLists(db: Db): Promise<number> {
  return closeLists(db, skippedNumbers)
}
