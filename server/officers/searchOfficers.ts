import { AppError } from '../../core/errors.ts'
import { maskPersonalNumber } from '../../core/identity/maskPersonalNumber.ts'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import type { Db } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { personalNumberIndex } from '../keys/personalNumberIndex.ts'
import { searchName } from '../tables/searchName.ts'
import { openPrivate } from './officerPrivate.ts'
import {
  type FoundOfficer,
  findByNumber,
  findInAgencies,
  officersInAgencies,
  rarestWord,
  readFound,
  type SearchPlace,
  walkNames,
} from './officerSearchTable.ts'

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

/** Up to here the people of the agencies themselves are gone through; above it the index of all names is walked. */
const smallScope = 20_000
/** Entries of the index that a step reads: few at first, since common names fill a page at once. */
const steps = [500, 4_000]
/** Milliseconds after which a page ends, short, and its cursor goes on from there. */
const pageTime = 70

/**
 * One page of people in the scope, in the order of their names, and the cursor of the next. A page can be short, even empty,
 * while there is a next one: each page does a bounded amount of work.
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
  const agencies = deps.agencies.inSubtree(asked, scope) ? deps.agencies.subtree(asked) : []
  const number = input.query.replace(/[\s.-]/g, '')
  if (/^\d{12}$/.test(number)) {
    const found = await findByNumber(deps.pool, personalNumberIndex(deps.cipher, number), agencies)
    return { officers: found.map(one => hit(deps.cipher, one)), next: null }
  }
  const phrase = searchName(input.query)
  if (phrase === '' && input.query.trim() !== '') throw new AppError('officer.query')
  const cursor = input.cursor === undefined ? null : decodeCursor(input.cursor)
  if (agencies.length === 0) return { officers: [], next: null }
  const small = (await officersInAgencies(deps.pool, agencies, smallScope + 1)) <= smallScope
  const search: Search = { db: deps.pool, agencies, status: input.status ?? 'all', place: cursor?.place ?? null, limit }
  const page = small ? goThrough : walk
  // The last word may be unfinished, those before it are whole.
  const anyOrder = phrase.includes(' ') ? phrase.split(' ').map((word, i, words) => (i < words.length - 1 ? `${word} ` : word)) : null

  let loose = cursor?.loose === true
  let result: Page = loose ? noPage : await page(search, phrase, [])
  if (anyOrder && (loose || (cursor === null && result.found.length === 0 && result.next === null))) {
    loose = true
    result = await page(search, small ? '' : await rarestWord(deps.pool, anyOrder), anyOrder)
  }
  return { officers: result.found.map(one => hit(deps.cipher, one)), next: result.next && encodeCursor({ place: result.next, loose }) }
}

interface Search {
  db: Db
  agencies: readonly string[]
  status: OfficerStatus
  place: SearchPlace | null
  limit: number
}

interface Page {
  found: FoundOfficer[]
  next: SearchPlace | null
}

const noPage: Page = { found: [], next: null }

async function goThrough({ db, limit, ...search }: Search, phrase: string, words: readonly string[]): Promise<Page> {
  const rows = await findInAgencies(db, { ...search, phrase, words, limit: limit + 1 })
  const found = rows.slice(0, limit)
  const last = found.at(-1)
  return { found, next: rows.length > limit && last ? { at: last.searchName, id: last.id } : null }
}

async function walk({ db, agencies, status, place, limit }: Search, tail: string, words: readonly string[]): Promise<Page> {
  const only = (await hasEveryone(db, agencies)) ? null : agencies
  const found: FoundOfficer[] = []
  const deadline = performance.now() + pageTime
  let at = place // everything up to here was looked at
  for (let i = 0; ; i++) {
    const entries = steps[Math.min(i, steps.length - 1)]!
    const step = await walkNames(db, { tail, agencies: only, words, place: at, entries })
    // A batch at a time: a rare status may need many, a common one only the first.
    for (let from = 0; from < step.found.length; from += fetchSize) {
      const batch = step.found.slice(from, from + fetchSize)
      const ids = batch.map(candidate => candidate.id)
      const records = new Map((await readFound(db, ids, status)).map(record => [record.id, record]))
      for (const candidate of batch) {
        const record = records.get(candidate.id)
        if (record && found.length === limit) return { found, next: at }
        if (record) found.push(record)
        at = candidate
      }
      if (performance.now() > deadline) return { found, next: at }
    }
    if (step.read < entries) return { found, next: null }
    at = step.last
    if (found.length === limit || performance.now() > deadline) return { found, next: at }
  }
}

const fetchSize = 250

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

interface Cursor {
  place: SearchPlace
  loose: boolean
}

function encodeCursor({ place, loose }: Cursor): string {
  return Buffer.from(JSON.stringify([place.at, place.id, loose ? 1 : 0])).toString('base64url')
}

function decodeCursor(text: string): Cursor {
  try {
    const [at, id, loose] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [unknown, unknown, unknown]
    if (typeof at === 'string' && typeof id === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(id))
      return { place: { at, id }, loose: loose === 1 }
  } catch {
    // falls through: not ours
  }
  throw new AppError('officer.query')
}
