import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { utf8 } from '../../../core/encoding/bytes.ts'
import { appendLeaf, emptyRange, rootOfRange } from '../../../core/log/compactRange.ts'
import { proveConsistency, verifyConsistency } from '../../../core/log/consistency.ts'
import { proveInclusion, verifyInclusion } from '../../../core/log/inclusion.ts'
import { leafHash } from '../../../core/log/leafHash.ts'
import type { ReadNodes } from '../../../core/log/treeNode.ts'
import { anchorMessage, checkpointLogAbi, readContract, readRootAt } from '../../../server/anchoring/checkpointLog.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { origin } from '../log/support/testLog.ts'
import { newContract, type TestContract, useChain } from './chain.ts'
import { drawnGrowth } from './drawnGrowth.ts'

const chain = useChain()
const { sha256 } = nodeCrypto

/** Sends an anchor as the payer and answers its gas, or null when the contract refuses. */
async function anchor(on: TestContract, treeSize: number, rootHash: Uint8Array, path: readonly Uint8Array[]): Promise<number | null> {
  const signature = await on.anchorSigner.sign({ kind: 'anchor', bytes: anchorMessage(on.contract, { origin, treeSize, rootHash }) })
  const data = checkpointLogAbi.encodeFunctionData('anchor', [treeSize, rootHash, path, signature])
  const nonce = Number(await chain.node.request('eth_getTransactionCount', [on.payer.address, 'latest']))
  const raw = await on.payer.signTransaction({
    chainId: 31337,
    to: on.contract.address,
    data,
    nonce,
    gasLimit: 1_000_000,
    gasPrice: 10n ** 10n,
    type: 0,
  })
  const hash = await chain.node.request('eth_sendRawTransaction', [raw]).catch(() => null)
  if (hash === null) return null
  const receipt = (await chain.node.request('eth_getTransactionReceipt', [hash])) as { gasUsed: string; status: string }
  return receipt.status === '0x1' ? Number(receipt.gasUsed) : null
}

async function isIncluded(
  on: TestContract,
  treeSize: number,
  leaf: Uint8Array,
  index: number,
  path: readonly Uint8Array[],
): Promise<boolean> {
  const data = checkpointLogAbi.encodeFunctionData('verifyInclusion', [treeSize, leaf, index, path])
  const answer = await chain.node.request('eth_call', [{ to: on.contract.address, data }, 'latest'])
  return Boolean(checkpointLogAbi.decodeFunctionResult('verifyInclusion', String(answer))[0])
}

const leaves = Array.from({ length: 300 }, (_, i) => leafHash(utf8(`entry ${i}`), sha256))
const nodes = new Map<string, Uint8Array>()
const roots = [sha256(new Uint8Array(0))]
const range = emptyRange()
for (const leaf of leaves) {
  appendLeaf(range, leaf, sha256, (level, index, hash) => nodes.set(`${level}/${index}`, hash))
  roots.push(rootOfRange(range, sha256))
}
const read: ReadNodes = async wanted => wanted.map(({ level, index }) => nodes.get(`${level}/${index}`)!)

test('the contract and core agree on every growth and inclusion of a real tree', async () => {
  const on = await newContract(chain)
  let last = 0
  for (const treeSize of [1, 2, 3, 4, 7, 8, 9, 16, 17, 31, 64, 65, 100, 127, 128, 200, 255, 256, 257, 299, 300]) {
    const path = last === 0 ? [] : await proveConsistency(last, treeSize, read, sha256)
    const growth = { firstSize: last, secondSize: treeSize, firstRoot: roots[last]!, secondRoot: roots[treeSize]!, path }
    expect(await verifyConsistency(growth, nodeCrypto)).toBe(true)
    expect(await anchor(on, treeSize, roots[treeSize]!, path)).not.toBeNull()
    for (const leafIndex of new Set([0, Math.floor(treeSize / 2), Math.max(0, treeSize - 2), treeSize - 1])) {
      const proof = await proveInclusion(leafIndex, treeSize, read, sha256)
      expect(await isIncluded(on, treeSize, leaves[leafIndex]!, leafIndex, proof)).toBe(true)
    }
    last = treeSize
  }
  expect(await readContract(chain.node, on.contract.address, 'latest')).toMatchObject({ treeSize: 300, rootHash: roots[300] })
  expect(await readRootAt(chain.node, on.contract.address, 128, 'latest')).toEqual(roots[128])
  expect(await readRootAt(chain.node, on.contract.address, 129, 'latest')).toBeNull()
})

