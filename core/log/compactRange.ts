import { nodeHash } from './nodeHash.ts'

type Sha256 = (bytes: Uint8Array) => Uint8Array

/** A growing tree without its leaves: the hashes of its perfect subtrees, left to right, one for each bit set in `size`. */
export interface CompactRange {
  size: number
  hashes: Uint8Array[]
}

/** The tree of no leaves. */
export function emptyRange(): CompactRange {
  return { size: 0, hashes: [] }
}

/** Adds a leaf hash; `onNode` sees every perfect subtree that it completes, the leaf (level 0) first. */
export function appendLeaf(
  range: CompactRange,
  leaf: Uint8Array,
  sha256: Sha256,
  onNode?: (level: number, index: number, hash: Uint8Array) => void,
): void {
  let hash = leaf
  let index = range.size
  onNode?.(0, index, hash)
  for (let level = 1; index % 2 === 1; level++) {
    hash = nodeHash(range.hashes.pop()!, hash, sha256)
    index = (index - 1) / 2
    onNode?.(level, index, hash)
  }
  range.hashes.push(hash)
  range.size++
}

/** The root of the tree, 32 bytes; SHA-256 of nothing when it is empty. RFC 9162 2.1.1. */
export function rootOfRange(range: CompactRange, sha256: Sha256): Uint8Array {
  if (range.hashes.length === 0) return sha256(new Uint8Array(0))
  return range.hashes.reduceRight((right, left) => nodeHash(left, right, sha256))
}
