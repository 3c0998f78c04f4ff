import type { CompactRange } from '../../core/log/compactRange.ts'
import { tileWidth } from '../../core/log/tiles.ts'
import type { Db, Tx } from '../db/transaction.ts'

/** The head of the log; `at` in seconds, `closed` says why nothing may be appended. */
export interface Head {
  readonly range: CompactRange
  readonly at: number
  readonly closed: string | null
}

/** One stored entry: `entry` canonical JSON, `leafHash` 32 bytes, `ref` 16 bytes in hex or null. */
export interface NewEntry {
  readonly entry: string
  readonly leafHash: Uint8Array
  readonly ref: string | null
  readonly type: string
}

/** The root of a full subtree of 256^level leaves. */
export interface NewNode {
  readonly level: number
  readonly index: number
  readonly hash: Uint8Array
}

interface HeadRow {
  size: number
  at: number
  hashes: Buffer
  closed: string | null
}

/** Locks the head; `now` is the database's clock in seconds. Waits 2 s at most (SQLSTATE 55P03). */
export async function lockHead(tx: Tx): Promise<Head & { readonly now: number }> {
  const { rows } = await tx.query<HeadRow & { now: number }>('select size, at, hashes, closed, now from lock_log_head()')
  return { ...headOf(rows[0]!), now: rows[0]!.now }
}

/** The head as committed; `closed` also while a database that was started anew is not compared yet. */
export async function readHead(db: Db): Promise<Head> {
  const { rows } = await db.query<HeadRow>('select size, at, hashes, log_closed(closed) as closed from log_head')
  return headOf(rows[0]!)
}

function headOf({ size, at, hashes, closed }: HeadRow): Head {
  const parts = Array.from({ length: hashes.length / 32 }, (_, i) => Uint8Array.from(hashes.subarray(i * 32, i * 32 + 32)))
  return { range: { size, hashes: parts }, at, closed }
}

/** Writes entries from `first` on, the nodes they complete, and the head after them, in one statement. */
export async function insertEntries(
  tx: Tx,
  first: number,
  entries: readonly NewEntry[],
  nodes: readonly NewNode[],
  head: Pick<Head, 'range' | 'at'>,
): Promise<void> {
  await tx.query(
    `with added as (
       insert into log_entries (leaf_index, entry, leaf_hash, ref, type)
       select $1::bigint + n - 1, convert_to(entry, 'UTF8'), substring($3::bytea from (n::int - 1) * 32 + 1 for 32), decode(ref, 'hex'), type
       from unnest($2::text[], $4::text[], $5::text[]) with ordinality as e (entry, ref, type, n)
     ), completed as (
       insert into log_nodes (level, index, hash)
       select level, index, substring($8::bytea from (n::int - 1) * 32 + 1 for 32)
       from unnest($6::smallint[], $7::bigint[]) with ordinality as e (level, index, n)
     )
     update log_head set size = $9, at = $10, hashes = $11`,
    [
      first,
      entries.map(e => e.entry),
      Buffer.concat(entries.map(e => e.leafHash)),
      entries.map(e => e.ref),
      entries.map(e => e.type),
      nodes.map(n => n.level),
      nodes.map(n => n.index),
      Buffer.concat(nodes.map(n => n.hash)),
      head.range.size,
      head.at,
      Buffer.concat(head.range.hashes),
    ],
  )
}

/** `count` hashes of a tile level from `first` on, 32 bytes each; fewer where the log ends. */
export async function readHashes(db: Db, level: number, first: number, count: number): Promise<Uint8Array> {
  const { rows } = await db.query<{ hashes: Buffer | null }>(
    level === 0
      ? `select string_agg(leaf_hash, '' order by leaf_index) as hashes from log_entries where leaf_index >= $1 and leaf_index < $2`
      : `select string_agg(hash, '' order by index) as hashes from log_nodes where level = $3 and index >= $1 and index < $2`,
    level === 0 ? [first, first + count] : [first, first + count, level],
  )
  return rows[0]!.hashes ?? new Uint8Array(0)
}

