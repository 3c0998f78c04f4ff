import { readFileSync } from 'node:fs'
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

interface Vectors {
  inputs: string[]
  roots: string[]
  inclusion: { leafIndex: number; treeSize: number; path: string[] }[]
  consistency: { firstSize: number; secondSize: number; path: string[] }[]
}
const vectors: Vectors = JSON.parse(readFileSync(new URL('../../vectors/log/rfc6962.json', import.meta.url), 'utf8'))
const inputs = vectors.inputs.map(fromHex)
const { roots } = vectors

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

test('RFC 6962 2.1.1, 2.1.2: the proofs of the reference tree', async () => {
  const tree = inputs.map(input => leafHash(input, sha256))
  const readTree: ReadNodes = async nodes => nodes.map(({ level, index }) => mth(tree.slice(index * 2 ** level, (index + 1) * 2 ** level)))
  for (const { leafIndex, treeSize, path } of vectors.inclusion) {
    expect((await proveInclusion(leafIndex, treeSize, readTree, sha256)).map(toHex)).toEqual(path)
    const proof = { leafHash: tree[leafIndex]!, leafIndex, treeSize, path: path.map(fromHex), rootHash: fromHex(roots[treeSize]!) }
    expect(await verifyInclusion(proof, nodeCrypto)).toBe(true)
  }
  for (const { firstSize, secondSize, path } of vectors.consistency) {
    expect((await proveConsistency(firstSize, secondSize, readTree, sha256)).map(toHex)).toEqual(path)
    const [firstRoot, secondRoot] = [fromHex(roots[firstSize]!), fromHex(roots[secondSize]!)]
    expect(await verifyConsistency({ firstSize, secondSize, firstRoot, secondRoot, path: path.map(fromHex) }, nodeCrypto)).toBe(true)
  }
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
