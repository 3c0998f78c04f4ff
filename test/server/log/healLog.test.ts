import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import { inTransaction } from '../../../server/db/transaction.ts'
import { appendEntries } from '../../../server/log/appendEntries.ts'
import { healLog } from '../../../server/log/healLog.ts'
import { logRoutes } from '../../../server/log/logRoutes.ts'
import { databaseSource, directorySource, httpSource } from '../../../server/log/logSource.ts'
import { readHead, setClosed } from '../../../server/log/logTable.ts'
import { signCheckpoint } from '../../../server/log/signCheckpoint.ts'
import { verifyLog } from '../../../server/log/verifyLog.ts'
import { useDatabase } from '../../support/database.ts'
import { changeCard, insertMinistry, issueCard, openList } from './support/cardRow.ts'
import { append, cardDraft, drafts, newNoteKey, origin } from './support/testLog.ts'

/** The database that goes on, and one that stays as the backup was. */
const live = useDatabase()
const restored = useDatabase()
const log = await newNoteKey(origin)
const mirror = await mkdtemp(join(tmpdir(), 'antin-mirror-'))
const tables = [
  'agencies',
  'officers',
  'status_lists',
  'status_list_bits',
  'cards',
  'log_entries',
  'log_nodes',
  'log_head',
  'log_checkpoints',
]
let early: string
let late: string
let onNewList: string
let list: number

beforeAll(async () => {
  list = await insertMinistry(live.pool)
  early = await issueCard(live.pool, list)
  const ended = await issueCard(live.pool, list)
  await append(
    live.pool,
    drafts(300).map(({ ref, digest, kid }) => ({ type: 'sd-jwt.issued' as const, agency: 'G09', ref, digest, kid })),
  )
  await signCheckpoint({ pool: live.pool, ...log })
  await copyTo(restored.pool)
  await changeCard(live.pool, early, 'card.suspended')
  await changeCard(live.pool, ended, 'card.ended')
  late = await issueCard(live.pool, list)
  onNewList = await issueCard(live.pool, await openList(live.pool))
  await append(
    live.pool,
    drafts(600).map(({ ref, digest, kid }) => ({ type: 'sd-jwt.issued' as const, agency: 'G09', ref, digest, kid })),
  )
  await signCheckpoint({ pool: live.pool, ...log })
  const server = createServer(express().use(logRoutes({ pool: live.pool, ...log })))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`
  await verifyLog({ source: httpSource(address, mirror), logKey: log.logKey })
  server.close()
})

afterAll(() => rm(mirror, { recursive: true }))

/** What restoring a backup does: all rows, no triggers, the log closed. */
async function copyTo(to: typeof restored.pool): Promise<void> {
  const client = await to.connect()
  await client.query("set session_replication_role = 'replica'")
  for (const table of tables) {
    await client.query(`truncate ${table} cascade`)
    const { rows } = await live.pool.query(`select row_to_json(t) as row from ${table} t`)
    for (const { row } of rows)
      await client.query(`insert into ${table} overriding system value select * from json_populate_record(null::${table}, $1)`, [row])
  }
  await client.query("update log_head set closed = 'Restored from a backup'")
  await client.query("set session_replication_role = 'origin'")
  client.release()
}

const heal = (more: Partial<Parameters<typeof healLog>[0]> = {}) =>
  healLog({ pool: restored.pool, logKey: log.logKey, source: directorySource(mirror), acceptLosses: false, ...more })
const verify = () => verifyLog({ source: databaseSource(restored.pool), logKey: log.logKey, pool: restored.pool })
const issue = () => inTransaction(restored.pool, tx => appendEntries(tx, [cardDraft()]))

test('a database behind its public log is told so, and issues nothing', async () => {
  const verdict = await verifyLog({ source: directorySource(mirror), logKey: log.logKey, pool: restored.pool })
  expect(verdict.findings.map(f => f.code)).toContain('status-list.rolled-back')
  await expect(issue()).rejects.toMatchObject({ code: 'log.closed.unavailable' })
})

test('a source that is not this log, or does not extend it, changes nothing', async () => {
  const before = await readHead(restored.pool)
  const foreign = await newNoteKey(origin)
  await expect(heal({ logKey: foreign.logKey })).rejects.toMatchObject({ code: 'log.checkpoint' })
  const source = directorySource(mirror)
  const forked = {
    ...source,
    bundle: async (first: number, count: number, size: number) => {
      const bytes = await source.bundle(first, count, size)
      const at = bytes.indexOf('"G09"', -2000)
      bytes.write('"G10"', at)
      return bytes
    },
  }
  await expect(heal({ source: forked })).rejects.toMatchObject({ code: 'log.checkpoint' })
  expect(await readHead(restored.pool)).toEqual(before)
})

test('entries and statuses are refilled from the tiles; what is lost is listed and keeps the log closed', async () => {
  const result = await heal()
  expect(result).toMatchObject({ restored: 2, mended: false })
  expect(result.lost.map(one => one.ref.toString('base64url'))).toEqual([late, onNewList])
  expect((await readHead(restored.pool)).range).toEqual((await readHead(live.pool)).range)
  const { rows } = await restored.pool.query('select status, ended_as from cards order by leaf_index')
  expect(rows).toEqual([
    { status: 2, ended_as: null },
    { status: 1, ended_as: 'ended' },
  ])
  await expect(issue()).rejects.toMatchObject({ code: 'log.closed.unavailable' })
  expect((await verify()).findings.map(f => f.code).toSorted()).toEqual([
    'entry.without-row',
    'entry.without-row',
    'status-list.rolled-back',
    'status-list.rolled-back',
  ])
})

test('once the losses are accepted the log is sound and may be opened, and gives no index twice', async () => {
  expect(await heal({ acceptLosses: true })).toMatchObject({ refilled: 0, restored: 0, mended: true })
  expect(await verify()).toMatchObject({ sound: true, findings: [] })
  await expect(issue()).rejects.toMatchObject({ code: 'log.closed.unavailable' })
  await setClosed(restored.pool, null)
  const { rows } = await restored.pool.query('select size - reserved as left from status_lists where number = $1', [list])
  expect(rows).toEqual([{ left: 0 }])
  const bits = await restored.pool.query('select bits from status_list_bits where number = $1', [list + 1])
  expect(bits.rows[0].bits.every((byte: number) => byte === 0xff)).toBe(true)
  expect(await openList(restored.pool)).toBe(list + 2)
  await issue()
})

test('healing a sound database changes nothing', async () => {
  const source = databaseSource(live.pool)
  expect(await healLog({ pool: live.pool, logKey: log.logKey, source, acceptLosses: false })).toMatchObject({
    refilled: 0,
    lost: [],
    mended: true,
  })
  expect((await verifyLog({ source, logKey: log.logKey, pool: live.pool })).findings).toEqual([])
})
