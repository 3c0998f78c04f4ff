import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { addDataKey, createFieldCipher, type FieldCipher, keyIdOf } from './fieldCipher.ts'
import {
  countToMove,
  lockRowsToMove,
  primaryKeyOf,
  readOpenDataKeys,
  retireDataKeysBefore,
  type SealedRow,
  type SealedTable,
  sealedTables,
  writeMovedRows,
} from './sealedColumnsTable.ts'

/** Every process reads the data keys this often. */
export const dataKeyRefreshSeconds = 10

/** From a new data key's making to its first use, and from then until nothing seals under the one before. */
const defaultWait = { beforeSealing: 60, afterwards: 2 * dataKeyRefreshSeconds }

export interface Rotation {
  keyId: number
  /** Whether an earlier, interrupted rotation went on. */
  resumed: boolean
  /** Rows written anew. */
  moved: number
  /** Rows that no data key opens; while there are any, the older keys are not retired. */
  unreadable: { table: string; rows: number }[]
  /** Rows that other transactions held to the end; run it again. */
  left: number
}

/**
 * Gives the installation a new data key and seals every value at rest anew under it, in short transactions, beside running processes.
 * Stopped at any moment it goes on where it was when run again. The older keys then seal nothing more; they stay, to open backups,
 * and the first one because the search index is made from it.
 */
export async function rotateDataKey(
  deps: { pool: Pool; masterKey: Uint8Array },
  actor: AuditActor,
  { wait = defaultWait, progress = () => {} }: { wait?: typeof defaultWait; progress?: (line: string) => void } = {},
): Promise<Rotation> {
  const { pool, masterKey } = deps
  // Makes the first data key where there is none, and refuses another master key before anything is written.
  await createFieldCipher(pool, masterKey)
  const open = await readOpenDataKeys(pool)
  const resumed = open.length > 1
  const keyId = resumed ? open.at(-1)!.id : await addDataKey(pool, masterKey, wait.beforeSealing)
  const sealsIn = (await readOpenDataKeys(pool)).find(key => key.id === keyId)!.sealsIn
  const seconds = sealsIn + (resumed && sealsIn === 0 ? 0 : wait.afterwards)
  if (seconds > 0) progress(`data key ${keyId}: waiting ${Math.ceil(seconds)} s until every process uses it`)
  await sleep(seconds * 1000)
  const cipher = await createFieldCipher(pool, masterKey)
  let moved = 0
  let unreadable: Rotation['unreadable'] = []
  let left = 0
  for (let pass = 0; pass < 5; pass++) {
    unreadable = []
    left = 0
    for (const table of sealedTables) {
      const done = await moveTable(pool, cipher, table, keyId, rows => progress(`${table.table}: ${rows} rows under data key ${keyId}`))
      moved += done.moved
      if (done.unreadable > 0) unreadable.push({ table: table.table, rows: done.unreadable })
      left += (await countToMove(pool, table, keyId)) - done.unreadable
    }
    if (left <= 0) break
    await sleep(1000)
  }
  await inTransaction(pool, async tx => {
    if (left <= 0 && unreadable.length === 0) await retireDataKeysBefore(tx, keyId)
    await recordAudit(tx, { actor, action: 'data-key.rotated', detail: { keyId, moved, unreadable, left } })
  })
  return { keyId, resumed, moved, unreadable, left: Math.max(left, 0) }
}

async function moveTable(
  pool: Pool,
  cipher: FieldCipher,
  table: SealedTable,
  keyId: number,
  progress: (rows: number) => void,
): Promise<{ moved: number; unreadable: number }> {
  const primaryKey = await primaryKeyOf(pool, table.table)
  let after: readonly string[] | null = null
  let moved = 0
  let unreadable = 0
  for (;;) {
    const rows: SealedRow[] = await inTransaction(pool, async tx => {
      const found = await lockRowsToMove(tx, table, primaryKey, keyId, after)
      const readable = found.flatMap(row => {
        const values = resealed(cipher, row.values, keyId)
        return values ? [{ key: row.key, values }] : []
      })
      unreadable += found.length - readable.length
      moved += readable.length
      if (readable.length > 0) await writeMovedRows(tx, table, primaryKey, readable)
      return found
    })
    if (rows.length === 0) return { moved, unreadable }
    progress(moved)
    after = rows.at(-1)!.key
  }
}

/** The values under the new key; null when one of them does not open. */
function resealed(cipher: FieldCipher, values: readonly (Buffer | null)[], keyId: number): (Buffer | null)[] | null {
  try {
    return values.map(value => (value === null || keyIdOf(value) === keyId ? value : cipher.seal(cipher.open(value))))
  } catch {
    return null
  }
}
