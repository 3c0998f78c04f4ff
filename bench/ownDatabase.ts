import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { startEmbeddedPostgres } from '../server/db/embeddedPostgres.ts'
import { freePort } from '../server/db/freePort.ts'
import { migrate } from '../server/db/migrate.ts'
import { createPool } from '../server/db/pool.ts'
import { migrateJobs } from '../server/jobs/worker.ts'

/** A PostgreSQL of the bench's own with all tables, and a folder; both are gone when `run` has ended. Durable unless told. */
export async function ownDatabase(
  run: (database: { pool: pg.Pool; url: string; dir: string }) => Promise<void>,
  { durable = true } = {},
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'antin-bench-'))
  const { url, stop } = await startEmbeddedPostgres(join(dir, 'postgres'), await freePort(), { durable })
  const pool = createPool(url, { max: 18 })
  try {
    await migrate(pool)
    await migrateJobs(pool)
    await run({ pool, url, dir })
  } finally {
    await pool.end()
    await stop()
    rmSync(dir, { recursive: true, force: true })
  }
}
