import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Transaction } from 'ethers'
import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import { verifyConsistency } from '../../../core/log/consistency.ts'
import { type AnchoringDeps, anchorCheckpoint } from '../../../server/anchoring/anchorCheckpoint.ts'
import { anchoringState } from '../../../server/anchoring/anchoringState.ts'
import { chainNode } from '../../../server/anchoring/chainNode.ts'
import { checkpointLogAbi, readCodeHash, readContract } from '../../../server/anchoring/checkpointLog.ts'
import { redeployForDevelopment } from '../../../server/anchoring/deployCheckpointLog.ts'
import { RpcError, rpcNode } from '../../../server/anchoring/rpcNode.ts'
import { walletAnchorSigner } from '../../../server/anchoring/signers.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { newestAnchor } from '../../../server/log/anchorsTable.ts'
import { proofFor } from '../../../server/log/proofFor.ts'
import { rootOfLog } from '../../../server/log/rootOfLog.ts'
import { useDatabase } from '../../support/database.ts'
import { append, cardDraft, drafts, newNoteKey, origin } from '../log/support/testLog.ts'
import { adminDelay, altered, newContract, useChain } from './chain.ts'

const db = useDatabase()
const chain = useChain()
const log = await newNoteKey(origin)

let deps: AnchoringDeps
let snapshot: unknown

beforeEach(async () => {
  snapshot = await chain.node.request('evm_snapshot')
  const { contract, anchorSigner, payer } = await newContract(chain)
  await db.pool.query('delete from anchor_transactions')
  await db.pool.query('delete from anchor_state')
  await db.pool.query('delete from log_anchors')
  await append(db.pool, drafts(3))
  deps = { pool: db.pool, ...log, nodes: [chain.node], contract, anchorSigner, payer, finalityDepth: 0 }
})

afterEach(async () => {
  await chain.node.request('evm_setAutomine', [true])
  await chain.node.request('evm_revert', [snapshot])
})

const run = (change: Partial<AnchoringDeps> = {}) => anchorCheckpoint({ ...deps, ...change })
const automine = (on: boolean) => chain.node.request('evm_setAutomine', [on])
const mine = (blocks = 1) => chain.node.request('hardhat_mine', [`0x${blocks.toString(16)}`])
const onChain = () => readContract(chain.node, deps.contract.address, 'latest')
const transactions = async () =>
  (
    await db.pool.query(
      'select hash, state, nonce, tree_size as "treeSize", sent_at as "sentAt", max_fee::text as "maxFee", raw from anchor_transactions order by nonce, stored_at',
    )
  ).rows
const size = async () => (await anchoringState(db.pool)).checkpointSize

/** Runs until nothing moves any more, as the interval does. */
async function settle(change: Partial<AnchoringDeps> = {}) {
  let state = await run(change)
  for (let i = 0; i < 6 && state.state === 'pending'; i++) state = await run(change)
  return state
}

test('the newest checkpoint is sent, followed to finality, and its receipt completed', async () => {
  const draft = cardDraft()
  await append(db.pool, [draft])
  expect(await run()).toMatchObject({ state: 'pending', ok: true, anchored: null })
  expect(await run()).toMatchObject({ state: 'idle', ok: true, unanchored: 0, late: false })
  const view = await onChain()
  expect(view).toMatchObject({ treeSize: await size(), origin })
  expect(view.rootHash).toEqual(await rootOfLog(db.pool, view.treeSize))
  const receipt = await proofFor({ pool: db.pool }, decodeBase64url(draft.ref))
  expect(receipt!.anchor).toMatchObject({ chainId: 31337, contract: deps.contract.address, treeSize: view.treeSize, consistencyPath: [] })
  const answer = await chainNode(chain.node).readAnchor(deps.contract, view.treeSize)
  expect(answer).toMatchObject({ kind: 'answer', chainId: 31337, codeHash: deps.contract.codeHash, rootHash: view.rootHash })
})

