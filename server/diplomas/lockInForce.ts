import type { Tx } from '../db/transaction.ts'
import { type DiplomaRow, lockDiplomas } from './diplomasTable.ts'

/** Locks the diplomas of these refs that have not ended. */
export async function lockInForce(tx: Tx, refs: readonly Uint8Array[]): Promise<DiplomaRow[]> {
  return (await lockDiplomas(tx, refs)).filter(row => row.endedAs === null)
}
