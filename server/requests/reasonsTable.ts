import type { Db, Tx } from '../db/transaction.ts'

/** Keeps what opens each commitment beside its leaf. */
export async function storeReasons(tx: Tx, reasons: readonly { leafIndex: number; sealed: Buffer }[]): Promise<void> {
  if (reasons.length === 0) return
  await tx.query('insert into log_reasons (leaf_index, sealed) select * from unnest($1::bigint[], $2::bytea[])', [
    reasons.map(reason => reason.leafIndex),
    reasons.map(reason => reason.sealed),
  ])
}

/** The sealed salt and reason behind a leaf's commitment. */
export async function findReason(db: Db, leafIndex: number): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ sealed: Buffer }>('select sealed from log_reasons where leaf_index = $1', [leafIndex])
  return rows[0]?.sealed
}
