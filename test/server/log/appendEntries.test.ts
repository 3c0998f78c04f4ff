import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { appendLeaf, emptyRange } from '../../../core/log/compactRange.ts'
import { type EntryDraft, parseEntry } from '../../../core/log/entry.ts'
import { leafHash } from '../../../core/log/leafHash.ts'
import { inTransaction } from '../../../server/db/transaction.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { appendEntries } from '../../../server/log/appendEntries.ts'
import { readHead, setClosed } from '../../../server/log/logTable.ts'
import { useDatabase } from '../../support/database.ts'

const db = useDatabase()
const bytes = (n: number) => encodeBase64url(randomBytes(n))
const draft = (): EntryDraft => ({ type: 'card.issued', agency: 'G09', ref: bytes(16), digest: bytes(32), kid: bytes(8) })
const append = (count: number) => inTransaction(db.pool, tx => appendEntries(tx, Array.from({ length: count }, draft)))

/** The head and the stored hashes are those of the stored entries, whose indices have no gaps. */
async function expectSound(): Promise<void> {
  const { rows } = await db.pool.query('select leaf_index, entry, leaf_hash, ref, type from log_entries order by leaf_index')
  const range = emptyRange()
  const nodes = new Map<string, string>()
  let at = 0
  for (const row of rows) {
    expect(row.leaf_index).toBe(range.size)
    const entry = parseEntry(row.entry)
    expect(entry.at).toBeGreaterThanOrEqual(at)
    at = entry.at
    expect([entry.type, 'ref' in entry ? entry.ref : null]).toEqual([row.type, row.ref && encodeBase64url(row.ref)])
    const hash = leafHash(row.entry, nodeCrypto.sha256)
    expect(row.leaf_hash.equals(hash)).toBe(true)
    appendLeaf(range, hash, nodeCrypto.sha256, (level, index, node) => {
      if (level > 0 && level % 8 === 0) nodes.set(`${level / 8}/${index}`, Buffer.from(node).toString('hex'))
    })
  }
  const head = await readHead(db.pool)
  expect(head.range.size).toBe(range.size)
  expect(Buffer.concat(head.range.hashes).equals(Buffer.concat(range.hashes))).toBe(true)
  const stored = await db.pool.query('select level, index, hash from log_nodes')
  expect(new Map(stored.rows.map(row => [`${row.level}/${row.index}`, row.hash.toString('hex')]))).toEqual(nodes)
}

test('entries take the next leaf indices in their order', async () => {
  expect((await append(3)).map(e => e.leafIndex)).toEqual([0, 1, 2])
  expect((await append(600)).map(e => e.leafIndex)).toEqual(Array.from({ length: 600 }, (_, i) => 3 + i))
  expect(await append(0)).toEqual([])
  await expectSound()
})

test('an entry exists only if its transaction commits', async () => {
  const before = await readHead(db.pool)
  await expect(
    inTransaction(db.pool, async tx => {
      await appendEntries(tx, [draft()])
      throw new Error('after the append')
    }),
  ).rejects.toThrow('after the append')
  expect(await readHead(db.pool)).toEqual(before)
})

test('appends of many connections leave no gap and no double', async () => {
  const before = (await readHead(db.pool)).range.size
  // Not more at once than a slow machine serves within the two seconds that an append waits.
  const taken: Awaited<ReturnType<typeof append>>[] = []
  const appendTen = async () => {
    for (let i = 0; i < 10; i++) taken.push(await append(1 + (i % 7)))
  }
  await Promise.all(Array.from({ length: 6 }, appendTen))
  const indices = taken.flat().map(e => e.leafIndex)
  expect(indices.toSorted((a, b) => a - b)).toEqual(indices.map((_, i) => before + i))
  await expectSound()
})

test('`at` never decreases, also when the clock goes back', async () => {
  const ahead = Math.floor(Date.now() / 1000) + 5000
  await db.pool.query('update log_head set at = $1', [ahead])
  expect((await append(1))[0]!.at).toBe(ahead)
})

test('two appends of one transaction follow each other', async () => {
  const [first, second] = await inTransaction(db.pool, async tx => [await appendEntries(tx, [draft()]), await appendEntries(tx, [draft()])])
  expect(second![0]!.leafIndex).toBe(first![0]!.leafIndex + 1)
  await expectSound()
})

test('an append does not wait for ever for the head', async () => {
  const holder = await db.pool.connect()
  try {
    await holder.query('begin')
    await holder.query('select 1 from log_head for update')
    await expect(append(1)).rejects.toMatchObject({ code: 'log.unavailable' })
  } finally {
    await holder.query('rollback')
    holder.release()
  }
  await append(1)
})

test('a closed log takes nothing', async () => {
  await setClosed(db.pool, 'behind the contract')
  await expect(append(1)).rejects.toMatchObject({ code: 'log.closed.unavailable', detail: 'behind the contract' })
  await setClosed(db.pool, null)
  await append(1)
})

test('a malformed draft is refused and takes its transaction with it', async () => {
  const before = await readHead(db.pool)
  const bad = Object.assign(draft(), { name: 'Nguyễn Thị Thảo' })
  await expect(inTransaction(db.pool, tx => appendEntries(tx, [draft(), bad]))).rejects.toMatchObject({ code: 'log.entry' })
  expect(await readHead(db.pool)).toEqual(before)
})

test('the database refuses to change what was written', async () => {
  for (const sql of [
    "update log_entries set entry = '' where leaf_index = 0",
    'delete from log_entries where leaf_index = 0',
    'delete from log_nodes',
    'update log_head set size = size - 1',
    'delete from log_head',
    'truncate log_entries',
  ])
    await expect(db.pool.query(sql)).rejects.toThrow('append only')
})
