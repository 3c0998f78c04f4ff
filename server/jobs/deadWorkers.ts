import type pg from 'pg'
import type { Logger } from 'pino'
import { freeDeadWorkers, lockWorker } from './jobsTable.ts'

const period = 5000

/**
 * Says that a worker is alive for as long as its connection is (a session's advisory lock named after it), and every 5 s frees the jobs
 * that dead workers hold, which would else stay locked for 4 hours. Whose connection breaks counts as dead and may see its job
 * run a second time beside it; jobs bear that. The answered function ends both.
 */
export function watchWorkers({ pool, logger }: { pool: pg.Pool; logger: Logger }, workerId: string): () => void {
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
