import { AppError } from '../../core/errors.ts'
import { type Entry, parseEntry } from '../../core/log/entry.ts'
import type { Db } from '../db/transaction.ts'
import { type StoredEntry, selectByRef, selectNewest } from './logTable.ts'

/** An entry with its place; `entry` is null when it is of a kind that this version does not know, `bytes` are what is hashed. */
export interface PlacedEntry {
  readonly leafIndex: number
  readonly entry: Entry | null
  readonly bytes: Uint8Array
}

/** The newest entries, newest first; below `before` (a leaf index) for the pages that follow. */
export async function newestEntries(db: Db, limit: number, before: number = Number.MAX_SAFE_INTEGER): Promise<PlacedEntry[]> {
  return (await selectNewest(db, before, limit)).map(placed)
}

/** Every entry about a card or diploma by its ref (16 bytes), oldest first, 1,000 at most. */
export async function entriesByRef(db: Db, ref: Uint8Array): Promise<PlacedEntry[]> {
  return (await selectByRef(db, ref, Number.MAX_SAFE_INTEGER)).map(placed)
}

function placed({ leafIndex, entry: bytes }: StoredEntry): PlacedEntry {
  try {
    return { leafIndex, entry: parseEntry(bytes), bytes }
  } catch (error) {
    if (error instanceof AppError) return { leafIndex, entry: null, bytes }
    throw error
  }
}
