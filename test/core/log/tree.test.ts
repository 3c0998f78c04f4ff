import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { fromHex, toHex, utf8 } from '../../../core/encoding/bytes.ts'
import { appendLeaf, emptyRange, rootOfRange } from '../../../core/log/compactRange.ts'
import { consistencyRanges, proveConsistency, verifyConsistency } from '../../../core/log/consistency.ts'
import { proveInclusion, rootOfInclusion, verifyInclusion } from '../../../core/log/inclusion.ts'
import { leafHash } from '../../../core/log/leafHash.ts'
import { nodeHash } from '../../../core/log/nodeHash.ts'
import { type ReadNodes, splitPoint } from '../../../core/log/treeNode.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'

const { sha256 } = nodeCrypto

/** The inputs and roots of the reference tree that RFC 6962 implementations share. */
const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(fromHex)
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

/** MTH of RFC 9162 2.1.1, as written there. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0))
  if (leaves.length === 1) return leaves[0]!
  const k = splitPoint(leaves.length)
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)), sha256)
}

/** PATH of RFC 9162 2.1.3.1, as written there. */
function path(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return []
  const k = splitPoint(leaves.length)
  return m < k ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))] : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))]
}

/** SUBPROOF of RFC 9162 2.1.4.1, as written there. */
function subproof(m: number, leaves: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (m === leaves.length) return whole ? [] : [mth(leaves)]
  const k = splitPoint(leaves.length)
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))]
}

const leaves = Array.from({ length: 70 }, (_, i) => leafHash(utf8(`entry ${i}`), sha256))
const read: ReadNodes = async nodes => nodes.map(({ level, index }) => mth(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)))
const sizes = fc.integer({ min: 1, max: leaves.length })

test('RFC 6962 2.1: the roots of the reference tree', () => {
  const range = emptyRange()
  expect(toHex(rootOfRange(range, sha256))).toBe(roots[0])
  for (const [i, input] of inputs.entries()) {
    appendLeaf(range, leafHash(input, sha256), sha256)
    expect(toHex(rootOfRange(range, sha256))).toBe(roots[i + 1])
  }
})

test('RFC 6962 2.1.3: a proof of the reference tree', async () => {
  const tree = inputs.map(input => leafHash(input, sha256))
  const readTree: ReadNodes = async nodes => nodes.map(({ level, index }) => mth(tree.slice(index * 2 ** level, (index + 1) * 2 ** level)))
  const proof = await proveInclusion(5, 8, readTree, sha256)
  expect(proof.map(toHex)).toEqual([
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ])
  const growth = await proveConsistency(6, 8, readTree, sha256)
  expect(growth.map(toHex)).toEqual([
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ])
})

test('a compact range has the root of RFC 9162 2.1.1 at every size', () => {
  const range = emptyRange()
  for (let size = 1; size <= leaves.length; size++) {
    appendLeaf(range, leaves[size - 1]!, sha256)
    expect(rootOfRange(range, sha256)).toEqual(mth(leaves.slice(0, size)))
  }
})

test('RFC 9162 2.1.3.1: every inclusion path is PATH and verifies', async () => {
  for (let size = 1; size <= leaves.length; size++)
    for (let leafIndex = 0; leafIndex < size; leafIndex++) {
      const proof = await proveInclusion(leafIndex, size, read, sha256)
      expect(proof).toEqual(path(leafIndex, leaves.slice(0, size)))
      const rootHash = mth(leaves.slice(0, size))
      expect(await verifyInclusion({ leafHash: leaves[leafIndex]!, leafIndex, treeSize: size, path: proof, rootHash }, nodeCrypto)).toBe(
        true,
      )
    }
})

test('RFC 9162 2.1.4.1: every consistency path is PROOF and verifies', async () => {
  for (let secondSize = 1; secondSize <= leaves.length; secondSize++)
    for (let firstSize = 1; firstSize <= secondSize; firstSize++) {
      const proof = await proveConsistency(firstSize, secondSize, read, sha256)
      expect(proof).toEqual(subproof(firstSize, leaves.slice(0, secondSize), true))
      const [firstRoot, secondRoot] = [mth(leaves.slice(0, firstSize)), mth(leaves.slice(0, secondSize))]
      expect(await verifyConsistency({ firstSize, secondSize, firstRoot, secondRoot, path: proof }, nodeCrypto)).toBe(true)
    }
})

