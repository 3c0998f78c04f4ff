import { hash } from 'node:crypto'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import type { EntryDraft } from '../../core/log/entry.ts'
import { getStatus, setStatus, status } from '../../core/status-list/statusList.ts'
import type { Tx } from '../db/transaction.ts'
import type { StatusIndex } from './reserveStatusIndices.ts'
import { lockBits, updateBits } from './statusListsTable.ts'

/** A credential's status from now on: 0 valid, 1 revoked (final), 2 suspended. */
export interface StatusChange extends StatusIndex {
  status: 0 | 1 | 2
}

/**
 * Writes statuses, one row a list, locking lists in order of their numbers, and answers a `status-list.changed` draft for each list that
 * changed; the caller appends them in the same transaction. An index becomes valid first (issue); then it may be suspended and resumed;
 * revoked is final. Throws `status-list.not-found`, `status-list.not-issued`, `status-list.final`.
 */
export async function setStatuses(tx: Tx, changes: readonly StatusChange[]): Promise<EntryDraft[]> {
  const byList = new Map<number, StatusChange[]>()
  for (const change of changes) {
    const list = byList.get(change.list)
    if (list) list.push(change)
    else byList.set(change.list, [change])
  }
  const numbers = [...byList.keys()]
  const rows = numbers.length === 0 ? [] : await lockBits(tx, numbers)
  if (rows.length !== numbers.length) throw new AppError('status-list.not-found')
  const drafts: EntryDraft[] = []
  for (const { number, agency, bits } of rows) {
    const before = Buffer.from(bits)
    for (const change of byList.get(number)!) apply(bits, change)
    if (bits.equals(before)) continue
    await updateBits(tx, number, bits)
    drafts.push({ type: 'status-list.changed', agency, list: number, digest: encodeBase64url(hash('sha256', bits, 'buffer')) })
  }
  return drafts
}

function apply(bits: Uint8Array, { list, idx, status: next }: StatusChange): void {
  const current = getStatus(bits, idx)
  if (current === undefined) throw new AppError('status-list.not-found', `List ${list} has no index ${idx}`)
  if (current === next) return
  if (current === status.invalid) throw new AppError('status-list.final')
  if (current === status.neverIssued && next !== status.valid) throw new AppError('status-list.not-issued')
  setStatus(bits, idx, next)
}
