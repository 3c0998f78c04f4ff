import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Runner, run, runMigrations, type TaskList, type WorkerEvents, Logger as WorkerLogger } from 'graphile-worker'
import type pg from 'pg'
import type { Logger } from 'pino'
import { watchWorkers } from './deadWorkers.ts'
import { freeWorker } from './jobsTable.ts'

/** What a task may use beside its payload. */
export type Task = (payload: unknown) => Promise<void>

/** Installs or updates the job tables. */
export async function migrateJobs(pool: pg.Pool): Promise<void> {
  await runMigrations({ pgPool: pool, logger: silent })
}

/** A worker that runs until it is stopped; `stop` lets running jobs end first. */
export interface Worker {
  stop(): Promise<void>
}

interface WorkerDeps {
  pool: pg.Pool
  logger: Logger
  tasks: Record<string, Task>
  crontab: string
  concurrency?: number
}

/**
 * Starts a worker of `tasks` and of the cron lines (`* * * * * task`, UTC). It outlives the database: one that gives up is followed by
 * another. Jobs of workers that were killed are freed within 15 s.
 */
export async function startWorker(deps: WorkerDeps): Promise<Worker> {
  let { runner, id } = await startRunner(deps)
  let stopping = false
  const supervise = async () => {
    while (!stopping) {
      try {
        await runner.promise
      } catch (error) {
        deps.logger.error({ err: error }, 'worker gave up')
      }
      while (!stopping) {
        await sleep(1000)
        if (stopping) return
        try {
          // Its lock may live on at the database's end of a connection that broke at ours.
          await freeWorker(deps.pool, id)
          ;({ runner, id } = await startRunner(deps))
          break
        } catch (error) {
          deps.logger.warn({ err: error }, 'worker not started')
        }
      }
    }
  }
  const supervised = supervise()
  return {
    async stop() {
      stopping = true
      // One that gave up just now has nothing to stop.
      await runner.stop().catch(() => undefined)
      await supervised
    },
  }
}

/** `id` is what the jobs it holds are locked by. */
async function startRunner(deps: WorkerDeps): Promise<{ runner: Runner; id: string }> {
  const taskList: TaskList = Object.fromEntries(
    Object.entries(deps.tasks).map(([name, task]) => [name, (payload: unknown) => task(payload)]),
  )
  let stopWatching = () => {}
  const events = new EventEmitter() as WorkerEvents
  const running = new Set<string>()
  events.on('job:start', ({ job }) => running.add(String(job.id)))
  events.on('job:complete', ({ job }) => running.delete(String(job.id)))
  let runner: Runner | undefined
  let id = ''
  events.once('pool:create', ({ workerPool }) => {
    id = workerPool.id
    stopWatching = watchWorkers(deps, {
      id: workerPool.id,
      isRunning: jobId => running.has(jobId),
      // One that gave up just now has nothing to stop; supervision starts the next.
      retire: () => void runner?.stop().catch(() => undefined),
    })
  })
  try {
    runner = await run({
      pgPool: deps.pool,
      taskList,
      crontab: deps.crontab,
      concurrency: deps.concurrency ?? 2,
      pollInterval: 1000,
      noHandleSignals: true,
      events,
      logger: new WorkerLogger(() => (level, message) => {
        if (level === 'error' || level === 'warning') deps.logger.warn({ message }, 'worker')
        else deps.logger.debug({ message }, 'worker')
      }),
    })
    runner.promise.then(
      () => stopWatching(),
      () => stopWatching(),
    )
    return { runner, id }
  } catch (error) {
    stopWatching()
    throw error
  }
}

const silent = new WorkerLogger(() => () => {})
