import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { Db, Tx } from '../db/transaction.ts'

/** The valid card of an officer, with what a wallet credential adds. `sealed` and `private` are encrypted. */
export interface HolderCard {
  ref: Buffer
  serial: string
  issuer: AgencyCode
  usingAgency: AgencyCode
  usingName: string
  list: number
  /** Encrypted: the short QR's token (16 bytes) and the sealed card. */
  sealed: Buffer
  private: Buffer
}

/** The card that an officer can use at `at` (seconds), or undefined. */
export async function readHolderCard(db: Db, officerId: string, at: number): Promise<HolderCard | undefined> {
  const { rows } = await db.query<HolderCard>(
    `select c.ref, c.serial, c.issuer_code as issuer, c.using_code as "usingAgency", u.name_vi as "usingName", c.list, c.sealed, o.private
     from cards c join officers o on o.id = c.officer_id join agencies u on u.code = c.using_code
     where c.officer_id = $1 and c.ended_as is null and c.status = 0 and c.expires_at >= to_timestamp($2)`,
    [officerId, at],
  )
  return rows[0]
}

/** Whether the card can still be used; it stays so until the transaction ends. */
export async function keepUsable(tx: Tx, ref: Uint8Array): Promise<boolean> {
  const { rowCount } = await tx.query('select 1 from cards where ref = $1 and ended_as is null and status = 0 for share', [ref])
  return rowCount === 1
}
