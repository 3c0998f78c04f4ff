import type { Db } from '../db/transaction.ts'

export interface UnitToReview {
  agencyCode: string
  /** People without a card and in no open request for one. */
  waiting: number
  withoutPhoto: number
  noted: number
}

/** Units that have people to ask cards for, in order of their codes. */
export async function reviewCounts(db: Db, agencies: readonly string[]): Promise<UnitToReview[]> {
  const { rows } = await db.query<UnitToReview>(
    `select o.agency_code as "agencyCode", count(*)::int as waiting, count(*) filter (where o.photo_digest is null)::int as "withoutPhoto",
       count(*) filter (where o.warnings <> '[]')::int as noted
     from officers o
     where o.agency_code = any($1) and o.left_at is null
       and not exists (select from cards c where c.officer_id = o.id and c.ended_as is null)
       and not exists (select from request_items i join requests r on r.id = i.request_id
         where i.officer_id = o.id and i.state in ('pending', 'approved') and r.kind in ('card.issue', 'card.replace')
           and r.status in ('pending', 'approved', 'running'))
     group by o.agency_code order by o.agency_code`,
    [agencies],
  )
  return rows
}
