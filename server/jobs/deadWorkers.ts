import type pg from 'pg'
import type { Logger } from 'pino'
import { freeDeadWorkers, lockWorker, readHeldJobs, recallJobs } from './jobsTable.ts'

const period = 5000

/** A worker of this process. */
export interface WatchedWorker {
  readonly id: string
  isRunning(jobId: string): boolean
  /** Lets another one take its place, once what runs has ended. */
  retire(): void
}

/**
 * Says that a worker is alive for as long as its connection is (a session's advisory lock named after it), and every 5 s frees the jobs
 * that dead workers hold, which would else stay locked for 4 hours. Whose connection breaks counts as dead and may see its job
 * run a second time beside it; jobs bear that. A worker that holds jobs it does not run (the database's answer was lost when they were
 * taken or given back) is retired, and so lets go of them. The answered function ends all that.
 */
export function watchWorkers({ pool, logger }: { pool: pg.Pool; logger: Logger }, worker: WatchedWorker): () => void {
  const { id: workerId } = worker
  let idle = new Set<string>()
  let holder: pg.PoolClient | null = null
  let running = false
  let stopped = false
  const step = async () => {
    if (!holder) {
      const client = await pool.connect()
      client.once('end', () => {
        if (holder === client) letGo()
      })
      holder = client
      await lockWorker(client, workerId)
    }
    await holder.query('select 1')
    const freed = await freeDeadWorkers(pool, workerId)
    if (freed.length > 0) logger.warn({ workers: freed }, 'jobs of dead workers freed')
    await recallJobs(pool)
    const held = (await readHeldJobs(pool, workerId)).filter(jobId => !worker.isRunning(jobId))
    // Seen twice: one that has just ended is about to be given back.
    const forgotten = held.filter(jobId => idle.has(jobId))
    idle = new Set(held)
    if (forgotten.length === 0) return
    logger.warn({ jobs: forgotten }, 'worker holds jobs that it does not run; another one follows')
    worker.retire()
  }
  const letGo = () => {
    const client = holder
    holder = null
    client?.release(true)
  }
  const run = () => {
    if (running) return
    running = true
    step()
      .catch(error => {
        letGo()
        logger.warn({ err: error }, 'workers not watched')
      })
      .finally(() => {
        running = false
        if (stopped) letGo()
      })
  }
  const timer = setInterval(run, period)
  timer.unref()
  run()
  return () => {
    stopped = true
    clearInterval(timer)
    if (!running) letGo()
  }
}
