import { createHash, randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { decodeBase64url, encodeBase64url } from '../../../../core/encoding/base64url.ts'
import type { EntryDraft } from '../../../../core/log/entry.ts'
import { inTransaction } from '../../../../server/db/transaction.ts'
import { appendEntries } from '../../../../server/log/appendEntries.ts'
import { cardDraft, randomB64u } from './testLog.ts'

const listSize = 1024

/** A ministry with one status list of 1,024 entries; answers the list's number. */
export async function insertMinistry(pool: Pool): Promise<number> {
  await pool.query("insert into agencies (code, name_vi, valid_from) values ('G09', 'Bộ Mẫu', '2020-01-01')")
  return openList(pool)
}

/** A new status list of the ministry; answers its number. */
export async function openList(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ number: number }>(
    "insert into status_lists (agency_code, size, order_key) values ('G09', $1, $2) returning number",
    [listSize, randomBytes(32)],
  )
  await pool.query('insert into status_list_bits (number, bits) values ($1, $2)', [rows[0]!.number, Buffer.alloc(listSize / 4, 0xff)])
  return rows[0]!.number
}

/** A card with its person, its status bit and its log entries, as issuing writes them; answers its ref. */
export async function issueCard(pool: Pool, list: number): Promise<string> {
  const draft = cardDraft()
  await inTransaction(pool, async tx => {
    const officer = crypto.randomUUID()
    await tx.query(
      `insert into officers (id, agency_code, personal_number_index, private, full_name, search_name, category)
       values ($1, 'G09', $2, '', 'Nguyễn Văn Mẫu', 'nguyen van mau', 'CC')`,
      [officer, randomBytes(32)],
    )
    const { rows } = await tx.query<{ idx: number }>(
      'update status_lists set reserved = reserved + 1 where number = $1 returning reserved - 1 as idx',
      [list],
    )
    const idx = rows[0]!.idx
    const change = await setBits(tx, list, idx, 0)
    const [entry] = await appendEntries(tx, [draft, change])
    await tx.query(
      `insert into cards (ref, serial, officer_id, issuer_code, using_code, full_name, position, category, kid, sealed, token_hash, list, idx,
         issued_at, expires_at, leaf_index, request_id, request_seq)
       values ($1, $2, $3, 'G09', 'G09', 'Nguyễn Văn Mẫu', 'Chuyên viên', 'CC', $4, '', $5, $6, $7, now(), now() + interval '5 years', $8, $9, 0)`,
      [
        decodeBase64url(draft.ref),
        `G09-${randomB64u(8)}`,
        officer,
        randomBytes(8),
        randomBytes(32),
        list,
        idx,
        entry!.leafIndex,
        crypto.randomUUID(),
      ],
    )
  })
  return draft.ref
}

/** Suspends, resumes or ends a card as changing a status writes it. */
export async function changeCard(pool: Pool, ref: string, type: 'card.suspended' | 'card.resumed' | 'card.ended'): Promise<void> {
  await inTransaction(pool, async tx => {
    const status = { 'card.suspended': 2, 'card.resumed': 0, 'card.ended': 1 }[type]
    const { rows } = await tx.query<{ list: number; idx: number }>(
      `update cards set status = $2::smallint, ended_as = case when $2::smallint = 1 then 'ended' end where ref = $1 returning list, idx`,
      [decodeBase64url(ref), status],
    )
    const change = await setBits(tx, rows[0]!.list, rows[0]!.idx, status)
    await appendEntries(tx, [{ type, agency: 'G09', ref, commitment: randomB64u(32) }, change])
  })
}

async function setBits(tx: Parameters<typeof appendEntries>[0], list: number, idx: number, status: number): Promise<EntryDraft> {
  const { rows } = await tx.query<{ bits: Buffer }>('select bits from status_list_bits where number = $1 for update', [list])
  const { bits } = rows[0]!
  const shift = (idx % 4) * 2
  bits[idx >> 2] = (bits[idx >> 2]! & ~(3 << shift)) | (status << shift)
  await tx.query('update status_list_bits set bits = $2, version = version + 1 where number = $1', [list, bits])
  return { type: 'status-list.changed', agency: 'G09', list, digest: encodeBase64url(createHash('sha256').update(bits).digest()) }
}
