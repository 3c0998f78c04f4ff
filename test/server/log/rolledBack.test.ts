import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from '@jest/globals'
import { compareLog } from '../../../server/anchoring/compareLog.ts'
import { inTransaction } from '../../../server/db/transaction.ts'
import { type CheckpointMark, openCheckpointMark } from '../../../server/log/checkpointMark.ts'
import { newestCheckpoint } from '../../../server/log/checkpointsTable.ts'
import { openLog, openOnceCompared } from '../../../server/log/comparisonTable.ts'
import { readHead } from '../../../server/log/logTable.ts'
import { signCheckpoint } from '../../../server/log/signCheckpoint.ts'
import { statusListTokens } from '../../../server/status-lists/statusListTokens.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry } from '../../support/ministry.ts'
import { append, drafts, newNoteKey, origin } from './support/testLog.ts'

const db = useDatabase()
const log = await newNoteKey(origin)
const dir = await mkdtemp(join(tmpdir(), 'antin-rolled-back-'))
let file: string
let mark: CheckpointMark
let number = 0

const openMark = (path = file) =>
  openCheckpointMark({
    pool: db.pool,
    logKey: log.logKey,
    file: path,
    sign: log.signNote,
    warn: error => {
      throw error
    },
  })
const compare = (settled = true, seen: CheckpointMark | undefined = mark) =>
  compareLog({ pool: db.pool, logKey: log.logKey, anchorSigner: { address: '0x' }, mark: seen, settled })
const sign = (signer = mark) => signCheckpoint({ pool: db.pool, logKey: log.logKey, signNote: signer.signNote })
const closedNow = async () => (await readHead(db.pool)).closed
const asSuperuser = async (...statements: string[]) => {
  const client = await db.pool.connect()
  await client.query("set session_replication_role = 'replica'")
  for (const statement of statements) await client.query(statement)
  await client.query("set session_replication_role = 'origin'")
  client.release()
}

/** Copies of the log's tables, as a standby that is behind or a snapshot has them; `back` puts them in the place of what there is. */
async function snapshot(): Promise<{ back: () => Promise<void> }> {
  const name = `copy${++number}`
  const tables = ['log_entries', 'log_nodes', 'log_checkpoints', 'log_head']
  await asSuperuser(...tables.map(table => `create table ${name}_${table} as table ${table}`))
  return {
    back: () => asSuperuser(...tables.flatMap(table => [`delete from ${table}`, `insert into ${table} select * from ${name}_${table}`])),
  }
}

beforeEach(async () => {
  file = join(dir, `checkpoint-${++number}`)
  mark = await openMark()
  await inTransaction(db.pool, openLog)
  await append(db.pool, drafts(5))
  await sign()
})
afterAll(() => rm(dir, { recursive: true }))

test('a log that went back behind what was seen here is closed: nothing is appended, no checkpoint and no status list signed', async () => {
  const signers = await makeMinistry(db.pool, 1)
  const before = await snapshot()
  await append(db.pool, drafts(3))
  const { treeSize } = (await sign())!
  const after = await snapshot()
  await before.back()
  // Before anyone has compared: the signer itself refuses, whatever was appended since.
  await append(db.pool, drafts(1))
  await expect(sign()).rejects.toMatchObject({ code: 'log.closed.unavailable' })
  await append(db.pool, drafts(4))
  await expect(sign()).rejects.toMatchObject({ code: 'log.closed.unavailable', detail: expect.stringContaining(`another root`) })
  await before.back()

  expect(await compare()).toMatch(`The log has ${treeSize - 3} entries, a checkpoint seen here ${treeSize}`)
  await expect(append(db.pool, drafts(1))).rejects.toMatchObject({ code: 'log.closed.unavailable' })
  expect((await sign())?.treeSize).toBe(treeSize - 3)
  expect((await newestCheckpoint(db.pool))?.treeSize).toBe(treeSize - 3)
  const tokens = statusListTokens({
    pool: db.pool,
    signers,
    publicUrl: 'https://the.example',
    clock: () => Math.floor(Date.now() / 1000),
    maySign: async () => (await closedNow()) === null,
  })
  expect(await tokens.signDue()).toBe(0)

  // Another process, on a machine that saw nothing, does not open it.
  const elsewhere = await openMark(join(dir, 'elsewhere'))
  expect(await compare(true, elsewhere)).toMatch('a checkpoint seen here')
  expect(await compare(true, undefined)).toMatch('a checkpoint seen here')
  await expect(append(db.pool, drafts(1))).rejects.toMatchObject({ code: 'log.closed.unavailable' })

  // What was missing is back, the closing stays: it opens by itself.
  await asSuperuser(`delete from log_entries where leaf_index >= ${treeSize - 3}`)
  const { rows } = await db.pool.query('select closed from log_head')
  await after.back()
  await db.pool.query('update log_head set closed = $1', [rows[0]!.closed])
  expect(await compare()).toBeNull()
  await append(db.pool, drafts(1))
  const { rows: lines } = await db.pool.query("select action, detail from audit where action like 'log.%' order by id")
  expect(lines.map(line => line.action).slice(-2)).toEqual(['log.closed', 'log.opened'])
  expect(lines.at(-2)!.detail.reason).toMatch('a checkpoint seen here')
})

