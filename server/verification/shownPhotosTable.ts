import type { Db } from '../db/transaction.ts'

/** The sealed shown JPEG whose digest begins with these 16 bytes, while a card that has not ended has it; else null. */
export async function shownPhotoOfValidCard(db: Db, prefix: Buffer): Promise<Buffer | null> {
  const { rows } = await db.query<{ shown: Buffer }>({
    name: 'shownPhotoOfValidCard',
    text: `select shown from photos p where substring(digest from 1 for 16) = $1
      and exists (select from cards c where c.photo_digest = p.digest and c.ended_as is null)`,
    values: [prefix],
  })
  return rows[0]?.shown ?? null
}
