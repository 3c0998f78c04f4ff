import type { Db } from '../db/transaction.ts'

export type ImportKind = 'officers' | 'agencies'
export type ImportState = 'uploading' | 'reading' | 'preview' | 'committing' | 'done' | 'failed' | 'cancelled'

/** How the headers of one sheet were understood; `columns` is absent for a sheet that was passed over. */
export interface SheetColumns {
  sheet: string
  headerRow?: number
  headers?: string[]
  /** Column name -> header text. */
  columns?: Record<string, string>
  unknown?: string[]
  missing?: string[]
  hidden?: true
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
  /** The request in which what a sheet of agencies would change waits for a second administrator. */
  requestId: string | null
  createdAt: Date
  updatedAt: Date
  finishedAt: Date | null
}

const columns = `id, kind, agency_code as "agencyCode", maker, maker_name as "makerName", may, file_name as "fileName",
  photos_name as "photosName", state, progress, total, mapping, columns, counts, only_good as "onlyGood", failure_code as "failureCode",
  failure_detail as "failureDetail", request_id as "requestId", created_at as "createdAt", updated_at as "updatedAt", finished_at as "finishedAt"`

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

export interface ImportFilter {
  agencies: readonly string[]
  /** What the reader may see; of files that were not read yet only the `maker`'s own, whatever they are. */
  kinds: readonly string[]
  maker: string
  /** Id of the import that the page before ended with. */
  before?: string | undefined
  limit: number
}

/** Newest first. */
export async function listImports(db: Db, { agencies, kinds, maker, before, limit }: ImportFilter): Promise<ImportRow[]> {
  const { rows } = await db.query<ImportRow>(
    `select ${columns} from imports
     where agency_code = any($1) and (kind = any($2) or (columns is null and maker = $3))
       and ($4::uuid is null or (created_at, id) < (select created_at, id from imports where id = $4))
     order by created_at desc, id desc limit $5`,
    [agencies, kinds, maker, before ?? null, limit],
  )
  return rows
}

/** Moves an import from one of the states to another; false when it was in none of them. */
export async function moveImport(
  db: Db,
  id: string,
  from: readonly ImportState[],
  to: ImportState,
  set: {
    failureCode?: string
    failureDetail?: string
    onlyGood?: boolean
    mapping?: Record<string, string> | null
    requestId?: string
  } = {},
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update imports set state = $3, updated_at = now(), failure_code = $4, failure_detail = $5, only_good = coalesce($6, only_good),
       mapping = case when $7 then $8::jsonb else mapping end, progress = case when $3 in ('reading', 'committing') then 0 else progress end,
       finished_at = case when $3 in ('done', 'cancelled') then now() end, request_id = coalesce($9, request_id)
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
      set.requestId ?? null,
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
