import type { Pool } from 'pg'
import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import { dropAuditBefore, recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { dropOldKeys } from '../http/idempotencyTable.ts'
import { dropRequestCounts } from '../http/requestCountsTable.ts'
import { deleteExpiredSessions } from '../staff/sessionTable.ts'
import { dropLookupCounts } from '../verification/lookupCountsTable.ts'
import { dropImportRows, dropLiveLinks } from './operationsTable.ts'

/** How long what need not stay is kept. What proves something (cards, diplomas, the log, requests) is not in here: it stays. */
export interface RetentionRules {
  /** At least 24: the database refuses to forget sooner. */
  auditMonths: number
  importRowDays: number
  lookupDays: number
}

const hour = 3600
const day = 86_400
const batch = 10_000

/**
 * Deletes what is past its time: sessions and kept forms at their end, idempotency keys and their answers after a day, counts of look-ups and
 * requests,
 * rows of ended imports, used links, and the audit's oldest lines. Safe to run again and beside itself.
 */
export async function forgetWhatIsPast({ pool, clock }: { pool: Pool; clock: () => number }, rules: RetentionRules): Promise<void> {
  const now = clock()
  await deleteExpiredSessions(pool, new Date(now * 1000))
  await dropOldKeys(pool)
  await dropRequestCounts(pool, now - hour)
  const firstDay = vietnamDay(now - rules.lookupDays * day)
  await dropLookupCounts(pool, firstDay)
  await dropLiveLinks(pool, rules.importRowDays)
  while ((await dropImportRows(pool, rules.importRowDays, batch)) === batch);
  for (let dropped = batch; dropped === batch; ) {
    dropped = await inTransaction(pool, async tx => {
      const { count, lastId } = await dropAuditBefore(tx, rules.auditMonths, batch)
      if (count > 0) await recordAudit(tx, { actor: 'system', action: 'audit.forgotten', detail: { count, lastId } })
      return count
    })
  }
}
