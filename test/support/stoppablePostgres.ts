import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from '@jest/globals'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../server/db/embeddedPostgres.ts'
import { freePort } from '../../server/db/freePort.ts'
import { migrate } from '../../server/db/migrate.ts'
import { createPool } from '../../server/db/pool.ts'
import { migrateJobs } from '../../server/jobs/worker.ts'

/** A PostgreSQL of the test file's own, migrated, which a test may stop and start. `url` may be used inside tests and hooks that come after. */
export interface StoppablePostgres {
  url: string
  stop(): Promise<void>
  start(): Promise<void>
}

/** Registers hooks that start it before the file's tests and remove it after them. */
export function useStoppablePostgres(): StoppablePostgres {
  const dir = mkdtempSync(join(tmpdir(), 'antin-test-'))
  let port: number
  let running: EmbeddedPostgres | undefined
  const postgres: StoppablePostgres = {
    url: '',
    async stop() {
      await running?.stop()
      running = undefined
    },
    async start() {
      running = await startEmbeddedPostgres(join(dir, 'postgres'), port, { durable: false })
      postgres.url = running.url
    },
  }
  beforeAll(async () => {
    port = await freePort()
    await postgres.start()
    const pool = createPool(postgres.url, { max: 1 })
    await migrate(pool)
    await migrateJobs(pool)
    await pool.end()
  }, 60_000)
  afterAll(async () => {
    await postgres.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  return postgres
}
