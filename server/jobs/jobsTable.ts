import type { Pool, PoolClient } from 'pg'
import type { Db } from '../db/transaction.ts'

/** First key of the advisory locks that say which worker is alive. */
const lockSpace = 0x6a6f6273

/** Jobs by task: those that wait, and those that have used up their attempts. */
export async function countQueues(db: Db): Promise<{ task: string; waiting: number; failed: number }[]> {
  const { rows } = await db.query<{ task: string; waiting: number; failed: number }>(
    `select task_identifier as task, count(*) filter (where attempts < max_attempts)::int as waiting,
       count(*) filter (where attempts >= max_attempts)::int as failed
     from graphile_worker.jobs group by task_identifier`,
  )
  return rows
}

/** Says that a worker is alive until the connection ends. */
export async function lockWorker(client: PoolClient, workerId: string): Promise<void> {
  await client.query('select pg_advisory_lock_shared($1, hashtext($2))', [lockSpace, workerId])
}

/** How many workers are alive in this database. */
export async function countWorkers(db: Db): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::int as n from pg_locks where locktype = 'advisory' and classid = $1 and mode = 'ShareLock' and granted
       and database = (select oid from pg_database where datname = current_database())`,
    [lockSpace],
  )
  return rows[0]!.n
}

/** Frees the jobs of a worker that has ended in this process. */
export async function freeWorker(db: Db, workerId: string): Promise<void> {
  await db.query('select graphile_worker.force_unlock_workers(array[$1])', [workerId])
}

/** Ids of jobs that a worker has held for 10 s and more. */
export async function readHeldJobs(db: Db, workerId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    "select id::text from graphile_worker.jobs where locked_by = $1 and locked_at < now() - interval '10 seconds'",
    [workerId],
  )
  return rows.map(row => row.id)
}

/**
 * Frees the jobs of workers, other than `workerId`, that hold no lock of `lockWorker` any more, and answers who they were. One that has
 * just begun gets 10 s to take its own.
 */
export async function freeDeadWorkers(pool: Pool, workerId: string): Promise<string[]> {
  const { rows } = await pool.query<{ freed: string[] }>(
    `with holders as materialized (
       select distinct locked_by from graphile_worker.jobs
       where locked_by is not null and locked_by <> $2 and locked_at < now() - interval '10 seconds'
     ), dead as materialized (
       select array_agg(locked_by) as ids from holders where pg_try_advisory_xact_lock($1, hashtext(locked_by))
     )
     select ids as freed, graphile_worker.force_unlock_workers(ids) from dead where ids is not null`,
    [lockSpace, workerId],
  )
  return rows[0]?.freed ?? []
}

/** Makes jobs due that were added or put off while the database's clock was ahead. */
export async function recallJobs(db: Db): Promise<void> {
  await db.query(
    `select graphile_worker.reschedule_jobs(array_agg(id), run_at => now()) from graphile_worker.jobs
     where locked_at is null and greatest(created_at, updated_at) > now() + interval '30 seconds' having count(*) > 0`,
  )
}

/** Lets jobs that the closed log refused try again now, with all their attempts. Answers how many. */
export async function retryRefused(db: Db): Promise<number> {
  const { rowCount } = await db.query(
    `select graphile_worker.reschedule_jobs(array(
       select id from graphile_worker.jobs where locked_at is null and starts_with(last_error, 'log.closed.unavailable')), run_at => now(), attempts => 0)`,
  )
  return rowCount ?? 0
}
