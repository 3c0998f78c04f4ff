import type { Db, Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import type { PreparedPhoto } from './preparePhoto.ts'

/** Keeps photos, sealed; one that is already there stays as it is. */
export async function insertPhotos(
  tx: Tx,
  cipher: FieldCipher,
  photos: readonly Pick<PreparedPhoto, 'digest' | 'shown' | 'printed'>[],
): Promise<void> {
  if (photos.length === 0) return
  await tx.query(
    'insert into photos (digest, shown, printed) select * from unnest($1::bytea[], $2::bytea[], $3::bytea[]) on conflict do nothing',
    [photos.map(photo => photo.digest), photos.map(photo => cipher.seal(photo.shown)), photos.map(photo => cipher.seal(photo.printed))],
  )
}

/** The shown JPEG by the first 16 bytes of its digest (card field 6); null when there is none. Says nothing about the card's state. */
export async function readShownPhoto(db: Db, cipher: FieldCipher, prefix: Uint8Array): Promise<Buffer | null> {
  const { rows } = await db.query<{ shown: Buffer }>('select shown from photos where substring(digest from 1 for 16) = $1', [prefix])
  return rows[0] ? cipher.open(rows[0].shown) : null
}

/** The JPEG for printing by the whole digest (32 bytes); null when there is none. */
export async function readPrintedPhoto(db: Db, cipher: FieldCipher, digest: Uint8Array): Promise<Buffer | null> {
  const { rows } = await db.query<{ printed: Buffer }>('select printed from photos where digest = $1', [digest])
  return rows[0] ? cipher.open(rows[0].printed) : null
}

/** Deletes those of the photos that neither a person nor a card uses any more. */
export async function dropUnusedPhotos(tx: Tx, digests: readonly Uint8Array[]): Promise<void> {
  await tx.query(
    `delete from photos p where digest = any($1)
     and not exists (select 1 from officers where photo_digest = p.digest)
     and not exists (select 1 from cards where photo_digest = p.digest and ended_as is null)`,
    [digests],
  )
}
