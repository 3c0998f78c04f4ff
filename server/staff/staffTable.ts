import type { Db } from '../db/transaction.ts'
import { searchName } from '../tables/searchName.ts'

/** A person who has signed in, as the identity provider described them last. */
export interface StaffRow {
  sub: string
  name: string
  roles: string[]
  agencyCode: string
  firstSeenAt: Date
  lastSeenAt: Date
  barredAt: Date | null
  barredBy: string | null
  /** Sessions that have not ended, locked ones included. */
  sessions: number
}

const columns = `sub, name, roles, agency_code as "agencyCode", first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt",
  barred_at as "barredAt", barred_by as "barredBy",
  (select count(*)::int from sessions s where s.sub = staff.sub and s.expires_at > now()) as sessions`

/** Records a sign-in; false when the person has been barred. */
export async function recordSignIn(
  db: Db,
  person: { sub: string; name: string; roles: readonly string[]; agencyCode: string },
  now: Date,
): Promise<boolean> {
  const { rows } = await db.query<{ barred: boolean }>(
    `insert into staff (sub, name, search_name, roles, agency_code, first_seen_at, last_seen_at) values ($1, $2, $6, $3, $4, $5, $5)
     on conflict (sub) do update set name = excluded.name, search_name = excluded.search_name, roles = excluded.roles,
       agency_code = excluded.agency_code, last_seen_at = excluded.last_seen_at
     returning barred_at is not null as barred`,
    [person.sub, person.name, person.roles, person.agencyCode, now, searchName(person.name)],
  )
  return !rows[0]!.barred
}

export interface StaffFilter {
  /** Null: everybody. */
  agencyIn: readonly string[] | null
  /** Beginnings of words of the name, in any order, without regard to diacritics; or a part of the account; '' for any. */
  query?: string
  role?: string | undefined
  limit: number
}

/** Newest sign-in first. */
export async function listStaff(db: Db, { agencyIn, query = '', role, limit }: StaffFilter): Promise<StaffRow[]> {
  const { rows } = await db.query<StaffRow>(
    `select ${columns} from staff
     where ($1::text[] is null or agency_code = any($1)) and ($3::text is null or $3 = any(roles))
       and ($2 = '' or strpos(lower(sub), lower($2)) > 0
         or $5 <> '' and (select bool_and(strpos(' ' || search_name, ' ' || word) > 0) from string_to_table($5, ' ') as word))
     order by last_seen_at desc limit $4`,
    [agencyIn, query.trim(), role ?? null, limit, searchName(query)],
  )
  return rows
}

export async function findStaff(db: Db, sub: string): Promise<StaffRow | null> {
  const { rows } = await db.query<StaffRow>(`select ${columns} from staff where sub = $1`, [sub])
  return rows[0] ?? null
}

/** Bars a person from signing in, or lets them in again when `by` is null. */
export async function setBarred(db: Db, sub: string, by: string | null, now: Date): Promise<void> {
  await db.query('update staff set barred_at = $2, barred_by = $3 where sub = $1', [sub, by === null ? null : now, by])
}

export async function isBarred(db: Db, sub: string): Promise<boolean> {
  const { rowCount } = await db.query('select from staff where sub = $1 and barred_at is not null', [sub])
  return rowCount === 1
}
