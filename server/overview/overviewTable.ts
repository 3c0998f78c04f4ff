import type { Db } from '../db/transaction.ts'

/** Pending requests of these agencies and kinds that somebody else than `sub` made: what a person who decides such kinds could decide. */
export async function countWaiting(db: Db, agencies: readonly string[], kinds: readonly string[], sub: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::int as count from requests where status = 'pending' and agency_code = any($1) and kind = any($2) and maker <> $3",
    [agencies, kinds, sub],
  )
  return rows[0]!.count
}

export interface CardCounts {
  active: number
  suspended: number
  revoked: number
  replaced: number
  expired: number
  expiring: number
}

/** Cards used in these agencies by status; `expiring` of the active ones end within 60 days. */
export async function countCards(db: Db, agencies: readonly string[]): Promise<CardCounts> {
  const { rows } = await db.query<CardCounts>(
    `select count(*) filter (where ended_as is null and status = 0)::int as active,
       count(*) filter (where ended_as is null and status = 2)::int as suspended,
       count(*) filter (where ended_as in ('ended', 'error'))::int as revoked,
       count(*) filter (where ended_as = 'replaced')::int as replaced,
       count(*) filter (where ended_as = 'expired')::int as expired,
       count(*) filter (where ended_as is null and expires_at < now() + interval '60 days')::int as expiring
     from cards where using_code = any($1)`,
    [agencies],
  )
  return rows[0]!
}

export interface PeopleCounts {
  people: number
  withoutPhoto: number
  withoutCard: number
}

export async function countPeople(db: Db, agencies: readonly string[]): Promise<PeopleCounts> {
  const { rows } = await db.query<PeopleCounts>(
    `select count(*)::int as people, count(*) filter (where photo_digest is null)::int as "withoutPhoto",
       count(*) filter (where not exists (select from cards c where c.officer_id = o.id and c.ended_as is null))::int as "withoutCard"
     from officers o where agency_code = any($1) and left_at is null`,
    [agencies],
  )
  return rows[0]!
}

export async function countDiplomas(db: Db, agencies: readonly string[]): Promise<{ registered: number; ended: number }> {
  const { rows } = await db.query<{ registered: number; ended: number }>(
    `select count(*)::int as registered, count(*) filter (where ended_as is not null)::int as ended from diplomas where issuer_code = any($1)`,
    [agencies],
  )
  return rows[0]!
}

export interface DayCount {
  /** `YYYY-MM-DD`, a day in Vietnam. */
  day: string
  issued: number
  ended: number
}

/** Cards issued and ended on each of the last `days` days, oldest first, days without any included. */
export async function cardsByDay(db: Db, agencies: readonly string[], days: number): Promise<DayCount[]> {
  const { rows } = await db.query<DayCount>(
    `with first as (select (now() at time zone 'Asia/Ho_Chi_Minh')::date - ($2::int - 1) as day),
       issued as (
         select (issued_at at time zone 'Asia/Ho_Chi_Minh')::date as day, count(*)::int as count from cards, first
         where using_code = any($1) and issued_at >= first.day::timestamp at time zone 'Asia/Ho_Chi_Minh' group by 1),
       ended as (
         select (ended_at at time zone 'Asia/Ho_Chi_Minh')::date as day, count(*)::int as count from cards, first
         where using_code = any($1) and ended_at >= first.day::timestamp at time zone 'Asia/Ho_Chi_Minh' group by 1)
     select to_char(first.day + step, 'YYYY-MM-DD') as day, coalesce(issued.count, 0) as issued, coalesce(ended.count, 0) as ended
     from first, generate_series(0, $2::int - 1) as step
       left join issued on issued.day = (select day from first) + step left join ended on ended.day = (select day from first) + step
     order by step`,
    [agencies, days],
  )
  return rows
}

/** Active cards and people without a card of each agency, largest first. */
export async function cardsByAgency(
  db: Db,
  agencies: readonly string[],
  limit: number,
): Promise<{ agencyCode: string; people: number; active: number }[]> {
  const { rows } = await db.query<{ agencyCode: string; people: number; active: number }>(
    `select o.agency_code as "agencyCode", count(*)::int as people, count(c.ref)::int as active
     from officers o left join cards c on c.officer_id = o.id and c.ended_as is null
     where o.agency_code = any($1) and o.left_at is null group by o.agency_code order by count(*) desc, o.agency_code limit $2`,
    [agencies, limit],
  )
  return rows
}

/** People and cards in force of each agency that has any. */
export async function countByAgency(
  db: Db,
  agencies: readonly string[],
): Promise<{ agencyCode: string; people: number; active: number }[]> {
  return cardsByAgency(db, agencies, 100_000)
}