test('each anchor extends the one before it, and an unchanged log sends nothing', async () => {
  await settle()
  const first = (await newestAnchor(db.pool))!
  await append(db.pool, drafts(300))
  await settle()
  const second = (await newestAnchor(db.pool))!
  expect(second.treeSize).toBe(first.treeSize + 300)
  expect((await transactions()).map(row => row.state)).toEqual(['final', 'final'])
  expect(await run()).toMatchObject({ state: 'idle' })
  expect(await transactions()).toHaveLength(2)
  const receipt = await proofFor({ pool: db.pool }, decodeBase64url(await issuedRef(first.treeSize - 1)), first.treeSize)
  const path = receipt!.anchor!.consistencyPath.map(decodeBase64url)
  expect(path).toEqual([])
  expect(
    await verifyConsistency({ firstSize: 1, secondSize: 1, firstRoot: first.rootHash, secondRoot: first.rootHash, path }, nodeCrypto),
  ).toBe(true)
})

/**
 * Every point at which the process can die or the world can change. `break` happens during the first run, `after` before the next
 * ones; then the same function is called again until it settles.
 */
const crash = new Error('killed')
interface Failure {
  name: string
  first?: () => Partial<AnchoringDeps>
  /** What the first run leaves in the table. */
  persisted: readonly { state: string; sent: boolean }[]
  after?: () => Promise<unknown>
  /** What the table holds in the end. */
  ends: readonly string[]
}
const dying = (method: string, when: 'before' | 'after') => ({
  nodes: [
    altered(chain.node, 'dying', {
      [method]: async (_params, real) => {
        if (when === 'after') await real()
        throw crash
      },
    }),
  ],
})
const failures: Failure[] = [
  { name: 'killed before anything is stored', first: () => dying('eth_estimateGas', 'before'), persisted: [], ends: ['final'] },
  {
    name: 'killed after storing, before the broadcast',
    first: () => dying('eth_sendRawTransaction', 'before'),
    persisted: [{ state: 'open', sent: false }],
    ends: ['final'],
  },
  {
    name: 'killed after the broadcast, before it is noted',
    first: () => dying('eth_sendRawTransaction', 'after'),
    persisted: [{ state: 'open', sent: false }],
    ends: ['final'],
  },
  { name: 'killed while it waits for a block', persisted: [{ state: 'open', sent: true }], after: () => mine(), ends: ['final'] },
  {
    name: 'dropped from the pool',
    persisted: [{ state: 'open', sent: true }],
    after: async () => {
      for (const row of await transactions()) await chain.node.request('hardhat_dropTransaction', [row.hash])
    },
    ends: ['final'],
  },
  {
    name: 'the node forgot its pool and its last blocks',
    persisted: [{ state: 'open', sent: true }],
    after: async () => {
      const here = await chain.node.request('evm_snapshot')
      await mine(3)
      await chain.node.request('evm_revert', [here])
    },
    ends: ['final'],
  },
]

test.each(failures)('failure point: $name', async ({ first, persisted, after, ends }) => {
  await automine(false)
  await run(first?.()).catch(error => expect(error).toBe(crash))
  expect((await transactions()).map(row => ({ state: row.state, sent: row.sentAt !== null }))).toEqual(persisted)
  await after?.()
  for (let i = 0; i < 5; i++) {
    await run()
    await mine()
  }
  expect(await settle()).toMatchObject({ state: 'idle', unanchored: 0 })
  expect((await transactions()).map(row => row.state)).toEqual(ends)
  expect((await onChain()).treeSize).toBe(await size())
  expect((await newestAnchor(db.pool))!.treeSize).toBe(await size())
})

test('failure point: killed when mined, before it is noted', async () => {
  await run()
  await expect(run(dying('eth_getTransactionReceipt', 'after'))).rejects.toBe(crash)
  expect((await transactions())[0].state).toBe('open')
  expect(await settle()).toMatchObject({ state: 'idle' })
})

test('failure point: killed between keeping the anchor and settling its transaction', async () => {
  await run()
  await run()
  await db.pool.query("update anchor_transactions set state = 'mined'")
  expect(await run()).toMatchObject({ state: 'idle' })
  expect((await transactions())[0].state).toBe('final')
  expect((await db.pool.query('select count(*)::int as n from log_anchors')).rows[0].n).toBe(1)
})

