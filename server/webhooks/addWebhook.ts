import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import type { webhookEvents } from './collectEvents.ts'
import { parseWebhookUrl } from './guardedLookup.ts'
import { insertWebhook, type WebhookRow } from './webhooksTable.ts'

/** Adds a webhook of an agency; its audit commits with it. Throws as `parseWebhookUrl` does. */
export async function addWebhook(
  { pool, allowPrivate }: { pool: Pool; allowPrivate: boolean },
  actor: { sub: string; name: string },
  webhook: { agency: AgencyCode; url: string; events: readonly (typeof webhookEvents)[number][]; description: string },
): Promise<WebhookRow> {
  const { agency, events, description } = webhook
  const url = parseWebhookUrl(webhook.url, allowPrivate).href
  return inTransaction(pool, async tx => {
    const row = await insertWebhook(tx, {
      id: randomUUID(),
      agencyCode: agency,
      url,
      events: [...events],
      description,
      createdBy: actor.sub,
    })
    await recordAudit(tx, { actor, action: 'webhook.added', agency, subject: `webhook:${row.id}` })
    return row
  })
}
