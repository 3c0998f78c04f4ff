import type { Ask } from './apiClient.ts'
import type { Walk } from './walk.ts'

interface List {
  readonly key: string
  readonly as: NonNullable<Ask['as']>
  readonly at?: Ask['at']
  /** The name of the list in the answer, and of what names its members. */
  readonly of: string
  readonly by: string
  /** Of the parameter that takes `next`; a number or uuid where it is no cursor. */
  readonly cursor: string
  readonly limit?: number
  /** The body beside cursor and limit, of a list that is asked for by POST. */
  readonly body?: object
}

export const listsOf = ({ known }: Walk): List[] => [
  { key: 'GET /api/cards', as: 'maker', of: 'cards', by: 'serial', cursor: 'cursor' },
  { key: 'GET /api/diplomas', as: 'maker', of: 'diplomas', by: 'ref', cursor: 'cursor' },
  { key: 'POST /api/diplomas/search', as: 'maker', of: 'diplomas', by: 'ref', cursor: 'cursor', body: { query: 'nguyen' } },
  { key: 'GET /api/requests', as: 'maker', of: 'requests', by: 'id', cursor: 'cursor' },
  { key: 'GET /api/requests/{id}', as: 'maker', at: { id: (known.manyItems as string[])[0]! }, of: 'items', by: 'seq', cursor: 'after' },
  { key: 'POST /api/officers/search', as: 'maker', of: 'officers', by: 'id', cursor: 'cursor', body: { query: 'nguyen' } },
  { key: 'GET /api/imports/{id}/rows', as: 'maker', at: { id: (known.importId as string[])[2]! }, of: 'rows', by: 'seq', cursor: 'after' },
  {
    key: 'GET /api/webhooks/{id}/deliveries',
    as: 'admin',
    at: { id: (known.webhookId as string[])[0]! },
    of: 'deliveries',
    by: 'eventId',
    cursor: 'cursor',
  },
  { key: 'GET /api/webhooks', as: 'admin', of: 'webhooks', by: 'id', cursor: 'cursor' },
  { key: 'GET /api/imports', as: 'maker', of: 'imports', by: 'id', cursor: 'cursor' },
  { key: 'GET /api/print-jobs', as: 'printer', of: 'jobs', by: 'id', cursor: 'cursor' },
  { key: 'GET /api/agencies', as: 'maker', of: 'agencies', by: 'code', cursor: 'cursor' },
  { key: 'GET /api/keys', as: 'admin', of: 'keys', by: 'kid', cursor: 'cursor' },
  {
    key: 'GET /api/officers/{id}/views',
    as: 'auditor',
    at: { id: (known.viewed as string[])[0]! },
    of: 'views',
    by: 'id',
    cursor: 'cursor',
  },
]

/** Pages through a list, `grow` after each page; answers all names in the order read. */
export async function readThrough({ want }: Walk, list: List, limit: number, grow: () => Promise<unknown>): Promise<unknown[]> {
  const seen: unknown[] = []
  let next: unknown = null
  do {
    const { json } = await want(200, list.key, askOf(list, limit, next))
    if (json[list.of].length > limit) throw new Error(`${list.key} gave more than ${limit}`)
    seen.push(...json[list.of].map((each: Record<string, unknown>) => each[list.by]))
    next = json.next ?? json.nextItem ?? null
    await grow()
  } while (next !== null)
  return seen
}

export function askOf(list: List, limit: unknown, next: unknown): Ask {
  const page = { limit, ...(next === null ? {} : { [list.cursor]: next }) }
  const common = { as: list.as, ...(list.at ? { at: list.at } : {}) }
  if (list.body) return { ...common, json: { ...list.body, ...page } }
  return { ...common, query: Object.fromEntries(Object.entries(page).map(([name, value]) => [name, String(value)])) }
}

/** Fills lists with what came at one moment: rows of one transaction, a microsecond apart or not at all. */
export async function crowd({ world, known, note }: Walk): Promise<void> {
  const { pool } = world.public.installation
  const { rows } = await pool.query<{ id: string }>('select id from requests order by total desc limit 1')
  note('manyItems', rows[0]!.id)
  await pool.query(
    `update requests r set created_at = date_trunc('second', now()) + (n % 5) * interval '1 microsecond'
     from (select id, row_number() over () as n from requests) numbered where numbered.id = r.id`,
  )
  const [webhook] = known.webhookId as string[]
  await pool.query(
    `with events as (insert into webhook_events (id, type, agency_code, body)
       select gen_random_uuid(), 'card.issued', 'G09', '{}' from generate_series(1, 9) returning id)
     insert into webhook_deliveries (event_id, webhook_id) select id, $1 from events`,
    [webhook],
  )
  // Of one moment: what one statement writes has one time.
  await pool.query(
    `insert into webhooks (id, agency_code, url, events, description, created_by)
     select gen_random_uuid(), 'G09', 'https://mau.example/' || n, '{card.issued}', '', 'admin' from generate_series(1, 7) n`,
  )
  await pool.query(
    `insert into imports (id, agency_code, maker, maker_name, may, file_name, state)
     select gen_random_uuid(), 'G09', 'maker', 'Mẫu maker', '{officers}', n || '.csv', 'cancelled' from generate_series(1, 7) n`,
  )
  await pool.query(
    `insert into print_jobs (id, agency_code, layout, template, maker, maker_name, total)
     select gen_random_uuid(), 'G09', 'card', 'the-mau', 'printer', 'Mẫu printer', 0 from generate_series(1, 7)`,
  )
  const { rows: officers } = await pool.query<{ id: string }>(
    "select id from officers where agency_code = 'G09' or agency_code like 'G09.%' limit 1",
  )
  note('viewed', officers[0]!.id)
  await pool.query(
    `insert into audit (actor, actor_name, action, agency_code, subject, detail)
     select 'maker', 'Mẫu maker', 'officer.viewed', 'G09', 'officer:' || $1, '{}' from generate_series(1, 7)`,
    [officers[0]!.id],
  )
}
