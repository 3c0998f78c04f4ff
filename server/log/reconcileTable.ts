import type { Db } from '../db/transaction.ts'

/** A card or diploma, or an entry of one, that lacks its other half. `ref` in base64url. */
export interface Unmatched {
  readonly kind: 'card' | 'diploma'
  readonly ref: Buffer
  readonly leafIndex: number
}

const limit = 1000

/** Cards and diplomas whose leaf index holds no entry of theirs, 1,000 at most. */
export async function rowsWithoutEntry(db: Db): Promise<Unmatched[]> {
  const { rows } = await db.query<Unmatched>(
    `select 'card' as kind, c.ref, c.leaf_index as "leafIndex" from cards c left join log_entries e using (leaf_index)
       where e.leaf_index is null or e.ref is distinct from c.ref or e.type <> 'card.issued'
     union all
     select 'diploma', d.ref, d.leaf_index from diplomas d left join log_entries e using (leaf_index)
       where e.leaf_index is null or e.ref is distinct from d.ref or e.type <> 'diploma.registered'
     limit ${limit}`,
  )
  return rows
}

/** Issuing entries whose card or diploma is not there, unless its loss was accepted, 1,000 at most from `after` on. */
export async function entriesWithoutRow(db: Db, after = -1): Promise<Unmatched[]> {
  const { rows } = await db.query<Unmatched>(
    `select case e.type when 'card.issued' then 'card' else 'diploma' end as kind, e.ref, e.leaf_index as "leafIndex"
     from log_entries e left join cards c using (leaf_index) left join diplomas d using (leaf_index) left join log_lost l using (leaf_index)
     where e.leaf_index > $1 and e.type in ('card.issued', 'diploma.registered') and l.leaf_index is null
       and case e.type when 'card.issued' then c.ref else d.ref end is distinct from e.ref
     order by e.leaf_index limit ${limit}`,
    [after],
  )
  return rows
}

/** A card or diploma whose status differs from what its newest entry about it says. */
export interface StatusDifference {
  readonly kind: 'card' | 'diploma'
  readonly ref: Buffer
  readonly leafIndex: number
  readonly type: string
  readonly status: number
}

/** Rows whose status (0, 1, 2) is not that of their newest status entry, 1,000 at most. */
export async function statusDifferences(db: Db): Promise<StatusDifference[]> {
  const { rows } = await db.query<StatusDifference>(
    `with newest as (
       select distinct on (ref) ref, leaf_index, type from log_entries
       where type in ('card.suspended', 'card.resumed', 'card.ended', 'diploma.ended', 'diploma.corrected') order by ref, leaf_index desc
     )
     select 'card' as kind, c.ref, n.leaf_index as "leafIndex", n.type, c.status from cards c join newest n using (ref)
       where c.status <> case n.type when 'card.suspended' then 2 when 'card.resumed' then 0 else 1 end
     union all
     select 'card', c.ref, c.leaf_index, 'card.issued', c.status from cards c left join newest n using (ref)
       where c.status <> 0 and n.ref is null
     union all
     select 'diploma', d.ref, n.leaf_index, n.type, d.status from diplomas d join newest n using (ref) where d.status <> 1
     union all
     select 'diploma', d.ref, d.leaf_index, 'diploma.registered', d.status from diplomas d left join newest n using (ref)
       where d.status <> 0 and n.ref is null
     limit ${limit}`,
  )
  return rows
}

/** SHA-256 of the bits of every status list, by number. */
export async function statusListDigests(db: Db): Promise<Map<number, Buffer>> {
  const { rows } = await db.query<{ number: number; digest: Buffer }>('select number, sha256(bits) as digest from status_list_bits')
  return new Map(rows.map(row => [row.number, row.digest]))
}

/** Entries of status-list.changed from `first` on, oldest first. */
export async function listEntriesFrom(db: Db, first: number): Promise<{ leafIndex: number; entry: Buffer }[]> {
  const { rows } = await db.query<{ leafIndex: number; entry: Buffer }>(
    `select leaf_index as "leafIndex", entry from log_entries where type = 'status-list.changed' and leaf_index >= $1 order by leaf_index`,
    [first],
  )
  return rows
}
