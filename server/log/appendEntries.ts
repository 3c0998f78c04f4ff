import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { AppError } from '../../core/errors.ts'
import { appendLeaf } from '../../core/log/compactRange.ts'
import { checkEntry, type Entry, type EntryDraft } from '../../core/log/entry.ts'
import { leafHash } from '../../core/log/leafHash.ts'
import { assertBearable } from '../db/clockDifference.ts'
import type { Tx } from '../db/transaction.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { insertEntries, lockHead, type NewEntry, type NewNode } from './logTable.ts'

/** Where an entry stands in the log and the time it was given, in seconds. */
export interface AppendedEntry {
  readonly leafIndex: number
  readonly at: number
}

/**
 * Appends entries in their order, inside the caller's transaction: they exist only if it commits. The head's lock is the last lock
 * that the transaction takes, and COMMIT follows at once. Throws `log.unavailable` when the lock is not had within 2 s (the
 * transaction is then lost), `log.closed.unavailable` while the log is not sound, `clock.unavailable` while the database's clock and
 * this process's differ (what is issued and what the log says of it would lie), `log.entry` for a malformed draft.
 */
export async function appendEntries(tx: Tx, drafts: readonly EntryDraft[]): Promise<AppendedEntry[]> {
  if (drafts.length === 0) return []
  const head = await lockHead(tx).catch(cause => {
    throw cause?.code === '55P03' ? new AppError('log.unavailable', undefined, { cause }) : cause
  })
  if (head.closed !== null) throw new AppError('log.closed.unavailable', head.closed)
  assertBearable(head.now - Math.floor(Date.now() / 1000))
  const { range } = head
  const first = range.size
  // Holds: `at` never decreases, also when the clock of the database goes back.
  const at = Math.max(head.at, head.now)
  const nodes: NewNode[] = []
  const keepTileRoots = (level: number, index: number, hash: Uint8Array) => {
    if (level > 0 && level % 8 === 0) nodes.push({ level: level / 8, index, hash })
  }
  const entries = drafts.map((draft): NewEntry => {
    const entry = { ...draft, v: 1, at } as Entry
    checkEntry(entry)
    const text = canonicalJson(entry)
    const hash = leafHash(Buffer.from(text), nodeCrypto.sha256)
    appendLeaf(range, hash, nodeCrypto.sha256, keepTileRoots)
    return {
      entry: text,
      leafHash: hash,
      ref: 'ref' in draft ? Buffer.from(draft.ref, 'base64url').toString('hex') : null,
      type: draft.type,
    }
  })
  await insertEntries(tx, first, entries, nodes, { range, at })
  return entries.map((_, i) => ({ leafIndex: first + i, at }))
}
