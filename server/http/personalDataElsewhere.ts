import type { Pool } from 'pg'
import { eraseCards } from '../cards/eraseCards.ts'
import type { Tx } from '../db/transaction.ts'
import { eraseHolderNumber, exportHolderData } from '../diplomas/holderDataTable.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'

/** What cards and diplomas hold about an officer: how it is erased with the officer, and what goes into their export. */
export function personalDataElsewhere({ pool, cipher }: { pool: Pool; cipher: FieldCipher }) {
  return {
    async eraseElsewhere(tx: Tx, officer: { id: string; personalNumberIndex: Buffer }): Promise<void> {
      await eraseCards(cipher, tx, officer.id)
      await eraseHolderNumber(cipher, tx, officer.personalNumberIndex)
    },
    exportElsewhere: async (officer: { personalNumberIndex: Buffer }) => ({
      diplomas: await exportHolderData(pool, cipher, officer.personalNumberIndex),
    }),
  }
}
