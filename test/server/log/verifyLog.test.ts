import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import type pg from 'pg'
import { canonicalJson } from '../../../core/encoding/canonicalJson.ts'
import { appendLeaf, emptyRange } from '../../../core/log/compactRange.ts'
import { leafHash } from '../../../core/log/leafHash.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { checkpointsAfter } from '../../../server/log/checkpointsTable.ts'
import { logRoutes } from '../../../server/log/logRoutes.ts'
import { databaseSource, directorySource, httpSource } from '../../../server/log/logSource.ts'
import { signCheckpoint } from '../../../server/log/signCheckpoint.ts'
import { verifyLog } from '../../../server/log/verifyLog.ts'
import { useDatabase } from '../../support/database.ts'
import { changeCard, insertMinistry, issueCard } from './support/cardRow.ts'
import { append, drafts, newNoteKey, origin } from './support/testLog.ts'

const db = useDatabase()
const log = await newNoteKey(origin)
const kept = await mkdtemp(join(tmpdir(), 'antin-tiles-'))
let server: Server
let address: string
let list: number
let cards: string[]

beforeAll(async () => {
  list = await insertMinistry(db.pool)
  cards = []
  for (let i = 0; i < 6; i++) cards.push(await issueCard(db.pool, list))
  await signed()
  await changeCard(db.pool, cards[0]!, 'card.suspended')
  await changeCard(db.pool, cards[1]!, 'card.ended')
  await changeCard(db.pool, cards[0]!, 'card.resumed')
  await append(
    db.pool,
    drafts(700).map(({ ref, digest, kid }) => ({ type: 'sd-jwt.issued' as const, agency: 'G09', ref, digest, kid })),
  )
  await signed()
  await changeCard(db.pool, cards[2]!, 'card.suspended')
  await signed()
  server = createServer(express().use(logRoutes({ pool: db.pool, ...log })))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`
})

afterAll(async () => {
  server?.close()
  await rm(kept, { recursive: true })
})

const signed = () => signCheckpoint({ pool: db.pool, ...log })
const verify = (more: Partial<Parameters<typeof verifyLog>[0]> = {}) =>
  verifyLog({ source: databaseSource(db.pool), logKey: log.logKey, pool: db.pool, ...more })
const codes = async (more = {}) => [...new Set((await verify(more)).findings.map(finding => finding.code))]

/** Does harm as one who owns the database can, looks, and takes it back. */
async function harmed<T>(sql: string | ((client: pg.PoolClient) => Promise<unknown>), look: () => Promise<T>): Promise<T> {
  const tables = ['log_entries', 'log_nodes', 'log_head', 'log_checkpoints', 'cards', 'status_list_bits']
  const client = await db.pool.connect()
  try {
    await client.query("set session_replication_role = 'replica'")
    for (const table of tables) await client.query(`create table kept_${table} as select * from ${table}`)
    if (typeof sql === 'string') await client.query(sql)
    else await sql(client)
    try {
      return await look()
    } finally {
      for (const table of tables) {
        await client.query(`truncate ${table} cascade`)
        await client.query(`insert into ${table} select * from kept_${table}`)
        await client.query(`drop table kept_${table}`)
      }
      await client.query("set session_replication_role = 'origin'")
    }
  } finally {
    client.release()
  }
}

test('a sound log is found sound from the database, over HTTP and from kept files', async () => {
  expect(await verify()).toMatchObject({ sound: true, findings: [] })
  expect(await verify({ source: httpSource(address, kept) })).toMatchObject({ sound: true })
  expect(await readdir(join(kept, 'tile'))).toEqual(expect.arrayContaining(['0', '1', 'entries']))
  expect(await verifyLog({ source: directorySource(kept), logKey: log.logKey })).toMatchObject({ sound: true })
})

test('caught: an edited entry', async () => {
  const sql = `update log_entries set entry = convert_to(replace(convert_from(entry, 'UTF8'), '"G09"', '"G10"'), 'UTF8') where leaf_index = 100`
  expect((await harmed(sql, verify)).findings).toContainEqual({ code: 'tile.differs', detail: 'level 0, hash 100', leafIndex: 100 })
  expect(await harmed(sql, () => codes({ source: httpSource(address), pool: undefined }))).toContain('tile.differs')
})

test('caught: an entry out of form or order', async () => {
  const spaced = `update log_entries set entry = convert_to(replace(convert_from(entry, 'UTF8'), ',', ', '), 'UTF8') where leaf_index = 100`
  expect(await harmed(spaced, codes)).toEqual(expect.arrayContaining(['entry.form', 'tile.differs']))
  const early = `update log_entries set entry = convert_to(regexp_replace(convert_from(entry, 'UTF8'), '"at":[0-9]+', '"at":5'), 'UTF8') where leaf_index = 100`
  expect(await harmed(early, codes)).toContain('entry.order')
})

test('caught: a removed row, of the log and of the cards', async () => {
  expect(await harmed('delete from log_entries where leaf_index = 100', codes)).toContain('tile.missing')
  expect(await harmed('delete from log_entries where leaf_index = (select max(leaf_index) from log_entries)', codes)).toContain(
    'tile.missing',
  )
  const { findings } = await harmed('delete from cards where ref = (select ref from cards order by leaf_index limit 1)', verify)
  expect(findings).toEqual([{ code: 'entry.without-row', detail: `card ${cards[0]}`, leafIndex: 0 }])
})

test('caught: a row without entry', async () => {
  const moved = await harmed('update cards set leaf_index = 100 where leaf_index = 0', verify)
  expect(moved.findings.map(f => f.code).toSorted()).toEqual(['entry.without-row', 'row.without-entry'])
  expect(await harmed('update cards set leaf_index = 100000 where leaf_index = 0', codes)).toContain('row.without-entry')
  expect(await harmed(`update cards set ref = '\\x${'00'.repeat(16)}' where leaf_index = 0`, codes)).toContain('row.without-entry')
})

test('caught: a status that no entry says', async () => {
  expect(await harmed('update cards set status = 0 where status = 2', codes)).toEqual(['row.status'])
  expect(await harmed("update cards set status = 1, ended_as = 'ended' where leaf_index = 8", codes)).toEqual(['row.status'])
})

test('caught: a rolled-back status list', async () => {
  const rolled = `update status_list_bits set bits = overlay(bits placing '\\xff' from 1 for 1)`
  expect(await harmed(rolled, codes)).toEqual(['status-list.rolled-back'])
  expect(await harmed('delete from status_list_bits', codes)).toEqual(['status-list.rolled-back'])
})

test('caught: a status list that is served older than the log, or is not served; a newer one is no finding', async () => {
  const bitsNow = async () =>
    (await db.pool.query<{ bits: Buffer }>('select bits from status_list_bits where number = $1', [list])).rows[0]!.bits
  const served = (statusList: () => Promise<Uint8Array | null>) => codes({ source: httpSource(address), pool: undefined, statusList })
  expect(await served(bitsNow)).toEqual([])
  expect(await served(async () => Buffer.alloc(256, 0xff))).toEqual(['status-list.rolled-back'])
  expect(await served(async () => null)).toEqual(['status-list.rolled-back'])
  const newer = async () => {
    await issueCard(db.pool, list)
    await signed()
    return bitsNow()
  }
  expect(await served(newer)).toEqual([])
})

/** Rewrites the log from an entry on so that entries, hashes, nodes and head fit each other again. */
async function forkTail(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query('select leaf_index, entry from log_entries order by leaf_index')
  const range = emptyRange()
  const nodes: [number, number, Uint8Array][] = []
  for (const row of rows) {
    const entry = row.leaf_index < 690 ? row.entry : Buffer.from(canonicalJson({ ...JSON.parse(row.entry), agency: 'G77' }))
    const hash = leafHash(entry, nodeCrypto.sha256)
    appendLeaf(range, hash, nodeCrypto.sha256, (level, index, node) => level > 0 && level % 8 === 0 && nodes.push([level / 8, index, node]))
    await client.query('update log_entries set entry = $2, leaf_hash = $3 where leaf_index = $1', [row.leaf_index, entry, hash])
  }
  for (const [level, index, hash] of nodes)
    await client.query('update log_nodes set hash = $3 where level = $1 and index = $2', [level, index, hash])
  await client.query('update log_head set hashes = $1', [Buffer.concat(range.hashes)])
}

test('caught: a forked tail, by checkpoints, by those who saw one, and over HTTP', async () => {
  expect(await harmed(forkTail, () => codes())).toEqual(['checkpoint.root'])
  const { note } = (await checkpointsAfter(db.pool, 0)).at(-1)!
  const without = async (client: pg.PoolClient) => {
    await forkTail(client)
    await client.query('delete from log_checkpoints where tree_size > 690')
    await signed()
  }
  expect(await harmed(without, () => codes())).toEqual([])
  expect(await harmed(without, () => codes({ seen: [note] }))).toEqual(['checkpoint.root'])
  expect(await harmed(without, () => codes({ source: httpSource(address), pool: undefined, seen: [note] }))).toContain('checkpoint.root')
})

test('caught: a log that was cut', async () => {
  const { note } = (await checkpointsAfter(db.pool, 0)).at(-1)!
  const cut = 'delete from log_checkpoints where tree_size > (select min(tree_size) from log_checkpoints)'
  expect(await harmed(cut, () => codes({ seen: [note], source: httpSource(address) }))).toContain('checkpoint.shrunk')
})

test('caught: a checkpoint that the log did not sign, or that says another root', async () => {
  const foreign = await newNoteKey(origin)
  expect(await codes({ logKey: foreign.logKey })).toEqual(['checkpoint.signature'])
  const swapped = `update log_checkpoints set root_hash = sha256('x') where tree_size = (select min(tree_size) from log_checkpoints)`
  expect(await harmed(swapped, codes)).toEqual(expect.arrayContaining(['checkpoint.signature', 'checkpoint.root']))
})

test('caught: a checkpoint that the contract does not extend, a contract that is ahead, one that cannot be read', async () => {
  const checkpoints = await checkpointsAfter(db.pool, 0)
  const held = { name: 'contract', roots: checkpoints.slice(0, 2) }
  expect(await codes({ contracts: [held] })).toEqual([])
  const other = { name: 'contract', roots: [{ treeSize: 300, rootHash: createHash('sha256').update('x').digest() }] }
  expect(await codes({ contracts: [other] })).toEqual(['contract.root'])
  const ahead = { name: 'contract', roots: [{ treeSize: 100_000, rootHash: checkpoints[0]!.rootHash }] }
  expect(await codes({ contracts: [ahead] })).toEqual(['contract.ahead'])
  expect(await codes({ contracts: [new Error('no answer')] })).toEqual(['contract.unavailable'])
  expect(await harmed(forkTail, () => codes({ contracts: [{ name: 'contract', roots: checkpoints.slice(-1) }] }))).toEqual([
    'checkpoint.root',
    'contract.root',
  ])
})

test('caught: a head, a tile or a file that is not that of the entries', async () => {
  expect(await harmed('update log_head set size = size - 1, hashes = substring(hashes from 1 for 32)', codes)).toContain('head.differs')
  expect(await harmed('update log_nodes set hash = sha256(hash) where index = 1', codes)).toEqual(['tile.differs'])
  const tile = join(kept, 'tile/0/000')
  const bytes = await readFile(tile)
  await writeFile(tile, Buffer.from(bytes).fill(7, 320, 321))
  const { findings } = await verifyLog({ source: directorySource(kept), logKey: log.logKey })
  expect(findings).toEqual([{ code: 'tile.differs', detail: 'level 0, hash 10', leafIndex: 10 }])
  await rm(join(kept, 'tile/entries/001'))
  expect((await verifyLog({ source: directorySource(kept), logKey: log.logKey })).findings[0]).toMatchObject({ code: 'tile.missing' })
  await writeFile(tile, bytes)
})

test('issuing while the monitor runs is no finding', async () => {
  const issuing = (async () => {
    for (let i = 0; i < 20; i++) await issueCard(db.pool, list)
  })()
  for (let i = 0; i < 4; i++) expect(await verify()).toMatchObject({ findings: [] })
  await issuing
})
