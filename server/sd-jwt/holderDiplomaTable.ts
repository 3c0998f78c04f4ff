import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { Db, Tx } from '../db/transaction.ts'

/** A diploma as its holder's wallet credential needs it. `sealed` is encrypted. */
export interface HolderDiploma {
  ref: Buffer
  issuer: AgencyCode
  list: number
  sealed: Buffer
}

/** The diploma of a ref when it is this person's (index of their personal number), in force or not; else undefined. */
export async function readHolderDiploma(db: Db, ref: Uint8Array, personIndex: Uint8Array): Promise<HolderDiploma | undefined> {
  const { rows } = await db.query<HolderDiploma>(
    `select d.ref, d.issuer_code as issuer, d.list, d.sealed
     from diplomas d where d.ref = $1 and d.holder_index = $2`,
    [ref, personIndex],
  )
  return rows[0]
}

/** Whether the diploma is in force and still this person's; it stays so until the transaction ends. */
export async function keepHeld(tx: Tx, ref: Uint8Array, personIndex: Uint8Array): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select 1 from diplomas where ref = $1 and holder_index = $2 and ended_as is null and status = 0 for share',
    [ref, personIndex],
  )
  return rowCount === 1
}