test('no changed inclusion proof leads to the root', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), fc.nat(), fc.nat(7), async (treeSize, at, where, bit) => {
      const leafIndex = at % treeSize
      const proof = { leafHash: leaves[leafIndex]!, leafIndex, treeSize, path: await proveInclusion(leafIndex, treeSize, read, sha256) }
      const rootHash = mth(leaves.slice(0, treeSize))
      const accepts = async (change: Partial<typeof proof>) => verifyInclusion({ ...proof, rootHash, ...change }, nodeCrypto)
      expect(await accepts({ path: [...proof.path, rootHash] })).toBe(false)
      expect(await accepts({ path: [rootHash, ...proof.path] })).toBe(false)
      expect(await accepts({ leafIndex: treeSize })).toBe(false)
      expect(await accepts({ leafHash: flip(proof.leafHash, where % 32, bit) })).toBe(false)
      if (proof.path.length > 0) {
        expect(await accepts({ path: proof.path.slice(1) })).toBe(false)
        expect(await accepts({ path: proof.path.slice(0, -1) })).toBe(false)
        const n = where % proof.path.length
        expect(await accepts({ path: proof.path.map((hash, i) => (i === n ? flip(hash, where % 32, bit) : hash)) })).toBe(false)
        expect(await accepts({ leafIndex: (leafIndex + 1) % treeSize })).toBe(false)
      }
    }),
  )
})

test('no changed consistency proof is accepted', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, sizes, fc.nat(), fc.nat(7), async (a, b, where, bit) => {
      const [firstSize, secondSize] = [Math.min(a, b), Math.max(a, b)]
      const proof = {
        firstSize,
        secondSize,
        firstRoot: mth(leaves.slice(0, firstSize)),
        secondRoot: mth(leaves.slice(0, secondSize)),
        path: await proveConsistency(firstSize, secondSize, read, sha256),
      }
      const accepts = async (change: Partial<typeof proof>) => verifyConsistency({ ...proof, ...change }, nodeCrypto)
      expect(await accepts({ path: [...proof.path, proof.firstRoot] })).toBe(false)
      expect(await accepts({ firstRoot: flip(proof.firstRoot, where % 32, bit) })).toBe(false)
      expect(await accepts({ secondRoot: flip(proof.secondRoot, where % 32, bit) })).toBe(false)
      expect(await accepts({ firstSize: secondSize + 1 })).toBe(false)
      if (firstSize < secondSize) {
        expect(await accepts({ path: [] })).toBe(false)
        expect(await accepts({ path: proof.path.slice(0, -1) })).toBe(false)
        const n = where % proof.path.length
        expect(await accepts({ path: proof.path.map((hash, i) => (i === n ? flip(hash, where % 32, bit) : hash)) })).toBe(false)
      }
    }),
  )
})

test('hostile numbers and hashes are refused, not thrown on', async () => {
  for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
    expect(await rootOfInclusion({ leafHash: leaves[0]!, leafIndex: bad, treeSize: 8, path: [] }, nodeCrypto)).toBeNull()
    expect(await rootOfInclusion({ leafHash: leaves[0]!, leafIndex: 0, treeSize: bad, path: [] }, nodeCrypto)).toBeNull()
    const proof = { firstRoot: leaves[0]!, secondRoot: leaves[0]!, path: [] }
    expect(await verifyConsistency({ ...proof, firstSize: bad, secondSize: 8 }, nodeCrypto)).toBe(false)
    expect(await verifyConsistency({ ...proof, firstSize: 1, secondSize: bad }, nodeCrypto)).toBe(false)
  }
  expect(await rootOfInclusion({ leafHash: leaves[0]!, leafIndex: 0, treeSize: 2, path: [new Uint8Array(31)] }, nodeCrypto)).toBeNull()
})

test('sizes beyond 2^32 keep their shape', () => {
  expect(consistencyRanges(2 ** 40, 2 ** 40 + 1)).toEqual([{ start: 2 ** 40, end: 2 ** 40 + 1 }])
  expect(consistencyRanges(2 ** 40 + 1, 2 ** 41)).toHaveLength(42)
})

function flip(hash: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = Uint8Array.from(hash)
  changed[at] = changed[at]! ^ (1 << bit)
  return changed
}
