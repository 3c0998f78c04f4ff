import type { Db } from '../db/transaction.ts'

export interface JobOptions {
  /** Jobs with the same key are one job; a later one replaces an earlier one that has not started. */
  key?: string
  /** Earliest start. */
  runAt?: Date
  /** Jobs of one queue run one after the other. */
  queue?: string
  maxAttempts?: number
}

/** Adds a job; with a transaction it exists only if the transaction commits. */
export async function enqueue(db: Db, task: string, payload: Record<string, unknown>, options: JobOptions = {}): Promise<void> {
  await db.query('select graphile_worker.add_job($1, $2::json, queue_name => $3, run_at => $4, max_attempts => $5, job_key => $6)', [
    task,
    JSON.stringify(payload),
    options.queue ?? null,
    options.runAt ?? null,
    options.maxAttempts ?? 10,
    options.key ?? null,
  ])
}
