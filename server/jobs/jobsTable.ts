import type { Db } from '../db/transaction.ts'

/** Jobs by task: those that wait, and those that have used up their attempts. */
export async function countQueues(db: Db): Promise<{ task: string; waiting: number; failed: number }[]> {
  const { rows } = await db.query<{ task: string; waiting: number; failed: number }>(
    `select task_identifier as task, count(*) filter (where attempts < max_attempts)::int as waiting,
       count(*) filter (where attempts >= max_attempts)::int as failed
     from graphile_worker.jobs group by task_identifier`,
  )
  return rows
}
