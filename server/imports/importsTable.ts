import type { Pool } from 'pg'
import type { Db, Tx } from '../db/transaction.ts'

export type ImportKind = 'officers' | 'agencies'
export type ImportState = 'uploading' | 'reading' | 'preview' | 'committing' | 'done' | 'failed' | 'cancelled'
export type RowOutcome = 'new' | 'changed' | 'unchanged' | 'repeated' | 'refused' | 'foreign'
/** Of a row's photo: not asked for, the one on record stays, the same again, a new one, none, one that cannot be used. */
export type RowPhoto = 'none' | 'kept' | 'same' | 'new' | 'missing' | 'refused'

/** How the headers of one sheet were understood; `columns` is absent for a sheet that was passed over. */
export interface SheetColumns {
  sheet: string
  headerRow?: number
  headers?: string[]
  /** Column name -> header text. */
  columns?: Record<string, string>
  unknown?: string[]
  missing?: string[]
}

export interface ImportCounts {
  rows: number
  new: number
  changed: number
  unchanged: number
  repeated: number
  refused: number
  foreign: number
  /** Rows, not findings. */
  warned: number
  repaired: number
  /** People of the agencies in the file who are not in it. */
  absent: number
  /** `new`: rows whose person gets another photo than before; `missing`: people who will have none. */
  photos: { files: number; matched: number; unmatched: number; refused: number; new: number; missing: number }
}

export interface ImportRow {
  id: string
  kind: ImportKind
  agencyCode: string
  maker: string
  makerName: string
  may: ImportKind[]
  fileName: string
  photosName: string | null
  state: ImportState
  progress: number
  /** 0 while unknown. */
  total: number
  mapping: Record<string, string> | null
  columns: SheetColumns[] | null
  counts: ImportCounts | Record<string, never>
  onlyGood: boolean | null
  failureCode: string | null
  failureDetail: string | null
  createdAt: Date
  updatedAt: Date
  finishedAt: Date | null
}

const columns = `id, kind, agency_code as "agencyCode", maker, maker_name as "makerName", may, file_name as "fileName",
  photos_name as "photosName", state, progress, total, mapping, columns, counts, only_good as "onlyGood", failure_code as "failureCode",
  failure_detail as "failureDetail", created_at as "createdAt", updated_at as "updatedAt", finished_at as "finishedAt"`

export async function insertImport(
  db: Db,
  row: Pick<ImportRow, 'id' | 'agencyCode' | 'maker' | 'makerName' | 'may' | 'fileName' | 'photosName' | 'mapping'>,
): Promise<void> {
  await db.query(
    `insert into imports (id, agency_code, maker, maker_name, may, file_name, photos_name, mapping) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [row.id, row.agencyCode, row.maker, row.makerName, row.may, row.fileName, row.photosName, row.mapping && JSON.stringify(row.mapping)],
  )
}

export async function readImport(db: Db, id: string): Promise<ImportRow | null> {
  const { rows } = await db.query<ImportRow>(`select ${columns} from imports where id = $1`, [id])
  return rows[0] ?? null
}

/** The newest imports of the agencies given. */
export async function listImports(db: Db, agencies: readonly string[], limit: number): Promise<ImportRow[]> {
  const { rows } = await db.query<ImportRow>(
    `select ${columns} from imports where agency_code = any($1) order by created_at desc limit $2`,
    [agencies, limit],
  )
  return rows
}

/** Moves an import from one of the states to another; false when it was in none of them. */
export async function moveImport(
  db: Db,
  id: string,
  from: readonly ImportState[],
  to: ImportState,
  set: { failureCode?: string; failureDetail?: string; onlyGood?: boolean; mapping?: Record<string, string> | null } = {},
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update imports set state = $3, updated_at = now(), failure_code = $4, failure_detail = $5, only_good = coalesce($6, only_good),
       mapping = case when $7 then $8::jsonb else mapping end, progress = case when $3 in ('reading', 'committing') then 0 else progress end,
       finished_at = case when $3 in ('done', 'cancelled') then now() end
     where id = $1 and state = any($2)`,
    [
      id,
      from,
      to,
      set.failureCode ?? null,
      set.failureDetail ?? null,
      set.onlyGood ?? null,
      set.mapping !== undefined,
      set.mapping ? JSON.stringify(set.mapping) : null,
    ],
  )
  return rowCount === 1
}

/** Writes progress and answers the state, so that a cancelled import is noticed at every step. */
export async function noteProgress(db: Db, id: string, progress: number, total: number): Promise<ImportState | null> {
  const { rows } = await db.query<{ state: ImportState }>(
    'update imports set progress = $2, total = $3, updated_at = now() where id = $1 returning state',
    [id, progress, total],
  )
  return rows[0]?.state ?? null
}