test('EIP-1559: an underpriced transaction is replaced under the same nonce until one is mined', async () => {
  await automine(false)
  await run()
  await append(db.pool, drafts(2))
  expect(await run({ bumpAfterSeconds: 0 })).toMatchObject({ state: 'pending', feeBumps: 1 })
  expect(await run({ bumpAfterSeconds: 0 })).toMatchObject({ feeBumps: 2 })
  const rows = await transactions()
  expect(rows.map(row => row.nonce)).toEqual([rows[0].nonce, rows[0].nonce, rows[0].nonce])
  const fees = rows.map(row => Transaction.from(row.raw).maxFeePerGas!)
  expect(fees[1]! * 100n).toBeGreaterThan(fees[0]! * 110n)
  expect(fees[2]! * 100n).toBeGreaterThan(fees[1]! * 110n)
  await mine()
  await run()
  expect(
    (await transactions())
      .map(row => row.state)
      .slice(0, 3)
      .toSorted(),
  ).toEqual(['final', 'void', 'void'])
  await mine()
  expect(await settle()).toMatchObject({ state: 'idle', unanchored: 0 })
})

test('EIP-1559: a base fee that rose above the offer is met', async () => {
  await automine(false)
  await run()
  await chain.node.request('hardhat_setNextBlockBaseFeePerGas', [`0x${(10n ** 12n).toString(16)}`])
  await mine()
  expect((await onChain()).treeSize).toBe(0)
  await run({ bumpAfterSeconds: 0 })
  await mine()
  expect(await settle()).toMatchObject({ state: 'idle', unanchored: 0 })
})

test('fees above the configured highest are not paid', async () => {
  expect(await run({ highestFee: 1n })).toMatchObject({ state: 'fees-too-high', ok: false })
  expect(await transactions()).toEqual([])
  expect(await settle()).toMatchObject({ state: 'idle' })
})

test('a reorganisation before finality is seen and mended', async () => {
  const depth = { finalityDepth: 3 }
  const before = await chain.node.request('evm_snapshot')
  await run(depth)
  expect(await run(depth)).toMatchObject({ state: 'pending', anchored: null })
  expect((await transactions())[0].state).toBe('mined')
  await chain.node.request('evm_revert', [before])
  await mine(2)
  expect((await onChain()).treeSize).toBe(0)
  const seen = await run(depth)
  expect(seen).toMatchObject({ state: 'pending', reorganisations: 1 })
  await mine(4)
  expect(await settle(depth)).toMatchObject({ state: 'idle', unanchored: 0, reorganisations: 1 })
  expect((await transactions()).map(row => row.state)).toEqual(['final'])
})

test('two anchors above each other survive a reorganisation of both', async () => {
  const depth = { finalityDepth: 5 }
  const before = await chain.node.request('evm_snapshot')
  await run(depth)
  await append(db.pool, drafts(2))
  await run(depth)
  await run(depth)
  expect((await transactions()).map(row => row.state)).toEqual(['mined', 'mined'])
  await chain.node.request('evm_revert', [before])
  await run(depth)
  await mine(7)
  expect(await settle(depth)).toMatchObject({ state: 'idle', unanchored: 0, reorganisations: 2 })
})

test('another transaction took the nonce: the anchor is sent anew', async () => {
  await automine(false)
  await run()
  const [row] = await transactions()
  await chain.node.request('hardhat_dropTransaction', [row.hash])
  const raw = await deps.payer.signTransaction({
    chainId: 31337,
    to: deps.payer.address,
    nonce: row.nonce,
    gasLimit: 21_000,
    gasPrice: 10n ** 12n,
    type: 0,
  })
  await chain.node.request('eth_sendRawTransaction', [raw])
  await mine()
  await run()
  await mine()
  expect(await settle()).toMatchObject({ state: 'idle', unanchored: 0 })
  expect((await transactions()).map(r => r.state)).toEqual(['void', 'final'])
})

test('somebody else relayed the checkpoint: nothing more is sent', async () => {
  await settle()
  const relayer = await newContract(chain)
  await append(db.pool, drafts(2))
  const nodes = [
    altered(chain.node, 'capture', {
      eth_sendRawTransaction: () => {
        throw new RpcError('silent', 'cut')
      },
    }),
  ]
  await run({ nodes })
  const stored = Transaction.from((await transactions()).at(-1).raw)
  const raw = await relayer.payer.signTransaction({
    chainId: 31337,
    to: stored.to,
    data: stored.data,
    nonce: 1,
    gasLimit: 200_000,
    gasPrice: 10n ** 11n,
    type: 0,
  })
  await chain.node.request('eth_sendRawTransaction', [raw])
  const treeSize = await size()
  expect((await onChain()).treeSize).toBe(treeSize)
  await db.pool.query("update anchor_transactions set state = 'void' where state = 'open'")
  expect(await settle()).toMatchObject({ state: 'idle', contractSize: treeSize })
})

