import type { Db, Tx } from '../db/transaction.ts'

export interface WebhookRow {
  id: string
  agencyCode: string
  url: string
  events: string[]
  description: string
  createdBy: string
  createdAt: Date
  disabledAt: Date | null
}

const columns = `id, agency_code as "agencyCode", url, events, description, created_by as "createdBy", created_at as "createdAt", disabled_at as "disabledAt"`

export async function insertWebhook(
  db: Db,
  row: Pick<WebhookRow, 'id' | 'agencyCode' | 'url' | 'events' | 'description' | 'createdBy'>,
): Promise<WebhookRow> {
  const { rows } = await db.query<WebhookRow>(
    `insert into webhooks (id, agency_code, url, events, description, created_by) values ($1, $2, $3, $4, $5, $6) returning ${columns}`,
    [row.id, row.agencyCode, row.url, row.events, row.description, row.createdBy],
  )
  return rows[0]!
}

/** Webhooks of these agencies, the ended ones too, newest first; `before` is the id of the webhook that the page before ended with. */
export async function listWebhooks(
  db: Db,
  agencies: readonly string[],
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<WebhookRow[]> {
  const { rows } = await db.query<WebhookRow>(
    `select ${columns} from webhooks
     where agency_code = any($1) and ($2::uuid is null or (created_at, id) < (select created_at, id from webhooks where id = $2))
     order by created_at desc, id desc limit $3`,
    [agencies, before ?? null, limit],
  )
  return rows
}

export async function readWebhook(db: Db, id: string): Promise<WebhookRow | null> {
  const { rows } = await db.query<WebhookRow>(`select ${columns} from webhooks where id = $1`, [id])
  return rows[0] ?? null
}

/** Ends a webhook; what waits for it is given up. */
export async function disableWebhook(tx: Tx, id: string): Promise<void> {
  await tx.query('update webhooks set disabled_at = now() where id = $1 and disabled_at is null', [id])
  await tx.query(
    "update webhook_deliveries set state = 'dead', last_error = 'The webhook was removed' where webhook_id = $1 and state = 'pending'",
    [id],
  )
}

export async function activeWebhooks(db: Db): Promise<WebhookRow[]> {
  const { rows } = await db.query<WebhookRow>(`select ${columns} from webhooks where disabled_at is null`)
  return rows
}

/** Locks and reads how far the log was read for events. */
export async function lockCursor(tx: Tx): Promise<{ leafIndex: number; anchoredSize: number }> {
  const { rows } = await tx.query<{ leafIndex: number; anchoredSize: number }>(
    'select leaf_index as "leafIndex", anchored_size as "anchoredSize" from webhook_cursor for update',
  )
  return rows[0]!
}

export async function moveCursor(tx: Tx, leafIndex: number, anchoredSize: number): Promise<void> {
  await tx.query('update webhook_cursor set leaf_index = $1, anchored_size = $2', [leafIndex, anchoredSize])
}

/** An entry of the log that somebody may want to hear of, with what is public of its card or diploma. */
export interface NewsRow {
  leafIndex: number
  type: string
  ref: Buffer
  agencyCode: string
  serial: string | null
  endedAs: string | null
  successor: Buffer | null
}

const newsTypes = [
  'card.issued',
  'card.suspended',
  'card.resumed',
  'card.ended',
  'diploma.registered',
  'diploma.ended',
  'diploma.corrected',
]

/** News from `from` up to, not including, `until`, in order. Agencies come from the rows, because restricted ones are not in the log. */
export async function readNews(db: Db, from: number, until: number, types: readonly string[] = newsTypes): Promise<NewsRow[]> {
  const { rows } = await db.query<NewsRow>(
    `select e.leaf_index as "leafIndex", e.type, e.ref, coalesce(c.using_code, d.issuer_code) as "agencyCode", c.serial,
       coalesce(c.ended_as, d.ended_as) as "endedAs", coalesce(c.successor, d.successor) as successor
     from log_entries e left join cards c on c.ref = e.ref left join diplomas d on d.ref = e.ref
     where e.leaf_index >= $1 and e.leaf_index < $2 and e.type = any($3) and coalesce(c.using_code, d.issuer_code) is not null
     order by e.leaf_index`,
    [from, until, types],
  )
  return rows
}

/** The size of the log, and of its part that a contract holds with the anchor that says so. */
export async function readSizes(db: Db): Promise<{ size: number; anchor: AnchorNews | null }> {
  const { rows } = await db.query<{ size: number }>('select size from log_head')
  const { rows: anchors } = await db.query<AnchorNews>(
    'select tree_size as "treeSize", chain_id as "chainId", contract, transaction, time from log_anchors order by tree_size desc limit 1',
  )
  return { size: rows[0]!.size, anchor: anchors[0] ?? null }
}

export interface AnchorNews {
  treeSize: number
  chainId: number
  contract: string
  transaction: string
  time: number
}

export interface NewEvent {
  id: string
  type: string
  agencyCode: string
  body: unknown
  webhookIds: readonly string[]
}

/** Events with a delivery for each webhook that asked for them. */
export async function insertEvents(tx: Tx, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return
  await tx.query(
    'insert into webhook_events (id, type, agency_code, body) select * from unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[])',
    [events.map(e => e.id), events.map(e => e.type), events.map(e => e.agencyCode), events.map(e => JSON.stringify(e.body))],
  )
  const pairs = events.flatMap(event => event.webhookIds.map(webhookId => [event.id, webhookId] as const))
  await tx.query('insert into webhook_deliveries (event_id, webhook_id) select * from unnest($1::uuid[], $2::uuid[])', [
    pairs.map(([eventId]) => eventId),
    pairs.map(([, webhookId]) => webhookId),
  ])
}

export interface DueDelivery {
  eventId: string
  webhookId: string
  attempts: number
  url: string
  body: unknown
  type: string
}

/** Takes deliveries that are due, for `lease` seconds: a process that dies leaves them to others. */
export async function takeDue(db: Db, limit: number, lease: number): Promise<DueDelivery[]> {
  const { rows } = await db.query<DueDelivery>(
    `with due as (
       select event_id, webhook_id from webhook_deliveries where state = 'pending' and next_at <= now()
       order by next_at limit $1 for update skip locked
     ), taken as (
       update webhook_deliveries d set next_at = now() + make_interval(secs => $2), attempts = attempts + 1
       from due where d.event_id = due.event_id and d.webhook_id = due.webhook_id
       returning d.event_id, d.webhook_id, d.attempts
     )
     select t.event_id as "eventId", t.webhook_id as "webhookId", t.attempts, w.url, e.body, e.type
     from taken t join webhooks w on w.id = t.webhook_id join webhook_events e on e.id = t.event_id`,
    [limit, lease],
  )
  return rows
}

/** What became of an attempt: delivered, dead, or to be tried again after `retryAfter` seconds. */
export async function finishAttempt(
  db: Db,
  delivery: Pick<DueDelivery, 'eventId' | 'webhookId'>,
  outcome: { state: 'pending' | 'delivered' | 'dead'; status: number | null; error: string | null; retryAfter?: number },
): Promise<void> {
  await db.query(
    `update webhook_deliveries set state = $3, last_status = $4, last_error = $5, next_at = now() + make_interval(secs => $6),
       delivered_at = case when $3 = 'delivered' then now() end
     where event_id = $1 and webhook_id = $2 and state = 'pending'`,
    [delivery.eventId, delivery.webhookId, outcome.state, outcome.status, outcome.error, outcome.retryAfter ?? 0],
  )
}

export interface DeliveryRow {
  eventId: string
  type: string
  state: 'pending' | 'delivered' | 'dead'
  attempts: number
  nextAt: Date
  lastStatus: number | null
  lastError: string | null
  deliveredAt: Date | null
  createdAt: Date
}

/** Deliveries of a webhook, newest first, perhaps of one state; `before` is the creation time of the last one seen. */
export async function listDeliveries(
  db: Db,
  webhookId: string,
  state: string | undefined,
  before: string | undefined,
  limit: number,
): Promise<DeliveryRow[]> {
  const { rows } = await db.query<DeliveryRow>(
    `select d.event_id as "eventId", e.type, d.state, d.attempts, d.next_at as "nextAt", d.last_status as "lastStatus", d.last_error as "lastError",
       d.delivered_at as "deliveredAt", e.created_at as "createdAt"
     from webhook_deliveries d join webhook_events e on e.id = d.event_id
     where d.webhook_id = $1 and ($2::text is null or d.state = $2) 
       and ($3::uuid is null or (e.created_at, e.id) < (select created_at, id from webhook_events where id = $3))
     order by e.created_at desc, e.id desc limit $4`,
    [webhookId, state ?? null, before ?? null, limit],
  )
  return rows
}

/** Sends dead deliveries again: one event, or all. Answers how many. */
export async function replayDeliveries(db: Db, webhookId: string, eventId: string | undefined): Promise<number> {
  const { rowCount } = await db.query(
    `update webhook_deliveries set state = 'pending', attempts = 0, next_at = now()
     where webhook_id = $1 and ($2::uuid is null or event_id = $2) and state = case when $2::uuid is null then 'dead' else state end`,
    [webhookId, eventId ?? null],
  )
  return rowCount ?? 0
}

/** Forgets events that are more than 30 days old and no longer waiting. */
export async function dropOldEvents(db: Db): Promise<void> {
  await db.query(
    `with old as (
       select e.id from webhook_events e where e.created_at < now() - interval '30 days'
         and not exists (select from webhook_deliveries d where d.event_id = e.id and d.state = 'pending') limit 10000
     ), gone as (delete from webhook_deliveries d using old where d.event_id = old.id returning d.event_id)
     select count(*) from gone`,
  )
  await db.query(
    `delete from webhook_events e where e.created_at < now() - interval '30 days'
     and not exists (select from webhook_deliveries d where d.event_id = e.id)`,
  )
}
