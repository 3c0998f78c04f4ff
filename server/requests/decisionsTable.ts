import { v7 as uuidv7 } from 'uuid'
import type { Tx } from '../db/transaction.ts'

/** Which pending items an approval is about; the others stay pending in a request of their own. */
export type Selection = 'all' | 'without-warnings' | { seqs: readonly number[] }

interface Approver {
  sub: string
  name: string
}

/** `digest` (32 bytes) is of the claims that the approver was shown. */
export async function markApproved(
  tx: Tx,
  requestId: string,
  approval: { approver: Approver; digest: Uint8Array; total: number; heldRequestId: string | null },
): Promise<void> {
  const { approver, digest, total, heldRequestId } = approval
  await tx.query(
    `update requests set status = 'approved', approver = $2, approver_name = $3, approved_digest = $4, decided_at = now(), total = $5,
       detail = detail || $6 where id = $1`,
    [requestId, approver.sub, approver.name, digest, total, heldRequestId ? { heldIn: heldRequestId } : {}],
  )
}

/** `refusal` is the sealed reason. */
export async function markRefused(
  tx: Tx,
  requestId: string,
  { approver, refusal }: { approver: Approver; refusal: Buffer },
): Promise<void> {
  await tx.query(
    `update requests set status = 'refused', approver = $2, approver_name = $3, refusal = $4, decided_at = now(), finished_at = now() where id = $1`,
    [requestId, approver.sub, approver.name, refusal],
  )
}

export async function markCancelled(tx: Tx, requestId: string): Promise<void> {
  await tx.query("update requests set status = 'cancelled', finished_at = now() where id = $1", [requestId])
}

/** Ends what is still pending. */
export async function refuseItems(tx: Tx, requestId: string): Promise<void> {
  await tx.query("update request_items set state = 'refused' where request_id = $1 and state = 'pending'", [requestId])
}

/** Whether a pending item of the request is about this officer. */
export async function concerns(tx: Tx, requestId: string, officerId: string): Promise<boolean> {
  const { rowCount } = await tx.query("select from request_items where request_id = $1 and officer_id = $2 and state = 'pending' limit 1", [
    requestId,
    officerId,
  ])
  return rowCount !== 0
}

/** Approves the pending items that the selection names; answers how many. */
export async function approveItems(tx: Tx, requestId: string, selection: Selection): Promise<number> {
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

/** Moves what is still pending into a new pending request of the same maker; answers its id, null when nothing is. */
export async function holdTheRest(tx: Tx, requestId: string): Promise<string | null> {
  const id = uuidv7()
  const { rowCount } = await tx.query(
    `insert into requests (id, kind, agency_code, maker, maker_name, detail, reason, total)
     select $2, kind, agency_code, maker, maker_name, detail || jsonb_build_object('heldFrom', id),
       reason, (select count(*) from request_items where request_id = $1 and state = 'pending')
     from requests where id = $1 and exists (select from request_items where request_id = $1 and state = 'pending')`,
    [requestId, id],
  )
  if (rowCount === 0) return null
  await tx.query(
    `with held as (update request_items set state = 'held' where request_id = $1 and state = 'pending'
       returning officer_id, officer_version, person_index, subject_ref, claims, claims_digest, warnings, seq)
     insert into request_items (request_id, seq, officer_id, officer_version, person_index, subject_ref, claims, claims_digest, warnings)
     select $2, row_number() over (order by seq), officer_id, officer_version, person_index, subject_ref, claims, claims_digest, warnings from held`,
    [requestId, id],
  )
  return id
}
