import type { Db } from '../db/transaction.ts'
import type { ItemRow } from '../requests/requestsTable.ts'

/** How many items of a request concern each unit, and how many of them carry warnings; officers' units as they are now. */
export async function countByUnit(db: Db, requestId: string): Promise<{ agencyCode: string | null; items: number; warned: number }[]> {
  const { rows } = await db.query<{ agencyCode: string | null; items: number; warned: number }>(
    `select o.agency_code as "agencyCode", count(*)::int as items, count(*) filter (where i.warnings <> '[]')::int as warned
     from request_items i left join officers o on o.id = i.officer_id
     where i.request_id = $1 group by o.agency_code order by o.agency_code`,
    [requestId],
  )
  return rows
}

export type SampledItem = Pick<ItemRow, 'seq' | 'officerId' | 'claims' | 'warnings' | 'state'>

/** Up to `count` pending items drawn at random, in their order. */
export async function sampleItems(db: Db, requestId: string, count: number): Promise<SampledItem[]> {
  const { rows } = await db.query<SampledItem>(
    `select seq, officer_id as "officerId", claims, warnings, state from
       (select * from request_items where request_id = $1 and state = 'pending' order by random() limit $2) s order by seq`,
    [requestId, count],
  )
  return rows
}
