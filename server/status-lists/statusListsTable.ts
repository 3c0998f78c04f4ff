import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { Db, Tx } from '../db/transaction.ts'

/** Part of a list that was just handed out: positions `from` to `from + count - 1` of its secret order. */
export interface Reservation {
  list: number
  size: number
  orderKey: Buffer
  from: number
  count: number
  /** Positions that are left. */
  left: number
}

/**
 * Takes `count` positions of the agency's oldest list that has room for all of them, in one statement; null when none has. Concurrent
 * callers get different positions, because the counter is read and moved under the row's lock.
 */
export async function takePositions(db: Db, agency: string, count: number): Promise<Reservation | null> {
  const { rows } = await db.query<{ number: number; size: number; order_key: Buffer; reserved: number }>(
    `update status_lists set reserved = reserved + $2
     where number = (select number from status_lists where agency_code = $1 and reserved < size and reserved + $2 <= size order by number limit 1)
       and reserved + $2 <= size
     returning number, size, order_key, reserved`,
    [agency, count],
  )
  const row = rows[0]
  return row
    ? { list: row.number, size: row.size, orderKey: row.order_key, from: row.reserved - count, count, left: row.size - row.reserved }
    : null
}

/** Takes up to `count` positions of the agency's oldest open list; null when none is open. */
export async function takeRest(tx: Tx, agency: string, count: number): Promise<Reservation | null> {
  const { rows } = await tx.query<{ number: number; left: number }>(
    'select number, size - reserved as left from status_lists where agency_code = $1 and reserved < size order by number limit 1 for update',
    [agency],
  )
  return rows[0] ? takePositions(tx, agency, Math.min(count, rows[0].left)) : null
}

/** Positions left in all open lists of the agency. */
export async function countLeft(db: Db, agency: string): Promise<number> {
  const { rows } = await db.query<{ left: number | null }>(
    'select sum(size - reserved)::bigint as left from status_lists where agency_code = $1 and reserved < size',
    [agency],
  )
  return rows[0]!.left ?? 0
}

/** Serialises the opening of an agency's lists until the transaction ends. */
export async function lockOpening(tx: Tx, agency: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtext('antin/status-lists'), hashtext($1))", [agency])
}

/** Opens a list of the agency, with all entries as in `bits`. Answers its number. */
export async function insertList(tx: Tx, agency: string, orderKey: Uint8Array, bits: Uint8Array): Promise<number> {
  const { rows } = await tx.query<{ number: number }>(
    `with list as (insert into status_lists (agency_code, size, order_key) values ($1, $2, $3) returning number)
     insert into status_list_bits (number, bits) select number, $4 from list returning number`,
    [agency, bits.length * 4, orderKey, bits],
  )
  return rows[0]!.number
}

export interface ListBits {
  number: number
  agency: AgencyCode
  bits: Buffer
  version: number
}

/** The bits of these lists, locked in order of their numbers until the transaction ends. */
export async function lockBits(tx: Tx, numbers: readonly number[]): Promise<ListBits[]> {
  const { rows } = await tx.query<ListBits>(
    `select b.number, l.agency_code as agency, b.bits, b.version from status_list_bits b join status_lists l using (number)
     where b.number = any($1) order by b.number for update of b`,
    [numbers],
  )
  return rows
}

/** The bits of a list, or undefined. */
export async function readBits(db: Db, number: number): Promise<ListBits | undefined> {
  const { rows } = await db.query<ListBits>(
    'select b.number, l.agency_code as agency, b.bits, b.version from status_list_bits b join status_lists l using (number) where b.number = $1',
    [number],
  )
  return rows[0]
}

export async function updateBits(tx: Tx, number: number, bits: Uint8Array): Promise<void> {
  await tx.query('update status_list_bits set bits = $2, version = version + 1, changed_at = now() where number = $1', [number, bits])
}

/** How a list stands, and its newest token apart from the text. `iat` in seconds. */
export interface ListState {
  agency: AgencyCode
  version: number
  token: { version: number; iat: number; kid: Buffer } | null
}

/** The state of a list, or undefined; a look-up by primary key that reads no bits. */
export async function readState(db: Db, number: number): Promise<ListState | undefined> {
  const { rows } = await db.query<{ agency: AgencyCode; version: number; signed: number | null; iat: number | null; kid: Buffer | null }>(
    `select l.agency_code as agency, b.version, t.version as signed, t.iat, t.kid
     from status_list_bits b join status_lists l using (number) left join status_list_tokens t using (number) where b.number = $1`,
    [number],
  )
  const row = rows[0]
  if (!row) return undefined
  const token = row.kid === null ? null : { version: row.signed!, iat: row.iat!, kid: row.kid }
  return { agency: row.agency, version: row.version, token }
}

export interface StoredToken {
  version: number
  iat: number
  kid: Buffer
  token: string
}

export async function readToken(db: Db, number: number): Promise<StoredToken | undefined> {
  const { rows } = await db.query<StoredToken>('select version, iat, kid, token from status_list_tokens where number = $1', [number])
  return rows[0]
}

/** Stores a token in place of the one given (null: of none); false when another process was faster. */
export async function replaceToken(db: Db, number: number, before: ListState['token'], next: StoredToken): Promise<boolean> {
  const values = [number, next.version, next.iat, next.kid, next.token]
  const { rowCount } =
    before === null
      ? await db.query(
          'insert into status_list_tokens (number, version, iat, kid, token) values ($1, $2, $3, $4, $5) on conflict do nothing',
          values,
        )
      : await db.query(
          `update status_list_tokens set version = $2, iat = $3, kid = $4, token = $5
           where number = $1 and version = $6 and iat = $7 and kid = $8`,
          [...values, before.version, before.iat, before.kid],
        )
  return rowCount === 1
}

/** Numbers of all lists, and of those whose token is missing, older than `iat` (seconds) or of other bits. */
export async function readNumbers(db: Db, dueBefore?: number): Promise<number[]> {
  const { rows } = await db.query<{ number: number }>(
    `select b.number from status_list_bits b left join status_list_tokens t using (number)
     where $1::bigint is null or t.iat is null or t.iat < $1 or t.version <> b.version order by b.number`,
    [dueBefore ?? null],
  )
  return rows.map(row => row.number)
}

/** Numbers of the lists with issued entries whose newest token is older than `iat` (seconds), or missing. */
export async function readStaleLists(db: Db, iat: number): Promise<number[]> {
  const { rows } = await db.query<{ number: number }>(
    `select l.number from status_lists l left join status_list_tokens t using (number)
     where l.reserved > 0 and coalesce(t.iat, extract(epoch from l.created_at)) < $1 order by l.number limit 100`,
    [iat],
  )
  return rows.map(row => row.number)
}

/** Closes every open list and lets the next one be numbered `skip` further on. Answers how many were open. */
export async function closeLists(db: Db, skip: number): Promise<number> {
  const { rowCount } = await db.query('update status_lists set reserved = size where reserved < size')
  await db.query(
    `select setval(pg_get_serial_sequence('status_lists', 'number'),
       greatest((select last_value from status_lists_number_seq), (select coalesce(max(number), 0) from status_lists)) + $1)`,
    [skip],
  )
  return rowCount ?? 0
}

/** Forgets every token, so that each list is signed anew when it is read. */
export async function forgetTokens(db: Db): Promise<void> {
  await db.query('delete from status_list_tokens')
}
