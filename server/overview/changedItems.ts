import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { readAgencies } from '../agencies/agenciesTable.ts'
import { agencyStates } from '../agencies/agencyState.ts'
import { judgeItem } from '../agencies/judgeItem.ts'
import { approvedClaims } from '../cards/approvedClaims.ts'
import { personsForCards } from '../cards/cardsTable.ts'
import { startsFrom } from '../cards/changeStatus.ts'
import type { CardDeps } from '../cards/requestCards.ts'
import { itemsOf, type RequestRow } from '../requests/requestsTable.ts'
import { itemsOfEndedDiplomas, itemsOfOtherCards, touchedItems } from './changedItemsTable.ts'

const chunkSize = 1000

/**
 * The pending items of cards, diplomas and agencies that approval would carry out no more, since what they are about changed after the request: seq
 * to the outcome that approval would give. Only what the database says was touched is opened and compared. Empty for other kinds.
 */
export async function changedItems(
  deps: Pick<CardDeps, 'pool' | 'cipher' | 'termYears'>,
  request: Pick<RequestRow, 'id' | 'kind' | 'agencyCode'>,
): Promise<Map<number, string>> {
  const { id, kind } = request
  switch (kind) {
    case 'card.issue':
    case 'card.replace':
      return outdatedCards(deps, id)
    case 'card.resume':
      return withOutcome(await itemsOfOtherCards(deps.pool, id, startsFrom.resume), 'card.status.conflict')
    case 'card.revoke':
      return withOutcome(await itemsOfOtherCards(deps.pool, id, startsFrom.revoke), 'card.status.conflict')
    case 'diploma.correct':
    case 'diploma.holder':
    case 'diploma.end':
      return withOutcome(await itemsOfEndedDiplomas(deps.pool, id), 'diploma.ended.conflict')
    case 'agency.change':
      return outdatedAgencies(deps, request)
    default:
      return new Map()
  }
}

async function outdatedCards(deps: Pick<CardDeps, 'pool' | 'cipher' | 'termYears'>, requestId: string): Promise<Map<number, string>> {
  const changed = new Map<number, string>()
  for (let afterSeq = 0; ; ) {
    const items = await touchedItems(deps.pool, requestId, afterSeq, chunkSize)
    const ids = items.map(item => item.officerId)
    const persons = new Map((await personsForCards(deps.pool, ids)).map(person => [person.id, person]))
    for (const item of items) {
      const person = persons.get(item.officerId)
      const claims = person ? approvedClaims(deps, item, person) : 'request.changed'
      if (typeof claims === 'string') changed.set(item.seq, claims)
    }
    if (items.length < chunkSize) return changed
    afterSeq = items.at(-1)!.seq
  }
}

async function outdatedAgencies(
  { pool, cipher }: Pick<CardDeps, 'pool' | 'cipher'>,
  { id, agencyCode }: Pick<RequestRow, 'id' | 'agencyCode'>,
): Promise<Map<number, string>> {
  const changed = new Map<number, string>()
  const states = agencyStates(await readAgencies(pool))
  for (let afterSeq = 0; ; ) {
    const items = await itemsOf(pool, id, { state: 'pending', afterSeq, limit: chunkSize })
    for (const item of items) {
      const judged = judgeItem(cipher, states, agencyCode as AgencyCode, item)
      if (typeof judged === 'string') changed.set(item.seq, judged)
    }
    if (items.length < chunkSize) return changed
    afterSeq = items.at(-1)!.seq
  }
}

function withOutcome(seqs: readonly number[], outcome: string): Map<number, string> {
  return new Map(seqs.map(seq => [seq, outcome]))
}
