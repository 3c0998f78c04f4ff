import { timingSafeEqual } from 'node:crypto'
import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { enqueue } from '../jobs/enqueue.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import type { Actor } from '../staff/actor.ts'
import {
  approveItems,
  concerns,
  holdTheRest,
  markApproved,
  markCancelled,
  markRefused,
  refuseItems,
  type Selection,
} from './decisionsTable.ts'
import { lockRequest, pendingDigest, type RequestRow } from './requestsTable.ts'

export interface Decision {
  approved: number
  held: number
  /** The request in which the held items wait; null when none was held. */
  heldRequestId: string | null
}

/**
 * Approves items of a pending request as a second person, and enqueues the job that carries it out. `claimsDigest` (32 bytes)
 * names what the approver was shown.
 * @throws request.not-found · request.decided.conflict · request.same-person · request.own-card · request.changed.conflict (other
 * claims than shown) · request.empty (nothing selected)
 */
export async function approveRequest(
  deps: { pool: Pool },
  input: { actor: Actor; id: string; claimsDigest: Uint8Array; selection: Selection },
): Promise<Decision> {
  return inTransaction(deps.pool, async tx => {
    const request = await lockPending(tx, input.id)
    refuseOwn(input.actor, request)
    const shown = await pendingDigest(tx, request.id)
    if (input.claimsDigest.length !== 32 || !timingSafeEqual(shown, input.claimsDigest)) throw new AppError('request.changed.conflict')
    if (input.actor.officerId && (await concerns(tx, request.id, input.actor.officerId))) throw new AppError('request.own-card')
    const approved = await approveItems(tx, request.id, input.selection)
    if (approved === 0) throw new AppError('request.empty', 'Nothing was selected')
    const heldRequestId = await holdTheRest(tx, request.id)
    await markApproved(tx, request.id, { approver: input.actor, digest: shown, total: approved, heldRequestId })
    await recordAudit(tx, {
      actor: input.actor,
      action: 'request.approved',
      agency: request.agencyCode,
      subject: `request:${request.id}`,
      detail: { kind: request.kind, approved, held: request.total - approved },
    })
    await enqueue(tx, 'applyRequest', { requestId: request.id }, { key: `request:${request.id}`, maxAttempts: 25 })
    return { approved, held: request.total - approved, heldRequestId }
  })
}

/** Refuses a pending request, with a reason that its maker will read. Throws as `approveRequest` does. */
export async function refuseRequest(
  deps: { pool: Pool; cipher: FieldCipher },
  input: { actor: Actor; id: string; reason: string },
): Promise<void> {
  await inTransaction(deps.pool, async tx => {
    const request = await lockPending(tx, input.id)
    refuseOwn(input.actor, request)
    await refuseItems(tx, request.id)
    await markRefused(tx, request.id, { approver: input.actor, refusal: deps.cipher.seal(input.reason) })
    await recordAudit(tx, { actor: input.actor, action: 'request.refused', agency: request.agencyCode, subject: `request:${request.id}` })
  })
}

/** Takes back one's own pending request. */
export async function cancelRequest(deps: { pool: Pool }, input: { actor: Actor; id: string }): Promise<void> {
  await inTransaction(deps.pool, async tx => {
    const request = await lockPending(tx, input.id)
    if (request.maker !== input.actor.sub) throw new AppError('auth.forbidden', 'Only its maker takes a request back')
    await refuseItems(tx, request.id)
    await markCancelled(tx, request.id)
    await recordAudit(tx, { actor: input.actor, action: 'request.cancelled', agency: request.agencyCode, subject: `request:${request.id}` })
  })
}

async function lockPending(tx: Tx, id: string): Promise<RequestRow> {
  const request = await lockRequest(tx, id)
  if (!request) throw new AppError('request.not-found')
  if (request.status !== 'pending') throw new AppError('request.decided.conflict')
  return request
}

function refuseOwn(actor: Actor, request: RequestRow): void {
  if (actor.kind !== 'person') throw new AppError('auth.forbidden', 'Only people decide requests')
  if (actor.sub === request.maker) throw new AppError('request.same-person')
}
