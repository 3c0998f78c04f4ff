import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { replayDeliveries, type WebhookRow } from './webhooksTable.ts'

/**
 * Delivers one event again, or all dead ones; answers how many. Its audit commits with it. Throws `webhook.not-found` when the webhook was
 * removed, or has no such event.
 */
export async function replayWebhook(
  pool: Pool,
  actor: { sub: string; name: string },
  { id, agencyCode, disabledAt }: WebhookRow,
  eventId?: string,
): Promise<number> {
  if (disabledAt) throw new AppError('webhook.not-found', 'The webhook was removed')
  return inTransaction(pool, async tx => {
    const count = await replayDeliveries(tx, id, eventId)
    if (eventId && count === 0) throw new AppError('webhook.not-found')
    await recordAudit(tx, { actor, action: 'webhook.replayed', agency: agencyCode, subject: `webhook:${id}`, detail: { count } })
    return count
  })
}
