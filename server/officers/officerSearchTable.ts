import type { Db } from '../db/transaction.ts'
import type { OfficerStatus } from './searchOfficers.ts'

/** Where a page ended: the name, or the tail of it that matched, and the person. */
export interface SearchPlace {
  at: string
  id: string
  /** Whether the words were looked for in any order. */
  loose?: boolean
}

export interface FoundOfficer {
  id: string
  /** Of this row, for the cursor. */
  place: string
  loose?: boolean
  fullName: string
  private: Buffer
  agencyCode: string
  position: string
  title: string
  category: string
  hasPhoto: boolean
  notes: number
  left: boolean
  serial: string | null
  cardStatus: number | null
  expiresAt: Date | null
}

const shown = `o.id, o.full_name as "fullName", o.private, o.agency_code as "agencyCode", o.position, o.title, o.category,
  o.photo_digest is not null as "hasPhoto", jsonb_array_length(o.warnings) as notes, o.left_at is not null as left,
  c.serial, c.status as "cardStatus", c.expires_at as "expiresAt"`
const withCard = 'left join cards c on c.officer_id = o.id and c.ended_as is null'

const conditions: Record<OfficerStatus, string> = {
  all: 'o.left_at is null',
  none: 'o.left_at is null and c.serial is null',
  active: 'c.status = 0',
  suspended: 'c.status = 2',
  'no-photo': 'o.left_at is null and o.photo_digest is null',
  noted: `o.left_at is null and o.warnings <> '[]'`,
  left: 'o.left_at is not null',
}

/** The person with a personal number, if in one of the agencies. */
export async function findByNumber(db: Db, index: Buffer, agencies: readonly string[]): Promise<FoundOfficer[]> {
  const { rows } = await db.query<FoundOfficer>(
    `select ${shown}, o.search_name as place from officers o ${withCard} where o.personal_number_index = $1 and o.agency_code = any($2)`,
    [index, agencies],
  )
  return rows
}

/** How many people the agencies have, counted up to `enough`. */
export async function officersInAgencies(db: Db, agencies: readonly string[], enough: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select count(*) as count from (select 1 from officers where agency_code = any($1) limit $2) as some',
    [agencies, enough],
  )
  return rows[0]!.count
}

interface SearchInput {
  /** Words that must all begin some word of the name. */
  words: readonly string[]
  status: OfficerStatus
  place: SearchPlace | null
  limit: number
}

/** Goes through the people of the agencies, in order of names: for scopes of some ten thousand people, or to list them all. */
export async function findInAgencies(
  db: Db,
  input: SearchInput & { agencies: readonly string[]; phrase: string },
): Promise<FoundOfficer[]> {
  const { rows } = await db.query<FoundOfficer>(
    `select ${shown}, o.search_name as place from officers o ${withCard}
     where o.agency_code = any($1) and ${conditions[input.status]}
       and ($2 = '' or strpos(' ' || o.search_name, ' ' || $2) > 0)
       and not exists (select 1 from unnest($3::text[]) as word where strpos(' ' || o.search_name, ' ' || word) = 0)
       and ($4::text is null or (o.search_name collate "C", o.id) > ($4, $5::uuid))
     order by o.search_name collate "C", o.id limit $6`,
    [input.agencies, input.phrase, input.words, input.place?.at ?? null, input.place?.id ?? null, input.limit],
  )
  return rows
}

/**
 * Walks the index of name tails from the first that begins with `tail`: as fast for a name that everyone has as for a rare
 * one. `agencies` null: everybody.
 */
export async function findByTail(
  db: Db,
  input: SearchInput & { agencies: readonly string[] | null; tail: string },
): Promise<FoundOfficer[]> {
  const { rows } = await db.query<FoundOfficer>(
    `select ${shown}, t.tail as place
     from officer_tails t join officers o on o.id = t.officer_id ${withCard}
     where t.tail >= $1 and t.tail < $1 || U&'\\+10FFFF' and ${conditions[input.status]}
       and t.tail = (select min(other collate "C") from tails_of(o.search_name) as other where starts_with(other, $1)) -- each person once
       and ($2::text[] is null or t.agency_code = any($2))
       and not exists (select 1 from unnest($3::text[]) as word where strpos(' ' || o.search_name, ' ' || word) = 0)
       and ($4::text is null or (t.tail, t.officer_id) > ($4 collate "C", $5::uuid))
     order by t.tail, t.officer_id limit $6`,
    [input.tail, input.agencies, input.words, input.place?.at ?? null, input.place?.id ?? null, input.limit],
  )
  return rows
}
