// One real PostgreSQL for the run, with a migrated template that each test file clones. Skipped when only pure tests were asked for.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default async function globalSetup() {
  const asked = process.argv.slice(2).filter(arg => arg.startsWith('test/'))
  if (asked.length > 0 && asked.every(arg => /^test\/(core|web)\b/.test(arg))) return
  const { startEmbeddedPostgres } = await import('../../server/db/embeddedPostgres.ts')
  const { freePort } = await import('../../server/db/freePort.ts')
  const { createPool } = await import('../../server/db/pool.ts')
  const { migrate } = await import('../../server/db/migrate.ts')
  const { migrateJobs } = await import('../../server/jobs/worker.ts')
  const dir = mkdtempSync(join(tmpdir(), 'antin-test-'))
  const postgres = await startEmbeddedPostgres(join(dir, 'postgres'), await freePort(), { durable: false })
  const admin = createPool(postgres.url, { max: 1 })
  await admin.query('create database template_antin')
  await admin.end()
  const template = createPool(postgres.url.replace(/postgres$/, 'template_antin'), { max: 1 })
  await migrate(template)
  await migrateJobs(template)
  await template.end()
  process.env.ANTIN_TEST_POSTGRES = postgres.url
  globalThis.stopTestPostgres = async () => {
    await postgres.stop()
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
  }
}
