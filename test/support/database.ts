import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from '@jest/globals'
import type pg from 'pg'
import { createPool } from '../../server/db/pool.ts'

/** A database of the test file's own. `pool` and `url` may be used inside tests and hooks that come after. */
export interface TestDatabase {
  pool: pg.Pool
  url: string
}

/** Registers hooks that clone the migrated template before the file's tests and drop the clone after them. */
export function useDatabase(): TestDatabase {
  const database = {} as TestDatabase
  const name = `test_${randomBytes(6).toString('hex')}`
  beforeAll(async () => {
    database.url = await cloneTemplate(name)
    // A busy machine lets many at once wait long.
    database.pool = createPool(database.url, { connectionTimeoutMillis: 60_000 })
  })
  afterAll(async () => {
    await database.pool?.end()
    await asAdmin(admin => admin.query(`drop database if exists ${name} with (force)`))
  })
  return database
}

async function cloneTemplate(name: string): Promise<string> {
  await asAdmin(admin => admin.query(`create database ${name} template template_antin`))
  return serverUrl().replace(/postgres$/, name)
}

async function asAdmin(fn: (admin: pg.Pool) => Promise<unknown>): Promise<void> {
  const admin = createPool(serverUrl(), { max: 1 })
  try {
    await fn(admin)
  } finally {
    await admin.end()
  }
}

function serverUrl(): string {
  const url = process.env.ANTIN_TEST_POSTGRES
  if (!url) throw new Error('no test database: this file needs test/support/globalSetup.mjs')
  return url
}
