import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { nodeHash } from './nodeHash.ts'

/** A perfect subtree: the leaves `index * 2^level` up to, not including, `(index + 1) * 2^level`. */
export interface TreeNode {
  readonly level: number
  readonly index: number
}

/** Leaves `start` up to, not including, `end`; `end` is the end of a perfect subtree or of the tree. */
export interface LeafRange {
  readonly start: number
  readonly end: number
}

/** Reads the hashes of perfect subtrees, 32 bytes each, in the order asked. */
export type ReadNodes = (nodes: readonly TreeNode[]) => Promise<readonly Uint8Array[]>

/** The largest power of two below `n` (n >= 2). RFC 9162 2.1.1. */
export function splitPoint(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** The perfect subtrees that make up a range whose start is aligned, from left to right, largest first. */
export function nodesOfRange({ start, end }: LeafRange): TreeNode[] {
  const nodes: TreeNode[] = []
  let at = start
  while (at < end) {
    let level = 0
    let width = 1
    while (at % (width * 2) === 0 && at + width * 2 <= end) {
      width *= 2
      level++
    }
    nodes.push({ level, index: at / width })
    at += width
  }
  return nodes
}

/** The hash of a subtree from those of its perfect parts, left to right (at least one). */
export async function foldNodes(hashes: readonly Uint8Array[], sha256: CoreCrypto['sha256']): Promise<Uint8Array> {
  let root = hashes[hashes.length - 1]!
  for (let i = hashes.length - 2; i >= 0; i--) root = await nodeHash(hashes[i]!, root, async bytes => sha256(bytes))
  return root
}

/** The hash of each range, with one read for all of them. */
export async function hashRanges(ranges: readonly LeafRange[], read: ReadNodes, sha256: CoreCrypto['sha256']): Promise<Uint8Array[]> {
  const parts = ranges.map(nodesOfRange)
  const hashes = await read(parts.flat())
  let at = 0
  const roots: Uint8Array[] = []
  for (const part of parts) {
    roots.push(await foldNodes(hashes.slice(at, at + part.length), sha256))
    at += part.length
  }
  return roots
}