// --- the world is wrong: each a named state, nothing lost, and it goes on by itself

const silent = {
  name: 'silent',
  request: async () => {
    throw new RpcError('silent', 'no answer')
  },
}

test('node silent: named, and mended when one answers', async () => {
  expect(await run({ nodes: [silent] })).toMatchObject({ state: 'node-silent', ok: false })
  expect(await run({ nodes: [rpcNode('http://127.0.0.1:9', { timeoutMs: 500 })] })).toMatchObject({ state: 'node-silent' })
  await db.pool.query("update anchor_state set since = now() - interval '1 hour'")
  const hour = await run({ nodes: [silent] })
  expect(hour.checkedAt! - hour.since!).toBeGreaterThan(3500)
  expect(await settle()).toMatchObject({ state: 'idle', unanchored: 0 })
})

test('one of two nodes silent: anchoring goes on and the silence is told', async () => {
  const state = await settle({ nodes: [silent, chain.node] })
  expect(state).toMatchObject({ state: 'idle', unanchored: 0 })
  expect(state.nodes).toMatchObject([{ name: 'silent', ok: false }, { ok: true }])
})

test('a node that answers nonsense is silent', async () => {
  for (const nonsense of [null, '0x', 'x', {}, '0x123', `0x${'ff'.repeat(96)}`])
    expect(await run({ nodes: [altered(chain.node, 'mad', { eth_call: () => nonsense })] })).toMatchObject({ ok: false, anchored: null })
  expect(await transactions()).toEqual([])
})

test('wrong chain id', async () => {
  expect(await run({ nodes: [altered(chain.node, 'other', { eth_chainId: () => '0x1' })] })).toMatchObject({
    state: 'wrong-chain',
    ok: false,
  })
  expect(await settle()).toMatchObject({ state: 'idle' })
})

test('contract missing: an alarm outside development, never a new contract', async () => {
  const nodes = [altered(chain.node, 'empty', { eth_getCode: () => '0x' })]
  expect(await run({ nodes })).toMatchObject({ state: 'no-contract', ok: false })
  expect(await transactions()).toEqual([])
  expect(await settle()).toMatchObject({ state: 'idle' })
})

test('another contract, origin or signer at the address', async () => {
  const contract = { ...deps.contract, codeHash: `0x${'11'.repeat(32)}` }
  expect(await run({ contract })).toMatchObject({ state: 'wrong-contract' })
  const published = { ...deps.contract, codeHash: (await readCodeHash(chain.node, deps.contract.address, 'latest'))! }
  // Code that answers to nothing of ours.
  const elsewhere = altered(chain.node, 'elsewhere', { eth_getCode: () => '0x6001', eth_call: () => '0x' })
  expect(await run({ contract: published, nodes: [elsewhere] })).toMatchObject({ state: 'wrong-contract' })
  expect(await run({ anchorSigner: walletAnchorSigner(`0x${'22'.repeat(32)}`) })).toMatchObject({ state: 'wrong-contract' })
  const other = await newNoteKey('other.example/log')
  expect(await run({ logKey: other.logKey })).toMatchObject({ state: 'wrong-contract' })
})

test('out of funds: nothing is sent until there are some', async () => {
  await chain.node.request('hardhat_setBalance', [deps.payer.address, '0x10'])
  expect(await run()).toMatchObject({ state: 'out-of-funds', ok: false })
  expect(await transactions()).toEqual([])
  await chain.fund(deps.payer.address)
  expect(await settle()).toMatchObject({ state: 'idle', unanchored: 0 })
})

test('a lying node: its fork is told apart from the truth of the other', async () => {
  await settle()
  await append(db.pool, drafts(4))
  const [treeSize, root] = [await size(), `0x${'77'.repeat(32)}`]
  const answer = checkpointLogAbi.encodeFunctionResult('latest', [treeSize - 4, root, 1])
  const selector = checkpointLogAbi.getFunction('latest')!.selector
  const liar = altered(chain.node, 'liar', {
    eth_call: ([call], real) => ((call as { data: string }).data.startsWith(selector) ? answer : real()),
  })
  const state = await settle({ nodes: [liar, chain.node] })
  expect(state).toMatchObject({ state: 'nodes-disagree', ok: false })
  expect(state.nodes).toMatchObject([{ name: 'liar', ok: false }, { ok: true }])
  expect(await run({ nodes: [liar] })).toMatchObject({ state: 'log-forked', ok: false })
  expect(await settle()).toMatchObject({ state: 'idle', unanchored: 0 })
})

