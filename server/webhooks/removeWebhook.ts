import type { Pool } from 'pg'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { disableWebhook, type WebhookRow } from './webhooksTable.ts'

/** Ends a webhook: nothing is delivered to it any more. Its audit commits with it; safe to do twice. */
export async function removeWebhook(pool: Pool, actor: { sub: string; name: string }, { id, agencyCode }: WebhookRow): Promise<void> {
  await inTransaction(pool, async tx => {
    await disableWebhook(tx, id)
    await recordAudit(tx, { actor, action: 'webhook.removed', agency: agencyCode, subject: `webhook:${id}` })
  })
}
