import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import { inTransaction } from '../db/transaction.ts'
import {
  type AnchorNews,
  activeWebhooks,
  insertEvents,
  lockCursor,
  moveCursor,
  type NewEvent,
  type NewsRow,
  readNews,
  readSizes,
  type WebhookRow,
} from './webhooksTable.ts'

/** What a webhook may ask to hear of. */
export const webhookEvents = ['card.issued', 'card.status', 'diploma.registered', 'diploma.anchored', 'diploma.revoked'] as const
export type WebhookEvent = (typeof webhookEvents)[number]

const atOnce = 2000

const typeOf: Record<string, WebhookEvent> = {
  'card.issued': 'card.issued',
  'card.suspended': 'card.status',
  'card.resumed': 'card.status',
  'card.ended': 'card.status',
  'diploma.registered': 'diploma.registered',
  'diploma.ended': 'diploma.revoked',
  'diploma.corrected': 'diploma.revoked',
}

/**
 * Makes events of what the log has that was not read yet. The log is the one list of everything that happened, in the order it was
 * committed; cursor, events and deliveries move in one transaction, so nothing is missed and nothing told twice. Answers how many
 * events there were; call again while it moved.
 */
export async function collectEvents(deps: { pool: Pool; agencies: AgencyTree }): Promise<{ events: number; isBehind: boolean }> {
  await deps.agencies.refresh(deps.pool)
  return inTransaction(deps.pool, async tx => {
    const cursor = await lockCursor(tx)
    const [{ size, anchor }, webhooks] = [await readSizes(tx), await activeWebhooks(tx)]
    const until = Math.min(size, cursor.leafIndex + atOnce)
    const anchored = Math.min(anchor?.treeSize ?? 0, Math.max(cursor.anchoredSize, 0) + atOnce, until)
    const events: NewEvent[] = []
    if (webhooks.length > 0) {
      for (const news of await readNews(tx, cursor.leafIndex, until))
        add(events, webhooks, typeOf[news.type]!, news, dataOf(news), deps.agencies)
      if (anchored > cursor.anchoredSize) {
        for (const news of await readNews(tx, cursor.anchoredSize, anchored, ['diploma.registered']))
          add(events, webhooks, 'diploma.anchored', news, anchorData(news, anchor!), deps.agencies)
      }
    }
    await insertEvents(tx, events)
    const anchoredSize = Math.max(cursor.anchoredSize, anchored)
    await moveCursor(tx, until, anchoredSize)
    return { events: events.length, isBehind: until < size || anchoredSize < Math.min(anchor?.treeSize ?? 0, size) }
  })
}

function add(
  events: NewEvent[],
  webhooks: readonly WebhookRow[],
  type: WebhookEvent,
  news: NewsRow,
  data: Record<string, unknown>,
  agencies: Pick<AgencyTree, 'inSubtree' | 'get'>,
): void {
  const webhookIds = webhooks
    .filter(hook => hook.events.includes(type) && agencies.inSubtree(news.agencyCode, hook.agencyCode))
    .map(hook => hook.id)
  if (webhookIds.length === 0) return
  const id = randomUUID()
  const agency = { code: news.agencyCode, oldCode: agencies.get(news.agencyCode)?.oldCode ?? null }
  const body = { id, type, createdAt: new Date().toISOString(), agency, data }
  events.push({ id, type, agencyCode: news.agencyCode, body, webhookIds })
}

function dataOf({ type, ref, serial, leafIndex, endedAs, successor }: NewsRow): Record<string, unknown> {
  const common = { ref: encodeBase64url(ref), ...(serial ? { serial } : {}), leafIndex }
  const next = successor ? { successor: encodeBase64url(successor) } : {}
  if (type === 'card.suspended') return { ...common, status: 'suspended' }
  if (type === 'card.resumed') return { ...common, status: 'active' }
  if (type === 'card.ended' || type === 'diploma.ended') return { ...common, status: endedAs ?? 'ended', ...next }
  if (type === 'diploma.corrected') return { ...common, status: 'corrected', ...next }
  return common
}

function anchorData({ ref, leafIndex }: NewsRow, { treeSize, chainId, contract, transaction, time }: AnchorNews): Record<string, unknown> {
  return { ref: encodeBase64url(ref), leafIndex, anchor: { treeSize, chainId, contract, transaction, time } }
}