test('what was seen outlives the process: its file is a checkpoint that anyone can verify', async () => {
  const before = await snapshot()
  await append(db.pool, drafts(2))
  const { treeSize, note } = (await sign())!
  expect(readFileSync(file, 'utf8')).toBe(note)
  const restarted = await openMark()
  expect(restarted.newest()?.treeSize).toBe(treeSize)
  await before.back()
  expect(await compare(true, restarted)).toMatch('a checkpoint seen here')
  // A note that the log did not sign says nothing.
  const other = await newNoteKey(origin)
  const foreign = await openCheckpointMark({ pool: db.pool, logKey: other.logKey, file, sign: other.signNote, warn: () => {} })
  expect(foreign.newest()).toBeNull()
  await restarted.raise(`${note.replace(`\n${treeSize}\n`, `\n${treeSize + 1}\n`)}`)
  expect(restarted.newest()?.treeSize).toBe(treeSize)
  expect(existsSync(file)).toBe(true)
})

test('a database that was started anew, promoted or put back takes no entries until it was compared and everyone could speak', async () => {
  expect(await compare()).toBeNull()
  const incarnation = (await db.pool.query<{ now: string }>('select database_incarnation() as now')).rows[0]!.now
  expect(incarnation).toMatch(/^\d+\.\d+\/[0-9A-F]{8}\/\d+\/\d+$/)
  await db.pool.query("update log_comparison set incarnation = '1/00000001/1/1'")
  expect(await closedNow()).toMatch('being compared')
  await expect(append(db.pool, drafts(1))).rejects.toMatchObject({ code: 'log.closed.unavailable' })
  expect(await compare(false)).toBeNull()
  expect(await closedNow()).toMatch('being compared')
  expect(await compare(true)).toBeNull()
  expect(await closedNow()).toBeNull()
  await append(db.pool, drafts(1))
})

test('a log that was restored, or waits for losses to be accepted, is opened by healing alone', async () => {
  await db.pool.query("update log_head set closed = 'Restored from a backup'")
  expect(await compare()).toBe('Restored from a backup')
  expect(await closedNow()).toBe('Restored from a backup')
})

test('a log that was healed from a source that is behind takes no entries: first it is compared with what is public', async () => {
  const before = await snapshot()
  await append(db.pool, drafts(2))
  await sign()
  await before.back()
  await db.pool.query("update log_head set closed = 'Restored from a backup'")
  await inTransaction(db.pool, openOnceCompared)
  await expect(append(db.pool, drafts(1))).rejects.toMatchObject({ code: 'log.closed.unavailable' })
  expect(await compare(true)).toMatch('a checkpoint seen here')
  await expect(append(db.pool, drafts(1))).rejects.toMatchObject({ code: 'log.closed.unavailable' })

  await inTransaction(db.pool, openOnceCompared)
  const elsewhere = await openMark(join(dir, 'healed'))
  expect(await compare(true, elsewhere)).toBeNull()
  await append(db.pool, drafts(1))
})

test('nothing is appended while the clocks of the database and of this process differ', async () => {
  const shifted = (seconds: number) =>
    db.pool.query(`create or replace function lock_log_head() returns table (size bigint, at bigint, hashes bytea, closed text, now bigint)
      language sql as $$ select size, at, hashes, log_closed(closed), floor(extract(epoch from clock_timestamp()))::bigint + ${seconds}
      from log_head for update $$`)
  const { at, range } = await readHead(db.pool)
  for (const seconds of [3600, -3600]) {
    await shifted(seconds)
    await expect(append(db.pool, drafts(1))).rejects.toMatchObject({ code: 'clock.unavailable' })
  }
  await shifted(20)
  await append(db.pool, drafts(1))
  await shifted(0)
  await append(db.pool, drafts(1))
  const head = await readHead(db.pool)
  expect(head.range.size).toBe(range.size + 2)
  expect(head.at).toBeGreaterThanOrEqual(at + 20)
})