/** Writes what the reading came to and opens the preview; false when the import was cancelled meanwhile. */
export async function finishReading(
  db: Db,
  id: string,
  kind: ImportKind,
  sheets: readonly SheetColumns[],
  counts: ImportCounts,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update imports set kind = $2, columns = $3, counts = $4, state = 'preview', progress = $5, total = $5, updated_at = now() where id = $1 and state = 'reading'`,
    [id, kind, JSON.stringify(sheets), JSON.stringify(counts), counts.rows + counts.photos.files],
  )
  return rowCount === 1
}

/** Keeps how the headers were understood even when the reading failed, so that a person can correct it. */
export async function noteColumns(db: Db, id: string, kind: ImportKind, sheets: readonly SheetColumns[]): Promise<void> {
  await db.query('update imports set kind = $2, columns = $3 where id = $1', [id, kind, JSON.stringify(sheets)])
}

/** Imports whose worker died: in work, with no sign of life for `seconds`. */
export async function stalledImports(db: Db, seconds: number): Promise<{ id: string; state: 'reading' | 'committing' }[]> {
  const { rows } = await db.query<{ id: string; state: 'reading' | 'committing' }>(
    `select id, state from imports where state in ('reading', 'committing') and updated_at < now() - make_interval(secs => $1)`,
    [seconds],
  )
  return rows
}

/** Deletes rows and files of imports nobody has touched: unfinished ones after a week, uploads after an hour, ended ones' rows after 30 days. */
export async function sweepImports(db: Db): Promise<void> {
  await db.query(
    `update imports set state = 'cancelled', finished_at = now(), updated_at = now()
     where (state = 'uploading' and updated_at < now() - interval '1 hour') or (state in ('preview', 'failed') and updated_at < now() - interval '7 days')`,
  )
  await db.query(`delete from import_files f using imports i where i.id = f.import_id and i.state in ('done', 'cancelled')`)
  await db.query(`delete from import_photos p using imports i where i.id = p.import_id and i.state in ('done', 'cancelled')`)
  await db.query(`delete from import_rows r using imports i where i.id = r.import_id and i.state = 'cancelled'`)
  await db.query(
    `delete from import_rows r using imports i where i.id = r.import_id and i.state = 'done' and i.finished_at < now() - interval '30 days'`,
  )
}

/** Runs `fn` unless another worker is at the same import; the lock dies with its connection. */
export async function withImportLock(pool: Pool, id: string, fn: () => Promise<void>): Promise<void> {
  const client = await pool.connect()
  let broken: Error | undefined
  const noteBroken = (error: Error) => {
    broken = error
  }
  client.on('error', noteBroken)
  try {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 6)) as locked', [id])
    if (!rows[0]!.locked) return
    try {
      await fn()
    } finally {
      await client.query('select pg_advisory_unlock(hashtextextended($1, 6))', [id]).catch(noteBroken)
    }
  } finally {
    client.off('error', noteBroken)
    client.release(broken)
  }
}

/** Forgets what an earlier reading made, before reading again. */
export async function clearReading(db: Db, id: string): Promise<void> {
  await db.query('delete from import_rows where import_id = $1', [id])
  await db.query('delete from import_photos where import_id = $1', [id])
}

/** Deletes the uploaded files and the photos' working copies. */
export async function clearFiles(db: Db, id: string): Promise<void> {
  await db.query('delete from import_files where import_id = $1', [id])
  await db.query('delete from import_photos where import_id = $1', [id])
}

export interface StoredRow {
  seq: number
  outcome: RowOutcome
  warnings: number
  repairs: number
  photo: RowPhoto
  agencyCode: string | null
  personIndex: Buffer | null
  officerId: string | null
  officerVersion: number | null
  sealed: Buffer
}

export async function insertRows(db: Db, importId: string, rows: readonly StoredRow[]): Promise<void> {
  await db.query(
    `insert into import_rows (import_id, seq, outcome, warnings, repairs, photo, agency_code, person_index, officer_id, officer_version, sealed)
     select $1, * from unnest($2::integer[], $3::text[], $4::integer[], $5::integer[], $6::text[], $7::text[], $8::bytea[], $9::uuid[], $10::integer[], $11::bytea[])`,
    [
      importId,
      rows.map(row => row.seq),
      rows.map(row => row.outcome),
      rows.map(row => row.warnings),
      rows.map(row => row.repairs),
      rows.map(row => row.photo),
      rows.map(row => row.agencyCode),
      rows.map(row => row.personIndex),
      rows.map(row => row.officerId),
      rows.map(row => row.officerVersion),
      rows.map(row => row.sealed),
    ],
  )
}

export interface RowFilter {
  outcomes?: readonly RowOutcome[] | undefined
  /** Only rows with a warning, or with a repair. */
  having?: 'warnings' | 'repairs' | undefined
  photos?: readonly RowPhoto[] | undefined
  agency?: string | undefined
  /** Rows after this one. */
  after?: number | undefined
  limit: number
}

/** In the order of the file. */
export async function readRows(db: Db, importId: string, filter: RowFilter): Promise<StoredRow[]> {
  const { rows } = await db.query<StoredRow>(
    `select seq, outcome, warnings, repairs, photo, agency_code as "agencyCode", person_index as "personIndex", officer_id as "officerId",
       officer_version as "officerVersion", sealed
     from import_rows
     where import_id = $1 and seq > $2 and ($3::text[] is null or outcome = any($3))
       and ($4::text is null or case $4 when 'warnings' then warnings else repairs end > 0)
       and ($5::text[] is null or photo = any($5)) and ($6::text is null or agency_code = $6)
     order by seq limit $7`,
    [
      importId,
      filter.after ?? 0,
      filter.outcomes ?? null,
      filter.having ?? null,
      filter.photos ?? null,
      filter.agency ?? null,
      filter.limit,
    ],
  )
  return rows
}

/** Rows that will be written: new or changed people, and those who get a new photo. In the order of the file. */
export async function readRowsToWrite(tx: Tx, importId: string, after: number, limit: number): Promise<StoredRow[]> {
  const { rows } = await tx.query<StoredRow>(
    `select seq, outcome, warnings, repairs, photo, agency_code as "agencyCode", person_index as "personIndex", officer_id as "officerId",
       officer_version as "officerVersion", sealed
     from import_rows
     where import_id = $1 and seq > $2 and (outcome in ('new', 'changed') or (outcome = 'unchanged' and photo = 'new'))
     order by seq limit $3`,
    [importId, after, limit],
  )
  return rows
}

/** Agencies with refused rows, in order, '' for rows whose agency cannot be read. */
export async function agenciesOfRows(db: Db, importId: string, outcomes: readonly RowOutcome[]): Promise<(string | null)[]> {
  const { rows } = await db.query<{ agency: string | null }>(
    `select agency_code as agency from import_rows where import_id = $1 and outcome = any($2) group by 1 order by 1 nulls last`,
    [importId, outcomes],
  )
  return rows.map(row => row.agency)
}

/** Rows of one agency (null: unreadable) among the outcomes. */
export async function readRowsOfAgency(
  db: Db,
  importId: string,
  agency: string | null,
  outcomes: readonly RowOutcome[],
  after: number,
  limit: number,
): Promise<StoredRow[]> {
  const { rows } = await db.query<StoredRow>(
    `select seq, outcome, warnings, repairs, photo, agency_code as "agencyCode", person_index as "personIndex", officer_id as "officerId",
       officer_version as "officerVersion", sealed
     from import_rows where import_id = $1 and agency_code is not distinct from $2 and outcome = any($3) and seq > $4 order by seq limit $5`,
    [importId, agency, outcomes, after, limit],
  )
  return rows
}

export interface AbsentOfficer {
  id: string
  fullName: string
  agencyCode: string
}

const absentFrom = `from officers o where o.agency_code = any($2) and o.left_at is null
  and not exists (select 1 from import_rows r where r.import_id = $1 and r.person_index = o.personal_number_index)`

/** Agencies that good rows of the file belong to. */
export async function agenciesInFile(db: Db, importId: string): Promise<string[]> {
  const { rows } = await db.query<{ code: string }>(
    `select distinct agency_code as code from import_rows where import_id = $1 and outcome in ('new', 'changed', 'unchanged')`,
    [importId],
  )
  return rows.map(row => row.code)
}

export async function countAbsent(db: Db, importId: string, agencies: readonly string[]): Promise<number> {
  const { rows } = await db.query<{ count: number }>(`select count(*) as count ${absentFrom}`, [importId, agencies])
  return rows[0]!.count
}

/** People of the agencies who are not in the file, in order of their ids. */
export async function readAbsent(
  db: Db,
  importId: string,
  agencies: readonly string[],
  after: string | null,
  limit: number,
): Promise<AbsentOfficer[]> {
  const { rows } = await db.query<AbsentOfficer>(
    `select o.id, o.full_name as "fullName", o.agency_code as "agencyCode" ${absentFrom} and ($3::uuid is null or o.id > $3) order by o.id limit $4`,
    [importId, agencies, after, limit],
  )
  return rows
}

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

/** Lays what the photos came to into their rows. */
export async function settleRowPhotos(db: Db, importId: string): Promise<void> {
  await db.query(
    `update import_rows r set photo = case
         when p.digest is null then 'refused'
         when o.photo_digest = p.digest then 'same'
         else 'new' end
     from import_photos p left join officers o on o.id = p.officer_id
     where r.import_id = $1 and p.import_id = $1 and p.row_seq = r.seq`,
    [importId],
  )
}

/** Rows by outcome, and how many have warnings or repairs. */
export async function countOutcomes(db: Db, importId: string): Promise<Omit<ImportCounts, 'absent' | 'photos'>> {
  const { rows } = await db.query<{ outcome: RowOutcome; count: number; warned: number; repaired: number }>(
    `select outcome, count(*) as count, count(*) filter (where warnings > 0) as warned, count(*) filter (where repairs > 0) as repaired
     from import_rows where import_id = $1 group by 1`,
    [importId],
  )
  const counts = { rows: 0, new: 0, changed: 0, unchanged: 0, repeated: 0, refused: 0, foreign: 0, warned: 0, repaired: 0 }
  for (const row of rows) {
    counts.rows += row.count
    counts[row.outcome] = row.count
    counts.warned += row.warned
    counts.repaired += row.repaired
  }
  return counts
}

/** The people on record that rows are about. */
export async function officersOfRows(db: Db, importId: string, seqs: readonly number[]): Promise<Map<number, string>> {
  if (seqs.length === 0) return new Map()
  const { rows } = await db.query<{ seq: number; officerId: string }>(
    'select seq, officer_id as "officerId" from import_rows where import_id = $1 and seq = any($2::integer[]) and officer_id is not null',
    [importId, seqs],
  )
  return new Map(rows.map(row => [row.seq, row.officerId]))
}

export async function countRowPhotos(db: Db, importId: string): Promise<Record<RowPhoto, number>> {
  const { rows } = await db.query<{ photo: RowPhoto; count: number }>(
    `select photo, count(*) as count from import_rows where import_id = $1 and outcome in ('new', 'changed', 'unchanged') group by 1`,
    [importId],
  )
  return { none: 0, kept: 0, same: 0, new: 0, missing: 0, refused: 0, ...Object.fromEntries(rows.map(row => [row.photo, row.count])) }
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

export async function insertFileChunk(db: Db, importId: string, part: 'table' | 'photos', seq: number, sealed: Buffer): Promise<void> {
  await db.query('insert into import_files (import_id, part, seq, sealed) values ($1, $2, $3, $4)', [importId, part, seq, sealed])
}

export async function readFileChunk(db: Db, importId: string, part: 'table' | 'photos', seq: number): Promise<Buffer | null> {
  const { rows } = await db.query<{ sealed: Buffer }>('select sealed from import_files where import_id = $1 and part = $2 and seq = $3', [
    importId,
    part,
    seq,
  ])
  return rows[0]?.sealed ?? null
}

/** Number of chunks, and the sealed bytes of the last one. */
export async function fileExtent(db: Db, importId: string, part: 'table' | 'photos'): Promise<{ chunks: number; lastBytes: number }> {
  const { rows } = await db.query<{ chunks: number; lastBytes: number | null }>(
    `select count(*) as chunks, (array_agg(octet_length(sealed) order by seq desc))[1] as "lastBytes" from import_files where import_id = $1 and part = $2`,
    [importId, part],
  )
  return { chunks: rows[0]!.chunks, lastBytes: rows[0]!.lastBytes ?? 0 }
}

export async function readMapping(db: Db, agency: string, kind: ImportKind, headers: Buffer): Promise<Record<string, string> | null> {
  const { rows } = await db.query<{ mapping: Record<string, string> }>(
    'select mapping from import_mappings where agency_code = $1 and kind = $2 and headers = $3',
    [agency, kind, headers],
  )
  return rows[0]?.mapping ?? null
}

export async function rememberMapping(
  db: Db,
  agency: string,
  kind: ImportKind,
  headers: Buffer,
  mapping: Record<string, string>,
): Promise<void> {
  await db.query(
    `insert into import_mappings (agency_code, kind, headers, mapping) values ($1, $2, $3, $4)
     on conflict (agency_code, kind, headers) do update set mapping = excluded.mapping, updated_at = now()`,
    [agency, kind, headers, JSON.stringify(mapping)],
  )
}
