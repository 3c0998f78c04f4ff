import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { equalBytes } from '../encoding/bytes.ts'
import { nodeHash } from './nodeHash.ts'
import { hashRanges, type LeafRange, type ReadNodes, splitPoint } from './treeNode.ts'

/** What a consistency proof says: the tree of `secondSize` leaves extends that of `firstSize`. Hashes are 32 bytes. */
export interface ConsistencyProof {
  readonly firstSize: number
  readonly secondSize: number
  readonly firstRoot: Uint8Array
  readonly secondRoot: Uint8Array
  readonly path: readonly Uint8Array[]
}

/** The ranges whose hashes are the consistency path; none when the sizes are equal or the first is 0. RFC 9162 2.1.4.1. */
export function consistencyRanges(firstSize: number, secondSize: number): LeafRange[] {
  if (!isOrdered(firstSize, secondSize)) throw new RangeError(`${firstSize} to ${secondSize} is no growth`)
  if (firstSize === 0 || firstSize === secondSize) return []
  const ranges: LeafRange[] = []
  let start = 0
  let end = secondSize
  // Holds: start < firstSize <= end; `start` is 0 exactly while the old tree is a whole subtree the verifier knows.
  while (firstSize !== end) {
    const middle = start + splitPoint(end - start)
    if (firstSize <= middle) {
      ranges.push({ start: middle, end })
      end = middle
    } else {
      ranges.push({ start, end: middle })
      start = middle
    }
  }
  if (start !== 0) ranges.push({ start, end })
  return ranges.reverse()
}

/** The consistency path between two sizes; `read` gives hashes of perfect subtrees. RFC 9162 2.1.4.1. */
export function proveConsistency(
  firstSize: number,
  secondSize: number,
  read: ReadNodes,
  sha256: CoreCrypto['sha256'],
): Promise<Uint8Array[]> {
  return hashRanges(consistencyRanges(firstSize, secondSize), read, sha256)
}

/** Whether the second tree extends the first; every tree extends the empty one with an empty path. Never throws on hostile input. RFC 9162 2.1.4.2. */
export async function verifyConsistency(proof: ConsistencyProof, crypto: Pick<CoreCrypto, 'sha256'>): Promise<boolean> {
  const { firstSize, secondSize, firstRoot, secondRoot, path } = proof
  if (!isOrdered(firstSize, secondSize) || firstRoot.length !== 32 || secondRoot.length !== 32) return false
  if (firstSize === secondSize) return path.length === 0 && equalBytes(firstRoot, secondRoot)
  if (firstSize === 0) return path.length === 0
  if (path.length === 0) return false
  const roots = await rootsOfConsistency(proof, crypto)
  return roots !== null && equalBytes(roots.first, firstRoot) && equalBytes(roots.second, secondRoot)
}

/**
 * The two roots that a consistency path leads to, 32 bytes each, or null when its form is not that of the sizes (0 < first < second).
 * When `firstSize` is a power of two the path does not carry the first root, which is then taken as given. RFC 9162 2.1.4.2.
 */
export async function rootsOfConsistency(
  { firstSize, firstRoot, secondSize, path }: Pick<ConsistencyProof, 'firstSize' | 'firstRoot' | 'secondSize' | 'path'>,
  crypto: Pick<CoreCrypto, 'sha256'>,
): Promise<{ first: Uint8Array; second: Uint8Array } | null> {
  const sha256 = async (bytes: Uint8Array) => crypto.sha256(bytes)
  const nodes = isPowerOfTwo(firstSize) ? [firstRoot, ...path] : path
  let fn = firstSize - 1
  let sn = secondSize - 1
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  let first = nodes[0]!
  let second = first
  if (first.length !== 32) return null
  for (const node of nodes.slice(1)) {
    if (sn === 0 || node.length !== 32) return null
    if (fn % 2 === 1 || fn === sn) {
      first = await nodeHash(node, first, sha256)
      second = await nodeHash(node, second, sha256)
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2
        sn = Math.floor(sn / 2)
      }
    } else second = await nodeHash(second, node, sha256)
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 ? { first, second } : null
}

function isOrdered(first: number, second: number): boolean {
  return Number.isSafeInteger(first) && Number.isSafeInteger(second) && first >= 0 && first <= second
}

function isPowerOfTwo(n: number): boolean {
  let k = n
  while (k % 2 === 0) k /= 2
  return k === 1
}
