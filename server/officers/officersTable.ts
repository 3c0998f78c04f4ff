import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { Category } from '../../core/identity/category.ts'
import type { Db, Tx } from '../db/transaction.ts'

/** A note for the approver, made at import; nothing personal. */
export interface OfficerNote {
  code: string
  column: string
  severity: 'warning' | 'repaired'
}

export interface OfficerRow {
  id: string
  agencyCode: AgencyCode
  /** HMAC of the personal number, 32 bytes. */
  personalNumberIndex: Buffer
  /** Sealed OfficerPrivate. */
  private: Buffer
  fullName: string
  searchName: string
  position: string
  title: string
  category: Category
  photoDigest: Buffer | null
  warnings: OfficerNote[]
  /** Rises with every change; an approval names the version it saw. */
  version: number
  leftAt: Date | null
  createdAt: Date
  updatedAt: Date
}

export type OfficerToWrite = Omit<OfficerRow, 'version' | 'leftAt' | 'createdAt' | 'updatedAt'>

const columns = `id, agency_code as "agencyCode", personal_number_index as "personalNumberIndex", private, full_name as "fullName",
  search_name as "searchName", position, title, category, photo_digest as "photoDigest", warnings, version, left_at as "leftAt",
  created_at as "createdAt", updated_at as "updatedAt"`

export async function readOfficersById(db: Db, ids: readonly string[]): Promise<OfficerRow[]> {
  const { rows } = await db.query<OfficerRow>(`select ${columns} from officers where id = any($1::uuid[])`, [ids])
  return rows
}

export async function readOfficersByNumber(db: Db, indices: readonly Buffer[]): Promise<OfficerRow[]> {
  const { rows } = await db.query<OfficerRow>(`select ${columns} from officers where personal_number_index = any($1::bytea[])`, [indices])
  return rows
}

/** Adds people; answers how many were added, fewer than given when a personal number is already there. */
export async function insertOfficers(tx: Tx, officers: readonly OfficerToWrite[]): Promise<number> {
  const { rowCount } = await tx.query(
    `insert into officers (id, agency_code, personal_number_index, private, full_name, search_name, position, title, category, photo_digest, warnings)
     select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[], $11::jsonb[])
     on conflict (personal_number_index) do nothing`,
    written(officers),
  )
  return rowCount ?? 0
}

/** Changes people whose version is still the one given, and raises it; answers how many were changed. A person who had left is back. */
export async function updateOfficers(tx: Tx, officers: readonly (OfficerToWrite & { version: number })[]): Promise<number> {
  const { rowCount } = await tx.query(
    `update officers o set agency_code = n.agency_code, private = n.private, full_name = n.full_name, search_name = n.search_name,
       position = n.position, title = n.title, category = n.category, photo_digest = n.photo_digest, warnings = n.warnings,
       version = o.version + 1, left_at = null, updated_at = now()
     from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[],
       $11::jsonb[], $12::integer[])
       as n (id, agency_code, personal_number_index, private, full_name, search_name, position, title, category, photo_digest, warnings, version)
     where o.id = n.id and o.version = n.version and o.personal_number_index = n.personal_number_index`,
    [...written(officers), officers.map(officer => officer.version)],
  )
  return rowCount ?? 0
}

function written(officers: readonly OfficerToWrite[]): unknown[] {
  return [
    officers.map(officer => officer.id),
    officers.map(officer => officer.agencyCode),
    officers.map(officer => officer.personalNumberIndex),
    officers.map(officer => officer.private),
    officers.map(officer => officer.fullName),
    officers.map(officer => officer.searchName),
    officers.map(officer => officer.position),
    officers.map(officer => officer.title),
    officers.map(officer => officer.category),
    officers.map(officer => officer.photoDigest),
    officers.map(officer => JSON.stringify(officer.warnings)),
  ]
}

export interface OfficerChange {
  officerId: string
  version: number
  at: Date
  actor: string
  actorName: string
  importId: string | null
  /** Sealed JSON {field: [before, after]}. */
  sealed: Buffer
}