test('a lying node: it denies what was final', async () => {
  await settle()
  const selector = checkpointLogAbi.getFunction('rootAt')!.selector
  const zero = `0x${'00'.repeat(32)}`
  const liar = altered(chain.node, 'liar', {
    eth_call: ([call], real) => ((call as { data: string }).data.startsWith(selector) ? zero : real()),
  })
  expect(await run({ nodes: [liar] })).toMatchObject({ state: 'node-lying', ok: false })
})

test('a lying node alone cannot make an anchor final that the other does not hold', async () => {
  const receipt = { status: '0x1', blockNumber: '0x1', blockHash: `0x${'99'.repeat(32)}` }
  const liar = altered(chain.node, 'liar', { eth_getTransactionReceipt: () => receipt })
  await automine(false)
  await run({ nodes: [liar, chain.node] })
  const state = await run({ nodes: [liar, chain.node] })
  expect(state.anchored).toBeNull()
  expect(await newestAnchor(db.pool)).toBeNull()
  await mine()
  expect(await settle()).toMatchObject({ state: 'idle', unanchored: 0 })
})

test('the contract holds a larger log than a restored database', async () => {
  await settle()
  const answer = checkpointLogAbi.encodeFunctionResult('latest', [(await size()) + 10, `0x${'77'.repeat(32)}`, 1])
  const selector = checkpointLogAbi.getFunction('latest')!.selector
  const nodes = [
    altered(chain.node, 'ahead', { eth_call: ([call], real) => ((call as { data: string }).data.startsWith(selector) ? answer : real()) }),
  ]
  expect(await run({ nodes })).toMatchObject({ state: 'log-behind', ok: false })
})

test('the contract refuses: its error is named', async () => {
  const bad = { address: deps.anchorSigner.address, sign: () => new Uint8Array(65).fill(27) }
  expect(await run({ anchorSigner: bad })).toMatchObject({ state: 'refused', ok: false })
  const data = checkpointLogAbi.encodeErrorResult('CheckpointLogInvalidGrowth', [3, 2])
  const refuse = () => {
    throw new RpcError('answered', 'execution reverted', { data })
  }
  const nodes = [altered(chain.node, 'refusing', { eth_estimateGas: refuse })]
  expect(await run({ nodes })).toMatchObject({ state: 'refused', detail: 'CheckpointLogInvalidGrowth(3, 2)' })
  expect(await transactions()).toEqual([])
  expect(await settle()).toMatchObject({ state: 'idle' })
})

test('two processes at once send one transaction', async () => {
  await automine(false)
  await Promise.all([run(), run(), run()])
  expect(await transactions()).toHaveLength(1)
  await mine()
})

test('late: entries that wait over 24 hours for an anchor are told', async () => {
  const later = Math.floor(Date.now() / 1000) + 25 * 3600
  expect(await anchoringState(db.pool, true, later)).toMatchObject({ late: true, waitingSince: expect.any(Number) })
  expect(await anchoringState(db.pool, false, later)).toMatchObject({ late: false, waitingSince: null, state: 'none', ok: true })
  await settle()
  expect(await anchoringState(db.pool, true, later)).toMatchObject({ late: false, waitingSince: null })
})

test('development: a chain that forgot gets the contract anew and the current checkpoint; other chains never do', async () => {
  await settle()
  const { payer, anchorSigner, pool } = deps
  const deployment = { origin, admin: payer.address, adminDelay, anchorSigner: anchorSigner.address }
  const contract = await redeployForDevelopment({ pool, payer, node: chain.node, bytecode: chain.bytecode }, deployment)
  expect(contract.address).not.toBe(deps.contract.address)
  expect(await settle({ contract })).toMatchObject({ state: 'idle', unanchored: 0 })
  const elsewhere = altered(chain.node, 'mainnet', { eth_chainId: () => '0x1' })
  await expect(redeployForDevelopment({ pool, payer, node: elsewhere, bytecode: chain.bytecode }, deployment)).rejects.toMatchObject({
    code: 'anchor.deployment',
  })
})

async function issuedRef(leafIndex: number): Promise<string> {
  const { rows } = await db.pool.query('select ref from log_entries where leaf_index = $1', [leafIndex])
  return rows[0].ref.toString('base64url')
}
