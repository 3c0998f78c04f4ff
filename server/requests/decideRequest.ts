import { timingSafeEqual } from 'node:crypto'
import type { Pool } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { AppError } from '../../core/errors.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { enqueue } from '../jobs/enqueue.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import type { Actor } from '../staff/actor.ts'
import { lockRequest, pendingDigest, type RequestRow } from './requestsTable.ts'

/** Which pending items an approval is about; the others stay pending in a request of their own. */
export type Selection = 'all' | 'without-warnings' | { seqs: readonly number[] }

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
    const approved = await selectItems(tx, request.id, input.selection)
    if (approved === 0) throw new AppError('request.empty', 'Nothing was selected')
    const heldRequestId = await holdTheRest(tx, request)
    await tx.query(
      `update requests set status = 'approved', approver = $2, approver_name = $3, approved_digest = $4, decided_at = now(), total = $5,
         detail = detail || $6 where id = $1`,
      [request.id, input.actor.sub, input.actor.name, shown, approved, heldRequestId ? { heldIn: heldRequestId } : {}],
    )
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
    await tx.query("update request_items set state = 'refused' where request_id = $1 and state = 'pending'", [request.id])
    await tx.query(
      `update requests set status = 'refused', approver = $2, approver_name = $3, refusal = $4, decided_at = now(), finished_at = now() where id = $1`,
      [request.id, input.actor.sub, input.actor.name, deps.cipher.seal(input.reason)],
    )
    await recordAudit(tx, { actor: input.actor, action: 'request.refused', agency: request.agencyCode, subject: `request:${request.id}` })
  })
}

/** Takes back one's own pending request. */
export async function cancelRequest(deps: { pool: Pool }, input: { actor: Actor; id: string }): Promise<void> {
  await inTransaction(deps.pool, async tx => {
    const request = await lockPending(tx, input.id)
    if (request.maker !== input.actor.sub) throw new AppError('auth.forbidden', 'Only its maker takes a request back')
    await tx.query("update request_items set state = 'refused' where request_id = $1 and state = 'pending'", [request.id])
    await tx.query("update requests set status = 'cancelled', finished_at = now() where id = $1", [request.id])
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

async function concerns(tx: Tx, requestId: string, officerId: string): Promise<boolean> {
  const { rowCount } = await tx.query("select from request_items where request_id = $1 and officer_id = $2 and state = 'pending' limit 1", [
    requestId,
    officerId,
  ])
  return rowCount !== 0
}

async function selectItems(tx: Tx, requestId: string, selection: Selection): Promise<number> {
  const [condition, values]: [string, unknown[]] =
    selection === 'all'
      ? ['true', []]
      : selection === 'without-warnings'
        ? ["warnings = '[]'", []]
        : ['seq = any($2::int[])', [[...selection.seqs]]]
  const { rowCount } = await tx.query(
    `update request_items set state = 'approved' where request_id = $1 and state = 'pending' and ${condition}`,
    [requestId, ...values],
  )
  return rowCount ?? 0
}

/** Moves what is still pending into a new pending request of the same maker. */
async function holdTheRest(tx: Tx, request: RequestRow): Promise<string | null> {
  const id = uuidv7()
  const { rowCount } = await tx.query(
    `insert into requests (id, kind, agency_code, maker, maker_name, detail, reason, total)
     select $2, kind, agency_code, maker, maker_name, detail || jsonb_build_object('heldFrom', id),
       reason, (select count(*) from request_items where request_id = $1 and state = 'pending')
     from requests where id = $1 and exists (select from request_items where request_id = $1 and state = 'pending')`,
    [request.id, id],
  )
  if (rowCount === 0) return null
  await tx.query(
    `with held as (update request_items set state = 'held' where request_id = $1 and state = 'pending'
       returning officer_id, officer_version, person_index, subject_ref, claims, claims_digest, warnings, seq)
     insert into request_items (request_id, seq, officer_id, officer_version, person_index, subject_ref, claims, claims_digest, warnings)
     select $2, row_number() over (order by seq), officer_id, officer_version, person_index, subject_ref, claims, claims_digest, warnings from held`,
    [request.id, id],
  )
  return id
}
