import { AppError } from '../../core/errors.ts'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import type { Db } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { searchName } from '../tables/searchName.ts'
import { maskPersonalNumber, openPrivate, personalNumberIndex } from './officerPrivate.ts'
import { type FoundOfficer, findByNumber, findByTail, findInAgencies, officersInAgencies, type SearchPlace } from './officerSearchTable.ts'

/** Whom to list. `none` have no valid card, `no-photo` cannot get one yet, `noted` have warnings or repairs, `left` have left. */
export const officerStatuses = ['all', 'none', 'active', 'suspended', 'no-photo', 'noted', 'left'] as const
export type OfficerStatus = (typeof officerStatuses)[number]

export interface OfficerQuery {
  /** Words of a name without regard to diacritics, the last one perhaps unfinished; or a whole personal number. '' lists all. */
  query: string
  /** Only this agency and below. */
  agency?: string | undefined
  status?: OfficerStatus | undefined
  cursor?: string | undefined
  limit?: number | undefined
}

export interface OfficerHit {
  id: string
  fullName: string
  /** `001***012345` */
  personalNumber: string
  agency: string
  position: string
  title: string
  category: string
  hasPhoto: boolean
  notes: number
  card: { serial: string; status: 'active' | 'suspended'; expiresAt: Date } | null
  left: boolean
}

/** Up to here the people of the agencies themselves are gone through; above it the index of all names is. */
const smallScope = 30_000

/**
 * One page of people in the scope, in the order of their names, and the cursor of the next.
 * Words must follow one another in the name; when no name has them so, names that have them all in any order are found.
 * @param scope the agency that the searcher may see, with all below it
 * @throws officer.query neither letters nor digits, or a foreign cursor
 */
export async function searchOfficers(
  deps: { pool: Db; cipher: FieldCipher; agencies: AgencyTree },
  scope: string,
  input: OfficerQuery,
): Promise<{ officers: OfficerHit[]; next: string | null }> {
  const limit = Math.min(input.limit ?? 50, 200)
  const asked = input.agency ?? scope
  const visible = deps.agencies.inSubtree(asked, scope) ? deps.agencies.subtree(asked) : []
  const status = input.status ?? 'all'
  const number = input.query.replace(/[\s.]/g, '')
  if (/^\d{12}$/.test(number)) {
    const found = await findByNumber(deps.pool, personalNumberIndex(deps.cipher, number), visible)
    return { officers: found.map(one => hit(deps.cipher, one)), next: null }
  }
  const words = searchName(input.query)
  if (words === '' && input.query.trim() !== '') throw new AppError('officer.query')
  const place = input.cursor === undefined ? null : decodeCursor(input.cursor)
  const rows = await find(deps.pool, visible, words, status, place, limit + 1)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    officers: page.map(one => hit(deps.cipher, one)),
    next: rows.length > limit && last ? encodeCursor({ at: last.place, id: last.id, loose: last.loose === true }) : null,
  }
}

async function find(db: Db, agencies: readonly string[], words: string, status: OfficerStatus, place: SearchPlace | null, limit: number) {
  if (agencies.length === 0) return []
  const small = (await officersInAgencies(db, agencies, smallScope + 1)) <= smallScope
  const loose = words.includes(' ') ? words.split(' ') : []
  if (words === '' || small) {
    const rows = place?.loose ? [] : await findInAgencies(db, { agencies, phrase: words, words: [], status, place, limit })
    if (rows.length > 0 || loose.length === 0 || (place !== null && !place.loose)) return rows
    return (await findInAgencies(db, { agencies, phrase: '', words: loose, status, place, limit })).map(row => ({ ...row, loose: true }))
  }
  const all = await hasEveryone(db, agencies)
  const scope = all ? null : agencies
  const rows = place?.loose ? [] : await findByTail(db, { agencies: scope, tail: words, words: [], status, place, limit })
  if (rows.length > 0 || loose.length === 0 || (place !== null && !place.loose)) return rows
  // The longest word stands in the fewest names.
  const rarest = loose.toSorted((a, b) => b.length - a.length)[0]!
  return (await findByTail(db, { agencies: scope, tail: rarest, words: loose, status, place, limit })).map(row => ({ ...row, loose: true }))
}

async function hasEveryone(db: Db, agencies: readonly string[]): Promise<boolean> {
  const { rows } = await db.query<{ all: boolean }>('select not exists (select 1 from agencies where code <> all($1)) as all', [agencies])
  return rows[0]!.all
}

function hit(cipher: FieldCipher, found: FoundOfficer): OfficerHit {
  return {
    id: found.id,
    fullName: found.fullName,
    personalNumber: maskPersonalNumber(openPrivate(cipher, found.private).personalNumber),
    agency: found.agencyCode,
    position: found.position,
    title: found.title,
    category: found.category,
    hasPhoto: found.hasPhoto,
    notes: found.notes,
    card:
      found.serial === null
        ? null
        : { serial: found.serial, status: found.cardStatus === 2 ? 'suspended' : 'active', expiresAt: found.expiresAt! },
    left: found.left,
  }
}

function encodeCursor(place: SearchPlace): string {
  return Buffer.from(JSON.stringify([place.at, place.id, place.loose ? 1 : 0])).toString('base64url')
}

function decodeCursor(text: string): SearchPlace {
  try {
    const [at, id, loose] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [unknown, unknown, unknown]
    if (typeof at === 'string' && typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id)) return { at, id, loose: loose === 1 }
  } catch {
    // falls through: not ours
  }
  throw new AppError('officer.query')
}