test('the contract and core give the same verdict on changed proofs', async () => {
  const on = await newContract(chain)
  await anchor(on, 300, roots[300]!, [])
  const change = fc.record({
    index: fc.nat(310),
    claimed: fc.nat(310),
    drop: fc.nat(12),
    double: fc.boolean(),
    flip: fc.option(fc.nat(400)),
  })
  await fc.assert(
    fc.asyncProperty(change, async ({ index, claimed, drop, double, flip }) => {
      const leaf = leaves[index % 300]!
      let path = (await proveInclusion(index % 300, 300, read, sha256)).map(hash => Uint8Array.from(hash))
      if (drop < path.length) path = path.toSpliced(drop, 1)
      if (double) path = [...path, path[0]!]
      if (flip !== null && path.length > 0) path[flip % path.length]![flip % 32]! ^= 1
      const claim = { leafHash: leaf, leafIndex: claimed, treeSize: 300, path, rootHash: roots[300]! }
      expect(await isIncluded(on, 300, leaf, claimed, path)).toBe(await verifyInclusion(claim, nodeCrypto))
    }),
    { numRuns: 120 },
  )
})

test('the contract and core give the same verdict on growths of large trees', async () => {
  const on = await newContract(chain)
  const snapshot = async () => String(await chain.node.request('evm_snapshot'))
  const sizes = fc.tuple(fc.integer({ min: 1, max: 2 ** 24 }), fc.integer({ min: 1, max: 2 ** 24 }), fc.nat(), fc.option(fc.nat(500)))
  await fc.assert(
    fc.asyncProperty(sizes, async ([first, by, seed, flip]) => {
      const before = await snapshot()
      const growth = drawnGrowth(first, first + by, seed)
      expect(await anchor(on, first, growth.firstRoot, [])).not.toBeNull()
      const path = growth.path.map(hash => Uint8Array.from(hash))
      if (flip !== null) path[flip % path.length]![flip % 32]! ^= 1
      const claim = { ...growth, firstSize: first, secondSize: first + by, path }
      const gas = await anchor(on, first + by, growth.secondRoot, path)
      expect(gas !== null).toBe(await verifyConsistency(claim, nodeCrypto))
      expect(gas ?? 0).toBeLessThanOrEqual(95_000)
      await chain.node.request('evm_revert', [before])
    }),
    { numRuns: 40 },
  )
})

/** Gas of one anchor, as `docs/contract.md` shows it. Random bytes that are zero make it a little cheaper. */
const gasSnapshot = [
  { name: 'the first anchor', first: 0, second: 16_000_000, gas: 60_400 },
  { name: 'a small log', first: 1000, second: 1100, gas: 71_200 },
  { name: '16 million leaves, 1 more', first: 16_000_000, second: 16_000_001, gas: 71_700 },
  { name: '16 million leaves, 10,000 more', first: 16_000_000, second: 16_010_000, gas: 74_500 },
  { name: '16 million leaves, 1,000,000 more', first: 16_000_000, second: 17_000_000, gas: 79_300 },
  { name: 'the longest proof at 16 million leaves', first: 2 ** 23 + 1, second: 2 ** 24 + 3, gas: 88_000 },
  { name: 'the most hashes at 16 million leaves', first: 2 ** 24 - 1, second: 2 ** 25 - 1, gas: 93_800 },
]

test.each(gasSnapshot)('gas: $name, signature included, $gas', async ({ first, second, gas }) => {
  const on = await newContract(chain)
  const growth = drawnGrowth(Math.max(1, first), second)
  if (first > 0) await anchor(on, first, growth.firstRoot, [])
  const used = (await anchor(on, second, growth.secondRoot, first > 0 ? growth.path : []))!
  expect(used).toBeLessThanOrEqual(95_000)
  expect(Math.abs(used - gas)).toBeLessThan(400)
})