/** Entries from `first` on as one C2SP bundle, `count` of them or as many as there are. */
export async function readBundle(db: Db, first: number, count: number = tileWidth): Promise<Uint8Array> {
  const { rows } = await db.query<{ bundle: Buffer | null }>(
    `select string_agg(substring(int4send(octet_length(entry)) from 3) || entry, '' order by leaf_index) as bundle
     from log_entries where leaf_index >= $1 and leaf_index < $2`,
    [first, first + count],
  )
  return rows[0]!.bundle ?? new Uint8Array(0)
}

/** An entry as it is stored. */
export interface StoredEntry {
  readonly leafIndex: number
  readonly entry: Buffer
}

/** The newest entries below `before`, newest first. */
export async function selectNewest(db: Db, before: number, limit: number): Promise<StoredEntry[]> {
  const { rows } = await db.query<StoredEntry>(
    'select leaf_index as "leafIndex", entry from log_entries where leaf_index < $1 order by leaf_index desc limit $2',
    [before, limit],
  )
  return rows
}

/** All entries about a ref (16 bytes) below `before`, oldest first. */
export async function selectByRef(db: Db, ref: Uint8Array, before: number): Promise<StoredEntry[]> {
  const { rows } = await db.query<StoredEntry>(
    'select leaf_index as "leafIndex", entry from log_entries where ref = $1 and leaf_index < $2 order by leaf_index limit 1000',
    [ref, before],
  )
  return rows
}

/** The entry that brought a ref (16 bytes) into the log, or null. */
export async function selectIssuing(db: Db, ref: Uint8Array): Promise<StoredEntry | null> {
  const { rows } = await db.query<StoredEntry>(
    `select leaf_index as "leafIndex", entry from log_entries
     where ref = $1 and type in ('card.issued', 'diploma.registered') order by leaf_index limit 1`,
    [ref],
  )
  return rows[0] ?? null
}

/** The entry of an SD-JWT VC's issue by the digest of its payload (base64url), or null. */
export async function selectSdJwtIssue(db: Db, digest: string): Promise<StoredEntry | null> {
  const { rows } = await db.query<StoredEntry>(
    `select leaf_index as "leafIndex", entry from log_entries
     where type = 'sd-jwt.issued' and substring(encode(entry, 'escape') from '"digest":"([A-Za-z0-9_-]{43})"') = $1 order by leaf_index limit 1`,
    [digest],
  )
  return rows[0] ?? null
}

/** The issuing entries of many refs, by the ref in hex. */
export async function selectIssuingOf(db: Db, refs: readonly Uint8Array[]): Promise<Map<string, StoredEntry>> {
  const { rows } = await db.query<StoredEntry & { ref: Buffer }>(
    `select distinct on (ref) ref, leaf_index as "leafIndex", entry from log_entries
     where ref = any($1::bytea[]) and type in ('card.issued', 'diploma.registered') order by ref, leaf_index`,
    [refs],
  )
  return new Map(rows.map(({ ref, leafIndex, entry }) => [ref.toString('hex'), { leafIndex, entry }]))
}

/** The time of an entry in seconds; null when there is none at the index. */
export async function selectTime(db: Db, leafIndex: number): Promise<number | null> {
  const { rows } = await db.query<{ at: number }>(
    `select (convert_from(entry, 'UTF8')::json ->> 'at')::bigint as at from log_entries where leaf_index = $1`,
    [leafIndex],
  )
  return rows[0]?.at ?? null
}

/** Closes the log to appends, or opens it again with null; false when it was so before. Waits for appends under way. */
export async function setClosed(db: Db, reason: string | null): Promise<boolean> {
  const { rowCount } = await db.query('update log_head set closed = $1 where closed is distinct from $1', [reason])
  return rowCount === 1
}