/** Adds to the history of what changed. */
export async function insertOfficerChanges(tx: Tx, changes: readonly Omit<OfficerChange, 'at'>[]): Promise<void> {
  if (changes.length === 0) return
  await tx.query(
    `insert into officer_changes (officer_id, version, actor, actor_name, import_id, sealed)
     select * from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::uuid[], $6::bytea[])`,
    [
      changes.map(change => change.officerId),
      changes.map(change => change.version),
      changes.map(change => change.actor),
      changes.map(change => change.actorName),
      changes.map(change => change.importId),
      changes.map(change => change.sealed),
    ],
  )
}

/** Newest first. */
export async function readOfficerChanges(db: Db, officerId: string): Promise<OfficerChange[]> {
  const { rows } = await db.query<OfficerChange>(
    `select officer_id as "officerId", version, at, actor, actor_name as "actorName", import_id as "importId", sealed
     from officer_changes where officer_id = $1 order by version desc limit 500`,
    [officerId],
  )
  return rows
}

/** Locks one person until the transaction ends; null when there is none. */
export async function lockOfficer(tx: Tx, id: string): Promise<OfficerRow | null> {
  const { rows } = await tx.query<OfficerRow>(`select ${columns} from officers where id = $1 for update`, [id])
  return rows[0] ?? null
}

/** Gives a person a photo that is kept already, and raises the version. */
export async function setOfficerPhoto(tx: Tx, id: string, digest: Buffer): Promise<void> {
  await tx.query('update officers set photo_digest = $2, version = version + 1, updated_at = now() where id = $1', [id, digest])
}

/** Marks a person as having left; the row stays for the history of their cards. */
export async function markOfficerLeft(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.query('update officers set left_at = $2, version = version + 1, updated_at = now() where id = $1 and left_at is null', [id, at])
}

/** Cards and open requests that stand in the way of erasing a person, and the photos of their cards. */
export async function readTies(db: Db, id: string): Promise<{ validCards: number; openRequests: number }> {
  const { rows } = await db.query<{ validCards: number; openRequests: number }>(
    `select (select count(*) from cards where officer_id = $1 and ended_as is null) as "validCards",
       (select count(*) from request_items i join requests r on r.id = i.request_id
        where (i.officer_id = $1 or i.person_index = (select personal_number_index from officers where id = $1)) and r.status in ('pending', 'approved', 'running')) as "openRequests"`,
    [id],
  )
  return rows[0]!
}

/** Overwrites everything personal in a person's row and deletes its history and what imports still hold of it; the row itself stays because cards point to it. */
export async function blankOfficer(tx: Tx, id: string, privateSealed: Buffer, index: Buffer): Promise<void> {
  await tx.query('delete from officer_changes where officer_id = $1', [id])
  await tx.query('delete from import_photos where officer_id = $1', [id])
  await tx.query('delete from import_rows where person_index = (select personal_number_index from officers where id = $1)', [id])
  await tx.query(
    `update officers set personal_number_index = $2, private = $3, full_name = '', search_name = '', position = '', title = '',
       photo_digest = null, warnings = '[]', version = version + 1, left_at = coalesce(left_at, now()), updated_at = now() where id = $1`,
    [id, index, privateSealed],
  )
}

export interface OfficerCard {
  serial: string
  status: 0 | 1 | 2
  endedAs: string | null
  endedAt: Date | null
  issuedAt: Date
  expiresAt: Date
}

/** A person's cards, newest first. */
export async function readOfficerCards(db: Db, id: string): Promise<OfficerCard[]> {
  const { rows } = await db.query<OfficerCard>(
    `select serial, status, ended_as as "endedAs", ended_at as "endedAt", issued_at as "issuedAt", expires_at as "expiresAt"
     from cards where officer_id = $1 order by issued_at desc limit 100`,
    [id],
  )
  return rows
}

export interface OfficerRequest {
  id: string
  kind: string
  status: string
  itemState: string
  createdAt: Date
}

/** Requests that a person is in, newest first. */
export async function readOfficerRequests(db: Db, id: string): Promise<OfficerRequest[]> {
  const { rows } = await db.query<OfficerRequest>(
    `select r.id, r.kind, r.status, i.state as "itemState", r.created_at as "createdAt"
     from request_items i join requests r on r.id = i.request_id where i.officer_id = $1 order by r.created_at desc limit 100`,
    [id],
  )
  return rows
}
