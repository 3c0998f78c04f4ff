import type { Pool } from 'pg'
import { type ItemRow, itemsOf } from './requestsTable.ts'

const chunkSize = 1000

/**
 * Carries out the approved items of a request, 1,000 at a time: while one chunk is written the next is prepared, so that signing and
 * committing overlap. What a failed write leaves approved is found again by the next run.
 */
export async function inChunks<T>(
  pool: Pool,
  requestId: string,
  prepare: (items: readonly ItemRow[]) => Promise<T>,
  write: (prepared: T) => Promise<void>,
): Promise<void> {
  let writing = Promise.resolve()
  for (let afterSeq = 0; ; ) {
    const items = await itemsOf(pool, requestId, { state: 'approved', afterSeq, limit: chunkSize })
    if (items.length === 0) break
    afterSeq = items.at(-1)!.seq
    const prepared = await prepare(items)
    await writing
    writing = write(prepared)
    // Awaited in the next turn, or below; until then its failure is nobody's.
    writing.catch(() => undefined)
  }
  await writing
}
