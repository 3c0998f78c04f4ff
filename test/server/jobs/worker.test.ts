import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { pino } from 'pino'
import { lockWorker } from '../../../server/jobs/jobsTable.ts'
import { migrateJobs, startWorker } from '../../../server/jobs/worker.ts'
import { useDatabase } from '../../support/database.ts'

const db = useDatabase()
const logger = pino({ level: 'silent' })
const addJob = (task: string) => db.pool.query('select graphile_worker.add_job($1)', [task])

test('a job that a living worker holds and does not run, because an answer of the database was lost, is run after all', async () => {
  await migrateJobs(db.pool)
  const ran: string[] = []
  let release = () => {}
  const long = new Promise<void>(resolve => {
    release = resolve
  })
  const tasks = {
    long: async () => {
      ran.push('long')
      await long
    },
    lost: async () => void ran.push('lost'),
  }
  const worker = await startWorker({ pool: db.pool, logger, tasks, crontab: '' })
  try {
    await addJob('long')
    while (!ran.includes('long')) await sleep(50)
    // As after a connection that broke between the database's commit and its answer.
    await db.pool.query("select graphile_worker.add_job('lost', run_at => now() + interval '1 hour')")
    await db.pool.query(
      `update graphile_worker._private_jobs set run_at = now(), attempts = attempts + 1, locked_at = now() - interval '20 seconds',
         locked_by = (select locked_by from graphile_worker.jobs where task_identifier = 'long')
       where id = (select id from graphile_worker.jobs where task_identifier = 'lost')`,
    )
    await sleep(12_000)
    expect(ran).toEqual(['long'])
    // A session of the database that nobody has any more, as a half-open connection leaves one, still says that the worker is alive.
    const ghost = await db.pool.connect()
    const { rows } = await ghost.query("select locked_by from graphile_worker.jobs where task_identifier = 'long'")
    await lockWorker(ghost, rows[0].locked_by)
    // What runs is let end, and is not run twice.
    release()
    for (let i = 0; i < 1000 && !ran.includes('lost'); i++) await sleep(100)
    expect(ran).toEqual(['long', 'lost'])
    ghost.release(true)
  } finally {
    release()
    await worker.stop()
  }
})
