import { randomBytes } from 'node:crypto'
import { decodeBase64url } from '../../core/encoding/base64url.ts'
import type { Entry } from '../../core/log/entry.ts'
import type { Tx } from '../db/transaction.ts'
import type { Unmatched } from './reconcileTable.ts'

const statusOf: Partial<Record<Entry['type'], 0 | 1 | 2>> = {
  'card.suspended': 2,
  'card.resumed': 0,
  'card.ended': 1,
  'diploma.ended': 1,
  'diploma.corrected': 1,
}

/** Gives the row of a status entry, and its status bit, what the entry says; answers how many rows there were (0 or 1). */
export async function applyStatusEntry(tx: Tx, entry: Entry): Promise<number> {
  const status = statusOf[entry.type]
  if (status === undefined || !('commitment' in entry)) return 0
  const table = entry.type.startsWith('card.') ? 'cards' : 'diplomas'
  const endedAs = status !== 1 ? null : entry.type === 'diploma.corrected' ? 'corrected' : entry.by === undefined ? 'ended' : 'replaced'
  const { rows } = await tx.query<{ list: number; idx: number }>(
    `update ${table} t set status = $2::smallint, ended_as = coalesce($3::text, t.ended_as),
       ended_at = case when $3::text is null then t.ended_at else to_timestamp($4) end,
       successor = coalesce((select s.ref from ${table} s where s.ref = $5), t.successor)
     where t.ref = $1 returning list, idx`,
    [decodeBase64url(entry.ref), status, endedAs, entry.at, entry.by === undefined ? null : decodeBase64url(entry.by)],
  )
  const [row] = rows
  if (!row) return 0
  const shift = (row.idx % 4) * 2
  await tx.query(
    `update status_list_bits set version = version + 1, changed_at = now(),
       bits = set_byte(bits, $2::int, (get_byte(bits, $2::int) & ~(3 << $3::int) & 255) | ($4::int << $3::int)) where number = $1`,
    [row.list, row.idx >> 2, shift, status],
  )
  return 1
}

/** Leaves room in every series for `count` serials that were given out and lost. */
export async function raiseSerialCounters(tx: Tx, count: number): Promise<void> {
  await tx.query('update serial_counters set next = next + $1', [count])
}

/** Hands out no more indices of these lists: some were given out and lost. */
export async function retireLists(tx: Tx, numbers: readonly number[]): Promise<void> {
  await tx.query('update status_lists set reserved = size where number = any($1::int[])', [numbers])
}

/**
 * Puts an empty list in the place of one that was opened after the backup: its number is never given out again, and what was lost with it
 * reads as never issued. Lists that are there stay as they are.
 */
export async function replaceLostList(tx: Tx, number: number, agency: string, size: number): Promise<void> {
  const { rowCount } = await tx.query(
    `insert into status_lists (number, agency_code, size, reserved, order_key) overriding system value
     select $1, coalesce((select code from agencies where code = $2), (select code from agencies order by length(code), code limit 1)), $3, $3, $4
     on conflict do nothing`,
    [number, agency, size, randomBytes(32)],
  )
  if (rowCount === 0) return
  await tx.query('insert into status_list_bits (number, bits) values ($1, $2)', [number, Buffer.alloc(size / 4, 0xff)])
  await tx.query("select setval(pg_get_serial_sequence('status_lists', 'number'), (select max(number) from status_lists))")
}

/** Keeps what an operator accepted as lost. */
export async function acceptLost(tx: Tx, lost: readonly Unmatched[]): Promise<void> {
  await tx.query(
    `insert into log_lost (leaf_index, ref, type)
     select leaf_index, ref, type from log_entries where leaf_index = any($1::bigint[]) on conflict do nothing`,
    [lost.map(one => one.leafIndex)],
  )
}
