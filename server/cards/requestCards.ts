import type { Pool } from 'pg'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { inTransaction } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { createRequest, type RequestItemDraft } from '../requests/createRequest.ts'
import { type CardObstacle, shownCardOf } from './cardClaims.ts'
import { officersWithoutCard, type PersonForCard, personsForCards } from './cardsTable.ts'

const maxPeople = 100_000

export interface CardDeps {
  pool: Pool
  cipher: FieldCipher
  /** Seconds. */
  clock: () => number
  termYears: number
}

export interface RequestedCards {
  /** Null when nobody could be requested. */
  requestId: string | null
  requested: number
  /** Who was left out, and why. */
  refused: { officerId: string; code: CardObstacle }[]
}

/**
 * Asks for a first card for each officer. Who has no photo, no post, an ended contract or a valid card is left out and named.
 * `officerIds` may be of several agencies below `agency`; the caller has checked the actor's scope for each.
 */
export async function requestCards(
  deps: CardDeps,
  input: { maker: { sub: string; name: string }; agency: AgencyCode; officerIds: readonly string[] },
): Promise<RequestedCards> {
  return request(deps, { ...input, kind: 'card.issue', officerIds: input.officerIds })
}

/** The officers of the agencies that have no card and are in no pending request, as many as one request takes. */
export function officersToRequest(deps: Pick<CardDeps, 'pool'>, agencies: readonly string[]): Promise<string[]> {
  return officersWithoutCard(deps.pool, agencies, maxPeople)
}

/**
 * Asks for a new card in place of the valid (or suspended) one. `reasonCode` is an inner code (MAT_THE, HONG_THE,
 * DOI_CHUC_VU …), `reason` its words, kept sealed.
 */
export async function requestReplacements(
  deps: CardDeps,
  input: { maker: { sub: string; name: string }; agency: AgencyCode; officerIds: readonly string[]; reasonCode: string; reason: string },
): Promise<RequestedCards> {
  return request(deps, { ...input, kind: 'card.replace' })
}

async function request(
  deps: CardDeps,
  input: {
    kind: 'card.issue' | 'card.replace'
    maker: { sub: string; name: string }
    agency: AgencyCode
    officerIds: readonly string[]
    reasonCode?: string
    reason?: string
  },
): Promise<RequestedCards> {
  const madeOn = vietnamDay(deps.clock())
  const items: RequestItemDraft[] = []
  const refused: RequestedCards['refused'] = []
  const ids = [...new Set(input.officerIds)]
  if (ids.length > maxPeople) throw new AppError('request.too-many')
  for (let from = 0; from < ids.length; from += 1000) {
    const slice = ids.slice(from, from + 1000)
    const persons = new Map((await personsForCards(deps.pool, slice)).map(person => [person.id, person]))
    for (const id of slice) {
      const person = persons.get(id)
      if (!person) throw new AppError('officer.not-found')
      const item = itemOf(deps, input, person, madeOn)
      if (typeof item === 'string') refused.push({ officerId: id, code: item })
      else items.push(item)
    }
  }
  if (items.length === 0) return { requestId: null, requested: 0, refused }
  const requestId = await inTransaction(deps.pool, tx =>
    createRequest(tx, deps.cipher, {
      kind: input.kind,
      agency: input.agency,
      maker: input.maker,
      detail: { left: refused.length, ...(input.reasonCode ? { reasonCode: input.reasonCode } : {}) },
      reason: input.reason,
      items,
    }),
  )
  return { requestId, requested: items.length, refused }
}

function itemOf(
  deps: CardDeps,
  input: { kind: 'card.issue' | 'card.replace'; reasonCode?: string },
  person: PersonForCard,
  madeOn: string,
): RequestItemDraft | CardObstacle {
  if (input.kind === 'card.issue' && person.validRef) return 'card.exists'
  if (input.kind === 'card.replace' && !person.validRef) return 'card.none'
  const replaces = input.kind === 'card.replace' ? encodeBase64url(person.validRef!) : undefined
  const shown = shownCardOf(deps.cipher, person, { madeOn, termYears: deps.termYears, replaces, replaceReason: input.reasonCode })
  if (typeof shown === 'string') return shown
  const second = input.kind === 'card.issue' && person.hadCard
  return {
    officerId: person.id,
    officerVersion: person.version,
    subjectRef: person.validRef && replaces ? person.validRef : undefined,
    claims: shown,
    warnings: [
      ...person.warnings.map(({ code, column }) => (column ? { code, field: column } : { code })),
      ...(second ? [{ code: 'card.second' }] : []),
    ],
  }
}
