import type { Db } from '../db/transaction.ts'

/** People, cards in force (by the agency that uses them) and usable keys of each agency that has any. */
export async function countReach(
  db: Db,
  codes: readonly string[],
): Promise<Map<string, { people: number; validCards: number; keys: number }>> {
  const { rows } = await db.query<{ code: string; people: number; validCards: number; keys: number }>(
    `select code, sum(people)::int as people, sum(cards)::int as "validCards", sum(keys)::int as keys from (
       select agency_code as code, count(*) as people, 0 as cards, 0 as keys from officers
         where agency_code = any($1) and left_at is null group by agency_code
       union all
       select using_code, 0, count(*), 0 from cards where using_code = any($1) and ended_as is null group by using_code
       union all
       select agency_code, 0, 0, count(*) from signing_keys
         where agency_code = any($1) and retired_at is null and compromise is null group by agency_code
     ) counted group by code`,
    [codes],
  )
  return new Map(rows.map(({ code, ...counts }) => [code, counts]))
}
