import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { AuditActor } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { changeSubjects } from '../requests/changeSubjects.ts'
import { createRequest } from '../requests/createRequest.ts'
import type { RequestRow } from '../requests/requestsTable.ts'
import { writeStatusChange } from '../requests/writeStatusChange.ts'
import { type CardRow, lockCards, lockCardsByRef, updateStatuses } from './cardsTable.ts'
import { type StatusReason, statusReasons } from './statusReasons.ts'

export interface StatusDeps {
  pool: Pool
  cipher: FieldCipher
  isRestricted: (agency: AgencyCode) => boolean
}

export type StatusAction = 'suspend' | 'resume' | 'revoke'

const newStatus = { suspend: 2, resume: 0, revoke: 1 } as const
const entryType = { suspend: 'card.suspended', resume: 'card.resumed', revoke: 'card.ended' } as const
/** Statuses from which an action starts. */
export const startsFrom: Record<StatusAction, readonly number[]> = { suspend: [0], resume: [2], revoke: [0, 2] }

/**
 * Suspends cards at once; all or none. The bit, the entry and the audit are one transaction, and the list is served anew
 * within a second. Throws `card.not-found`, `card.ended.conflict`, `card.status.conflict` with the serial in the detail.
 */
export async function suspendCards(
  deps: StatusDeps,
  input: { actor: AuditActor; serials: readonly string[]; reasonCode: StatusReason; reason: string },
): Promise<void> {
  await inTransaction(deps.pool, async tx => {
    const cards = await lockCards(tx, input.serials)
    assertCan('suspend', input.serials, cards)
    await writeStatus(deps, tx, 'suspend', cards, { actor: input.actor, reasonCode: input.reasonCode, reason: input.reason })
  })
}

/** Asks a second person to resume or revoke cards of one agency's subtree. Answers the request's id. Throws as `suspendCards`. */
export async function requestStatusChange(
  deps: StatusDeps,
  input: {
    action: 'resume' | 'revoke'
    maker: { sub: string; name: string }
    agency: AgencyCode
    serials: readonly string[]
    reasonCode: StatusReason
    reason: string
  },
): Promise<string> {
  return inTransaction(deps.pool, async tx => {
    const cards = await lockCards(tx, input.serials)
    assertCan(input.action, input.serials, cards)
    return createRequest(tx, deps.cipher, {
      kind: `card.${input.action}`,
      agency: input.agency,
      maker: input.maker,
      detail: { reasonCode: input.reasonCode },
      reason: input.reason,
      items: cards.map(card => ({
        officerId: card.officerId,
        subjectRef: card.ref,
        claims: {
          action: input.action,
          serial: card.serial,
          fullName: card.fullName,
          position: card.position,
          usingAgency: card.usingCode,
          reasonCode: input.reasonCode,
        },
      })),
    })
  })
}

/** Carries out an approved request to resume or revoke, 500 cards a transaction; safe to run again. */
export async function applyStatusRequest(deps: StatusDeps, requestId: string): Promise<void> {
  const actionOf = ({ kind }: RequestRow) => (kind === 'card.resume' ? 'resume' : 'revoke')
  await changeSubjects(deps, requestId, {
    otherwise: 'card.status.conflict',
    lock: async (tx, refs, request) =>
      (await lockCardsByRef(tx, refs)).filter(card => card.endedAs === null && startsFrom[actionOf(request)].includes(card.status)),
    write: (tx, cards, request) =>
      writeStatus(deps, tx, actionOf(request), cards, {
        actor: { sub: request.approver!, name: request.approverName! },
        reasonCode: request.detail.reasonCode as StatusReason,
        reason: request.reason ? deps.cipher.open(request.reason).toString('utf8') : '',
      }),
  })
}

function assertCan(action: StatusAction, serials: readonly string[], cards: readonly CardRow[]): void {
  const known = new Set(cards.map(card => card.serial))
  const missing = serials.find(serial => !known.has(serial))
  if (missing !== undefined || cards.length === 0) throw new AppError('card.not-found', missing ? `No card ${missing}` : undefined)
  const ended = cards.find(card => card.endedAs !== null)
  if (ended) throw new AppError('card.ended.conflict', `Card ${ended.serial} has ended; an end is final`)
  const wrong = cards.find(card => !startsFrom[action].includes(card.status))
  if (wrong) throw new AppError('card.status.conflict', `Card ${wrong.serial} is ${wrong.status === 2 ? 'suspended' : 'active'}`)
}

/** Writes a status change of locked cards; the log's head is the last lock. */
async function writeStatus(
  deps: StatusDeps,
  tx: Tx,
  action: StatusAction,
  cards: readonly CardRow[],
  why: { actor: AuditActor; reasonCode: StatusReason; reason: string },
): Promise<void> {
  if (cards.length === 0) return
  const status = newStatus[action]
  await updateStatuses(
    tx,
    cards.map(card => ({ ref: card.ref, status, ...(action === 'revoke' ? { endedAs: statusReasons[why.reasonCode] } : {}) })),
  )
  await writeStatusChange(deps, tx, cards, {
    ...why,
    type: entryType[action],
    status,
    audited: card => ({ agency: card.usingCode, subject: `card:${card.serial}` }),
  })
}
