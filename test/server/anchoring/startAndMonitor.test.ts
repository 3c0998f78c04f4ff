import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from '@jest/globals'
import type { CliIo } from '../../../cli/io.ts'
import { logCommand } from '../../../cli/logVerify.ts'
import { formatVerifierKey } from '../../../core/log/verifierKey.ts'
import { type AnchoringDeps, anchorCheckpoint } from '../../../server/anchoring/anchorCheckpoint.ts'
import { checkpointLogAbi } from '../../../server/anchoring/checkpointLog.ts'
import { compareLog } from '../../../server/anchoring/compareLog.ts'
import { useContract } from '../../../server/anchoring/contractsTable.ts'
import { readAnchoredRoots } from '../../../server/anchoring/readAnchoredRoots.ts'
import { inTransaction } from '../../../server/db/transaction.ts'
import { newestCheckpoint } from '../../../server/log/checkpointsTable.ts'
import { openLog } from '../../../server/log/comparisonTable.ts'
import { rootOfLog } from '../../../server/log/rootOfLog.ts'
import { useDatabase } from '../../support/database.ts'
import { append, drafts, newNoteKey, origin, randomB64u } from '../log/support/testLog.ts'
import { altered, newContract, type TestContract, useChain } from './chain.ts'

const db = useDatabase()
const chain = useChain()
const log = await newNoteKey(origin)
const dir = await mkdtemp(join(tmpdir(), 'antin-monitor-'))
let on: TestContract
let deps: AnchoringDeps

const grow = (count: number) =>
  append(
    db.pool,
    drafts(count).map(({ ref }) => ({ type: 'holder.bound' as const, agency: 'G09', ref, thumbprint: randomB64u(32) })),
  )

beforeEach(async () => {
  await db.pool.query('delete from log_anchors')
  await inTransaction(db.pool, openLog)
  on = await newContract(chain)
  deps = { pool: db.pool, ...log, nodes: [chain.node], ...on, finalityDepth: 0 }
  await grow(5)
  await anchorCheckpoint(deps)
  await anchorCheckpoint(deps)
})
afterAll(() => rm(dir, { recursive: true }))

const latestIs = (treeSize: number, root: Uint8Array) => {
  const answer = checkpointLogAbi.encodeFunctionResult('latest', [treeSize, root, 1])
  const { selector } = checkpointLogAbi.getFunction('latest')!
  return altered(chain.node, 'other', {
    eth_call: ([call], real) => ((call as { data: string }).data.startsWith(selector) ? answer : real()),
  })
}

test('at start a sound log stays open, with or without a chain', async () => {
  expect(await compareLog({ ...deps, settled: false })).toBeNull()
  expect(await compareLog({ ...deps, settled: false, nodes: [], contract: null })).toBeNull()
  const silent = altered(chain.node, 'silent', { eth_chainId: () => '0x1' })
  expect(await compareLog({ ...deps, settled: false, nodes: [silent] })).toBeNull()
})

test('at start a log behind its contract, or another one than it holds, is closed', async () => {
  const { treeSize } = (await newestCheckpoint(db.pool))!
  expect(await compareLog({ ...deps, settled: false, nodes: [latestIs(treeSize + 10, new Uint8Array(32).fill(3))] })).toMatch(
    'behind the contract',
  )
  await expect(grow(1)).rejects.toMatchObject({ code: 'log.closed.unavailable' })
  // The nodes say something else now: it opens by itself.
  expect(await compareLog({ ...deps, settled: false, nodes: [] })).toMatch('behind the contract')
  expect(await compareLog({ ...deps, settled: false })).toBeNull()
  await grow(1)
  expect(await compareLog({ ...deps, settled: false, nodes: [latestIs(treeSize, new Uint8Array(32).fill(3))] })).toMatch('another one')
  await inTransaction(db.pool, openLog)
  const both = [latestIs(treeSize + 10, new Uint8Array(32).fill(3)), chain.node]
  expect(await compareLog({ ...deps, settled: false, nodes: both })).toBeNull()
})

test('at start a log behind its own checkpoint is closed', async () => {
  const client = await db.pool.connect()
  await client.query("set session_replication_role = 'replica'")
  await client.query("insert into log_checkpoints (tree_size, root_hash, note) values (999999, sha256('x'), 'x')")
  expect(await compareLog({ ...deps, settled: false })).toMatch('newest checkpoint 999999')
  await client.query('delete from log_checkpoints where tree_size = 999999')
  await client.query("set session_replication_role = 'origin'")
  client.release()
})

test('all anchored roots are read from the events of a node', async () => {
  await grow(7)
  await anchorCheckpoint(deps)
  const { treeSize } = (await newestCheckpoint(db.pool))!
  const read = await readAnchoredRoots(chain.node, on.contract)
  expect(read).toMatchObject({ roots: [{ treeSize: treeSize - 7 }, { treeSize, rootHash: await rootOfLog(db.pool, treeSize) }] })
  expect(await readAnchoredRoots(chain.node, { ...on.contract, untilSize: treeSize - 7 })).toMatchObject({
    roots: [{ treeSize: treeSize - 7 }],
  })
  const wrong = await readAnchoredRoots(chain.node, { ...on.contract, codeHash: `0x${'00'.repeat(32)}` })
  expect(wrong).toBeInstanceOf(Error)
  expect(await readAnchoredRoots(altered(chain.node, 'x', { eth_chainId: () => '0x2' }), on.contract)).toBeInstanceOf(Error)
})

test('antin log verify: the database with its contract, remembering what it saw', async () => {
  await useContract(db.pool, on.contract)
  const lines: string[] = []
  const io: CliIo = {
    out: line => void lines.push(line),
    err: line => void lines.push(line),
    progress: () => {},
    env: { DATABASE_URL: db.url, ANTIN_HOME: dir },
    isTerminal: false,
  }
  const state = join(dir, 'seen')
  const args = ['verify', '--vkey', formatVerifierKey(log.logKey), '--rpc', chain.url, '--state', state]
  expect(await logCommand([...args, '--json'], io)).toBe(0)
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ sound: true, findings: [] })
  expect(await readFile(state, 'utf8')).toBe((await newestCheckpoint(db.pool))!.note)
  const foreign = await newNoteKey(origin)
  expect(await logCommand(['verify', '--vkey', formatVerifierKey(foreign.logKey)], io)).toBe(1)
  expect(lines.join('\n')).toContain('checkpoint.signature')
  await expect(logCommand(['x'], io)).rejects.toMatchObject({ exitCode: 64 })
  await expect(logCommand(['verify', '--heal'], io)).rejects.toMatchObject({ exitCode: 64 })
})
