import { type Runner, run, runMigrations, type TaskList, Logger as WorkerLogger } from 'graphile-worker'
import type pg from 'pg'
import type { Logger } from 'pino'

/** What a task may use beside its payload. */
export type Task = (payload: unknown) => Promise<void>

/** Installs or updates the job tables. */
export async function migrateJobs(pool: pg.Pool): Promise<void> {
  await runMigrations({ pgPool: pool, logger: silent })
}

/** Starts a worker of `tasks` and of the cron lines (`* * * * * task`, UTC). `stop` lets running jobs end first. */
export async function startWorker(deps: {
  pool: pg.Pool
  logger: Logger
  tasks: Record<string, Task>
  crontab: string
  concurrency?: number
}): Promise<Runner> {
  const taskList: TaskList = Object.fromEntries(
    Object.entries(deps.tasks).map(([name, task]) => [name, (payload: unknown) => task(payload)]),
  )
  return run({
    pgPool: deps.pool,
    taskList,
    crontab: deps.crontab,
    concurrency: deps.concurrency ?? 2,
    pollInterval: 1000,
    noHandleSignals: true,
    logger: new WorkerLogger(() => (level, message) => {
      if (level === 'error' || level === 'warning') deps.logger.warn({ message }, 'worker')
      else deps.logger.debug({ message }, 'worker')
    }),
  })
}

const silent = new WorkerLogger(() => () => {})
