import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { Db, Tx } from '../db/transaction.ts'
import type { CoveragePart } from './coverage.ts'

/** A span during which an agency stood below another; `to` is null while it still does. */
export interface AgencyParent {
  code: AgencyCode
  from: Date
  to: Date | null
}

export interface AgencyRow {
  code: AgencyCode
  /** QCVN 102:2016, still on the wire of the data-sharing platforms. */
  oldCode: string | null
  nameVi: string
  nameEn: string | null
  validFrom: Date
  validTo: Date | null
  successor: { code: AgencyCode; from: Date } | null
  /** Its entries name neither agency nor key, from `restrictedServedAt` and the waiting time on. */
  restricted: boolean
  /** Since when the trust list says that it is restricted. */
  restrictedServedAt: Date | null
  coverage: CoveragePart[]
  /** Oldest first. */
  parents: AgencyParent[]
}

/** Every agency with all its parents ever, in order of the codes. */
export async function readAgencies(db: Db): Promise<AgencyRow[]> {
  const { rows } = await db.query<{
    code: AgencyCode
    old_code: string | null
    name_vi: string
    name_en: string | null
    valid_from: Date
    valid_to: Date | null
    successor_code: AgencyCode | null
    successor_from: Date | null
    restricted: boolean
    restricted_served_at: Date | null
    coverage: CoveragePart[]
  }>(
    `select code, old_code, name_vi, name_en, valid_from, valid_to, successor_code, successor_from, restricted, restricted_served_at, coverage
     from agencies order by code collate "C"`,
  )
  const parents = await db.query<{ code: string; parent_code: AgencyCode; valid_from: Date; valid_to: Date | null }>(
    'select code, parent_code, valid_from, valid_to from agency_parents order by code, valid_from',
  )
  const byCode = new Map<string, AgencyParent[]>()
  for (const row of parents.rows) {
    const list = byCode.get(row.code) ?? []
    list.push({ code: row.parent_code, from: row.valid_from, to: row.valid_to })
    byCode.set(row.code, list)
  }
  return rows.map(row => ({
    code: row.code,
    oldCode: row.old_code,
    nameVi: row.name_vi,
    nameEn: row.name_en,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    successor: row.successor_code && row.successor_from ? { code: row.successor_code, from: row.successor_from } : null,
    restricted: row.restricted,
    restrictedServedAt: row.restricted_served_at,
    coverage: row.coverage,
    parents: byCode.get(row.code) ?? [],
  }))
}

/** Rises with every change of an agency or a parent. */
export async function readAgencyRevision(db: Db): Promise<number> {
  const { rows } = await db.query<{ revision: number }>('select revision from agency_revision')
  return rows[0]!.revision
}

export interface AgencyNames {
  code: AgencyCode
  oldCode: string | null
  nameVi: string
  nameEn: string | null
}

/** Adds agencies valid from `from`, or renames those that exist. Parents are `setParents`. */
export async function upsertAgencies(tx: Tx, agencies: readonly AgencyNames[], from: Date): Promise<void> {
  await tx.query(
    `insert into agencies (code, old_code, name_vi, name_en, valid_from)
     select code, old_code, name_vi, name_en, $5 from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as t (code, old_code, name_vi, name_en)
     on conflict (code) do update set old_code = excluded.old_code, name_vi = excluded.name_vi, name_en = excluded.name_en`,
    [agencies.map(a => a.code), agencies.map(a => a.oldCode), agencies.map(a => a.nameVi), agencies.map(a => a.nameEn), from],
  )
}

/** Sets what agencies say of themselves in the trust list besides their names. */
export async function setDisclosure(
  tx: Tx,
  agencies: readonly { code: AgencyCode; restricted: boolean; coverage: readonly CoveragePart[] }[],
): Promise<void> {
  await tx.query(
    `update agencies a set restricted = t.restricted, coverage = t.coverage
     from unnest($1::text[], $2::boolean[], $3::jsonb[]) as t (code, restricted, coverage) where a.code = t.code`,
    [agencies.map(a => a.code), agencies.map(a => a.restricted), agencies.map(a => JSON.stringify(a.coverage))],
  )
}

/** Marks restricted agencies of a publication as such from `at` (seconds) on, where they were not before. */
export async function noteRestrictedServed(tx: Tx, codes: readonly string[], at: number): Promise<void> {
  if (codes.length === 0) return
  await tx.query(
    'update agencies set restricted_served_at = to_timestamp($2) where code = any($1) and restricted and restricted_served_at is null',
    [codes, at],
  )
}

/** From `from` on, each agency stands below the parent given (null: below none); the span before ends there and stays on record. */
export async function setParents(tx: Tx, moves: readonly { code: AgencyCode; parent: AgencyCode | null }[], from: Date): Promise<void> {
  const codes = moves.map(move => move.code)
  // A parent that held for no time at all was never one.
  await tx.query('delete from agency_parents where code = any($1) and valid_to is null and valid_from >= $2', [codes, from])
  await tx.query('update agency_parents set valid_to = $2 where code = any($1) and valid_to is null', [codes, from])
  const placed = moves.filter(move => move.parent !== null)
  await tx.query(
    'insert into agency_parents (code, parent_code, valid_from) select code, parent, $3 from unnest($1::text[], $2::text[]) as t (code, parent)',
    [placed.map(move => move.code), placed.map(move => move.parent), from],
  )
}

/** Ends an agency at `at`, with or without a successor that answers for what it issued. False when it does not exist or has already ended. */
export async function endAgency(tx: Tx, code: AgencyCode, at: Date, successor: AgencyCode | null): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update agencies set valid_to = $2, successor_code = $3, successor_from = case when $3::text is null then null else $2::timestamptz end
     where code = $1 and valid_to is null and valid_from <= $2`,
    [code, at, successor],
  )
  return rowCount === 1
}

/** Serialises changes of the tree until the transaction ends. */
export async function lockAgencies(tx: Tx): Promise<void> {
  await tx.query('lock table agency_parents in share row exclusive mode')
}
