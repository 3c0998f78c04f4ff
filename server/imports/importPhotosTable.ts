import type { Db, Tx } from '../db/transaction.ts'

export interface StoredPhoto {
  seq: number
  rowSeq: number | null
  officerId: string | null
  digest: Buffer | null
  refusal: string | null
  /** Sealed file name. */
  name: Buffer
  /** Sealed: length of shown (4 bytes, big-endian), shown, printed. */
  sealed: Buffer | null
}

export async function insertImportPhotos(db: Db, importId: string, photos: readonly StoredPhoto[]): Promise<void> {
  await db.query(
    `insert into import_photos (import_id, seq, row_seq, officer_id, digest, refusal, name, sealed)
     select $1, * from unnest($2::integer[], $3::integer[], $4::uuid[], $5::bytea[], $6::text[], $7::bytea[], $8::bytea[])`,
    [
      importId,
      photos.map(photo => photo.seq),
      photos.map(photo => photo.rowSeq),
      photos.map(photo => photo.officerId),
      photos.map(photo => photo.digest),
      photos.map(photo => photo.refusal),
      photos.map(photo => photo.name),
      photos.map(photo => photo.sealed),
    ],
  )
}

/** The photos of a run of rows. */
export async function readPhotosOfRows(db: Db, importId: string, seqs: readonly number[]): Promise<StoredPhoto[]> {
  const { rows } = await db.query<StoredPhoto>(
    `select seq, row_seq as "rowSeq", officer_id as "officerId", digest, refusal, name, sealed
     from import_photos where import_id = $1 and row_seq = any($2::integer[])`,
    [importId, seqs],
  )
  return rows
}

/** Names and refusals of the photos of a page of rows, without the pictures. */
export async function readPhotoNamesOfRows(
  db: Db,
  importId: string,
  seqs: readonly number[],
): Promise<{ rowSeq: number; refusal: string | null; name: Buffer }[]> {
  if (seqs.length === 0) return []
  const { rows } = await db.query<{ rowSeq: number; refusal: string | null; name: Buffer }>(
    'select row_seq as "rowSeq", refusal, name from import_photos where import_id = $1 and row_seq = any($2::integer[])',
    [importId, seqs],
  )
  return rows
}

/** Photos that no row took: of people who are not in the sheet (`officerId`), refused, or to be matched by hand. Without the pictures. */
export async function readLoosePhotos(db: Db, importId: string, after: number, limit: number): Promise<Omit<StoredPhoto, 'sealed'>[]> {
  const { rows } = await db.query<Omit<StoredPhoto, 'sealed'>>(
    `select seq, row_seq as "rowSeq", officer_id as "officerId", digest, refusal, name
     from import_photos where import_id = $1 and row_seq is null and seq > $2 order by seq limit $3`,
    [importId, after, limit],
  )
  return rows
}

/** Photos of people who are not in the sheet. */
export async function readPhotosOfOthers(db: Db, importId: string, after: number, limit: number): Promise<StoredPhoto[]> {
  const { rows } = await db.query<StoredPhoto>(
    `select seq, row_seq as "rowSeq", officer_id as "officerId", digest, refusal, name, sealed
     from import_photos where import_id = $1 and row_seq is null and officer_id is not null and digest is not null and seq > $2 order by seq limit $3`,
    [importId, after, limit],
  )
  return rows
}

/** One photo's working copy; null when there is none or it was refused. */
export async function readImportPhoto(db: Db, importId: string, seq: number): Promise<Buffer | null> {
  const { rows } = await db.query<{ sealed: Buffer | null }>('select sealed from import_photos where import_id = $1 and seq = $2', [
    importId,
    seq,
  ])
  return rows[0]?.sealed ?? null
}

/** Gives a photo to a row by hand, taking it from another, and counts anew; false when either is not there. */
export async function assignPhoto(tx: Tx, importId: string, photoSeq: number, rowSeq: number | null): Promise<boolean> {
  await tx.query('update import_photos set row_seq = null, officer_id = null where import_id = $1 and (row_seq = $2 or seq = $3)', [
    importId,
    rowSeq,
    photoSeq,
  ])
  const { rowCount } = await tx.query(
    `update import_photos p set row_seq = $3, officer_id = (select officer_id from import_rows where import_id = $1 and seq = $3)
     where p.import_id = $1 and p.seq = $2 and p.digest is not null
       and ($3::integer is null or exists (select 1 from import_rows where import_id = $1 and seq = $3 and outcome in ('new', 'changed', 'unchanged')))`,
    [importId, photoSeq, rowSeq],
  )
  await tx.query(
    `update import_rows r set photo = coalesce(
         (select case when o.photo_digest = p.digest then 'same' else 'new' end
          from import_photos p left join officers o on o.id = p.officer_id where p.import_id = $1 and p.row_seq = r.seq),
         (select case when photo_digest is null then 'missing' else 'kept' end from officers where id = r.officer_id), 'missing')
     where r.import_id = $1 and (r.photo in ('new', 'same') or r.seq = $2)`,
    [importId, rowSeq],
  )
  await tx.query(
    `update imports i set counts = jsonb_set(i.counts, '{photos}', i.counts -> 'photos' || jsonb_build_object(
         'matched', (select count(*) from import_photos where import_id = $1 and digest is not null and (row_seq is not null or officer_id is not null)),
         'unmatched', (select count(*) from import_photos where import_id = $1 and digest is not null and row_seq is null and officer_id is null),
         'new', (select count(*) from import_rows where import_id = $1 and photo = 'new'),
         'missing', (select count(*) from import_rows where import_id = $1 and photo in ('missing', 'refused'))))
     where i.id = $1 and i.counts ? 'photos'`,
    [importId],
  )
  return rowCount === 1
}
