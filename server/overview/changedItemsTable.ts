import type { Db } from '../db/transaction.ts'
import type { ItemRow } from '../requests/requestsTable.ts'

/** An item that asks for a card of a person who may have changed since. */
export type TouchedItem = Pick<ItemRow, 'seq' | 'claims' | 'claimsDigest'> & { officerId: string }

/** Pending items whose officer, or the officer's card, is not the one that the claims were made from, by seq after a cursor. */
export async function touchedItems(db: Db, requestId: string, afterSeq: number, limit: number): Promise<TouchedItem[]> {
  const { rows } = await db.query<TouchedItem>(
    `select i.seq, i.officer_id as "officerId", i.claims, i.claims_digest as "claimsDigest"
     from request_items i join officers o on o.id = i.officer_id left join cards c on c.officer_id = o.id and c.ended_as is null
     where i.request_id = $1 and i.seq > $2 and i.state = 'pending'
       and (o.version is distinct from i.officer_version or c.ref is distinct from i.subject_ref)
     order by i.seq limit $3`,
    [requestId, afterSeq, limit],
  )
  return rows
}

/** Seqs of pending items whose card has ended or has none of these statuses any more. */
export async function itemsOfOtherCards(db: Db, requestId: string, statuses: readonly number[]): Promise<number[]> {
  const { rows } = await db.query<{ seq: number }>(
    `select i.seq from request_items i join cards c on c.ref = i.subject_ref
     where i.request_id = $1 and i.state = 'pending' and (c.ended_as is not null or c.status <> all($2::smallint[])) order by i.seq`,
    [requestId, statuses],
  )
  return rows.map(row => row.seq)
}

/** Seqs of pending items whose diploma has ended. */
export async function itemsOfEndedDiplomas(db: Db, requestId: string): Promise<number[]> {
  const { rows } = await db.query<{ seq: number }>(
    `select i.seq from request_items i join diplomas d on d.ref = i.subject_ref
     where i.request_id = $1 and i.state = 'pending' and d.ended_as is not null order by i.seq`,
    [requestId],
  )
  return rows.map(row => row.seq)
}
