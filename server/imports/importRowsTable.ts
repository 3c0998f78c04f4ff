import type { Db, Tx } from '../db/transaction.ts'
import type { ImportCounts } from './importsTable.ts'

export type RowOutcome = 'new' | 'changed' | 'unchanged' | 'repeated' | 'refused' | 'foreign'
/** Of a row's photo: not asked for, the one on record stays, the same again, a new one, none, one that cannot be used. */
export type RowPhoto = 'none' | 'kept' | 'same' | 'new' | 'missing' | 'refused'

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

const columns = `seq, outcome, warnings, repairs, photo, agency_code as "agencyCode", person_index as "personIndex", officer_id as "officerId",
  officer_version as "officerVersion", sealed`

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
    `select ${columns}
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
    `select ${columns}
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
    `select ${columns}
     from import_rows where import_id = $1 and agency_code is not distinct from $2 and outcome = any($3) and seq > $4 order by seq limit $5`,
    [importId, agency, outcomes, after, limit],
  )
  return rows
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
