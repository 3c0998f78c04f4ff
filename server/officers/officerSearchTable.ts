import type { Db } from '../db/transaction.ts'
import type { OfficerStatus } from './searchOfficers.ts'

/** Where a page ended: the name, or the tail of it that matched, and the person. */
export interface SearchPlace {
  at: string
  id: string
}

export interface FoundOfficer {
  id: string
  searchName: string
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

const shown = `o.id, o.search_name as "searchName", o.full_name as "fullName", o.private, o.agency_code as "agencyCode", o.position, o.title,
  o.category, o.photo_digest is not null as "hasPhoto", jsonb_array_length(o.warnings) as notes, o.left_at is not null as left,
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
    `select ${shown} from officers o ${withCard} where o.personal_number_index = $1 and o.agency_code = any($2)`,
    [index, agencies],
  )
  return rows
}

/** Those of the people who are of the status, in no order. */
export async function readFound(db: Db, ids: readonly string[], status: OfficerStatus): Promise<FoundOfficer[]> {
  const { rows } = await db.query<FoundOfficer>(
    `select ${shown} from officers o ${withCard} where o.id = any($1::uuid[]) and ${conditions[status]}`,
    [ids],
  )
  return rows
}

/** How many people the agencies have, counted up to `enough`. */
export async function officersInAgencies(db: Db, agencies: readonly string[], enough: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select count(*) as count from (select 1 from officers where agency_code = any($1) limit $2) as counted',
    [agencies, enough],
  )
  return rows[0]!.count
}

/** Goes through all people of the agencies, in order of names: for scopes of some ten thousand people. Words as in `walkNames`. */
export async function findInAgencies(
  db: Db,
  input: {
    agencies: readonly string[]
    phrase: string
    words: readonly string[]
    status: OfficerStatus
    place: SearchPlace | null
    limit: number
  },
): Promise<FoundOfficer[]> {
  const { rows } = await db.query<FoundOfficer>(
    `with people as materialized (
       select * from officers where agency_code = any($1) and ($2 = '' or strpos(' ' || search_name, ' ' || $2) > 0)
     )
     select ${shown} from people o ${withCard}
     where ${conditions[input.status]}
       and not exists (select 1 from unnest($3::text[]) as word where strpos(' ' || o.search_name || ' ', ' ' || word) = 0)
       and ($4::text is null or (o.search_name collate "C", o.id) > ($4, $5::uuid))
     order by o.search_name collate "C", o.id limit $6`,
    [input.agencies, input.phrase, input.words, input.place?.at ?? null, input.place?.id ?? null, input.limit],
  )
  return rows
}

// Tails that begin with $1: with a space at its end, as a whole word ("!" is what follows the space), else unfinished.
const inRange = `tail >= rtrim($1) and tail < case when right($1, 1) = ' ' then rtrim($1) || '!' else $1 || U&'\\+10FFFF' end`

/** Of the words, the one that the fewest tails begin with, by the statistics of the index. */
export async function rarestWord(db: Db, words: readonly string[]): Promise<string> {
  let rarest = { word: words[0]!, rows: Number.POSITIVE_INFINITY }
  for (const word of words) {
    const { rows } = await db.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
      `explain (format json) select 1 from officer_tails where ${inRange}`,
      [word],
    )
    const estimate = rows[0]!['QUERY PLAN'][0].Plan['Plan Rows']
    if (estimate < rarest.rows) rarest = { word, rows: estimate }
  }
  return rarest.word
}

export interface WalkStep {
  /** People whose tail or name fits, in the order of the walk. */
  found: { at: string; id: string }[]
  /** Entries of the index that were read; fewer than asked for at the end. */
  read: number
  /** Where the step ended; null when it read nothing. */
  last: SearchPlace | null
}

/**
 * Reads the next `entries` entries of the index of name tails that begin with `tail` (with '' those of whole names), and
 * keeps what fits: one of the agencies (null: any), all words, and each person once, at the first of their tails. A word that
 * ends in a space must be a whole word of the name, another the beginning of one.
 */
export async function walkNames(
  db: Db,
  input: { tail: string; agencies: readonly string[] | null; words: readonly string[]; place: SearchPlace | null; entries: number },
): Promise<WalkStep> {
  const { tail, place } = input
  const entries =
    tail === ''
      ? `select search_name as tail, id as officer_id, agency_code, '' as head from officers
         where search_name <> '' and $1 = '' and ($2::text is null or (search_name collate "C", id) > ($2, $3::uuid))
         order by search_name collate "C", id limit $4`
      : `select tail, officer_id, agency_code, head from officer_tails
         where ${inRange} and ($2::text is null or (tail, officer_id) > ($2 collate "C", $3::uuid))
         order by tail, officer_id limit $4`
  const { rows } = await db.query<{ at: string; id: string; fits: boolean | null; read: number }>(
    `with entries as materialized (${entries}),
       numbered as (
         select tail, officer_id, count(*) over () as read, row_number() over (order by tail collate "C", officer_id) as at,
           ($5::text[] is null or agency_code = any($5))
             and not exists (select 1 from unnest($6::text[]) as word where strpos(' ' || head || ' ' || tail || ' ', ' ' || word) = 0)
             and ($1 = '' or head = '' or not exists (
               select 1 from tails_of(head || ' ' || tail) as other
               where starts_with(other.tail || ' ', $1) and other.tail collate "C" < numbered_from.tail)) as fits
         from entries numbered_from)
     select tail as at, officer_id as id, fits, read from numbered where fits or at = read order by at`,
    [tail, place?.at ?? null, place?.id ?? null, input.entries, input.agencies, input.words],
  )
  const last = rows.at(-1)
  return {
    found: rows.filter(row => row.fits).map(({ at, id }) => ({ at, id })),
    read: last?.read ?? 0,
    last: last ? { at: last.at, id: last.id } : null,
  }
}
