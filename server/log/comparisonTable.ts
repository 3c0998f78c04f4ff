import { recordAudit } from '../audit/auditTable.ts'
import type { Db, Tx } from '../db/transaction.ts'
import { setClosed } from './logTable.ts'

/** Who may say that the log is behind: its own newest checkpoint, one that a process saw, a witness, the contract. */
export type Party = 'checkpoint' | 'seen' | 'witness' | 'contract'

/** What the log does not lead to: a larger size, or at `treeSize` another root (32 bytes; null when only the size is known). */
export interface Behind {
  readonly by: Party
  readonly treeSize: number
  readonly rootHash: Uint8Array | null
}

/** How the log's last comparison stands. */
export interface ComparisonRow {
  /** Entries of the log. */
  readonly size: number
  /** Why it is closed, the wait for a comparison left out. */
  readonly closed: string | null
  readonly behind: Behind | null
  /** The database that this is, and the one that was compared; null before the first time. */
  readonly incarnation: string
  readonly compared: string | null
  /** Seconds since the last comparison; null before the first. */
  readonly age: number | null
}

export async function readComparison(db: Db): Promise<ComparisonRow> {
  const { rows } = await db.query<Omit<ComparisonRow, 'behind'> & { by: Party | null; treeSize: number; rootHash: Buffer | null }>(
    `select h.size, h.closed, c.behind_by as by, c.behind_size as "treeSize", c.behind_root as "rootHash",
       database_incarnation() as incarnation, c.incarnation as compared,
       extract(epoch from clock_timestamp() - c.compared_at)::float8 as age
     from log_head h, log_comparison c`,
  )
  const { by, treeSize, rootHash, ...row } = rows[0]!
  return { ...row, behind: by && { by, treeSize, rootHash } }
}

/** Notes that the log was compared now, and, with `incarnation`, that it agreed in that database. */
export async function noteCompared(db: Db, incarnation: string | null): Promise<void> {
  await db.query('update log_comparison set compared_at = clock_timestamp(), incarnation = coalesce($1, incarnation)', [incarnation])
}

/** Closes the log because it is behind; the audit says so once. */
export async function closeBehind(tx: Tx, behind: Behind, reason: string): Promise<void> {
  await tx.query('update log_comparison set behind_by = $1, behind_size = $2, behind_root = $3, compared_at = clock_timestamp()', [
    behind.by,
    behind.treeSize,
    behind.rootHash,
  ])
  if (await setClosed(tx, reason)) await recordAudit(tx, { actor: 'system', action: 'log.closed', detail: { reason } })
}

/** Opens the log in the database that this is. */
export async function openLog(tx: Tx): Promise<void> {
  await takeAwayClosing(tx)
  await tx.query('update log_comparison set compared_at = clock_timestamp(), incarnation = database_incarnation()')
}

/**
 * Takes away why the log is closed. As in a database started anew it takes entries once a process has compared it with what is public: where
 * it was healed from may have been behind that.
 */
export async function openOnceCompared(tx: Tx): Promise<void> {
  await takeAwayClosing(tx)
  await tx.query("update log_comparison set compared_at = null, incarnation = 'healed'")
}

async function takeAwayClosing(tx: Tx): Promise<void> {
  await tx.query('update log_comparison set behind_by = null, behind_size = null, behind_root = null')
  if (await setClosed(tx, null)) await recordAudit(tx, { actor: 'system', action: 'log.opened' })
}
