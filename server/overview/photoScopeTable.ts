import type { Db } from '../db/transaction.ts'

/** Whether the photo is of a person or a card of these agencies, or of this officer. */
export async function photoInScope(db: Db, digest: Uint8Array, agencies: readonly string[], officerId: string | null): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    `select exists (select from officers where photo_digest = $1 and (agency_code = any($2) or id = $3::uuid))
       or exists (select from cards where photo_digest = $1 and (using_code = any($2) or officer_id = $3::uuid)) as found`,
    [Buffer.from(digest), agencies, officerId],
  )
  return rows[0]!.found
}
