import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { equalBytes } from '../encoding/bytes.ts'
import { nodeHash } from './nodeHash.ts'
import { hashRanges, type LeafRange, type ReadNodes, splitPoint } from './treeNode.ts'

/** What an inclusion proof says: the leaf at `leafIndex` of the tree of `treeSize` leaves. Hashes are 32 bytes. */
export interface InclusionProof {
  readonly leafHash: Uint8Array
  readonly leafIndex: number
  readonly treeSize: number
  readonly path: readonly Uint8Array[]
}

/** The ranges whose hashes are the inclusion path, from the leaf's sibling upwards. RFC 9162 2.1.3.1. */
export function inclusionRanges(leafIndex: number, treeSize: number): LeafRange[] {
  if (!isIndexBelow(leafIndex, treeSize)) throw new RangeError(`leaf ${leafIndex} is not below size ${treeSize}`)
  const ranges: LeafRange[] = []
  let start = 0
  let end = treeSize
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    if (leafIndex < middle) {
      ranges.push({ start: middle, end })
      end = middle
    } else {
      ranges.push({ start, end: middle })
      start = middle
    }
  }
  return ranges.reverse()
}

/** The inclusion path of a leaf in the tree of `treeSize` leaves; `read` gives hashes of perfect subtrees. RFC 9162 2.1.3.1. */
export function proveInclusion(leafIndex: number, treeSize: number, read: ReadNodes, sha256: CoreCrypto['sha256']): Promise<Uint8Array[]> {
  return hashRanges(inclusionRanges(leafIndex, treeSize), read, sha256)
}

/** The root that the proof leads to, or null when the path has the wrong length or the index is not below the size. RFC 9162 2.1.3.2. */
export async function rootOfInclusion(proof: InclusionProof, crypto: Pick<CoreCrypto, 'sha256'>): Promise<Uint8Array | null> {
  const { leafIndex, treeSize, path } = proof
  if (!isIndexBelow(leafIndex, treeSize) || proof.leafHash.length !== 32) return null
  let fn = leafIndex
  let sn = treeSize - 1
  let root = proof.leafHash
  for (const sibling of path) {
    if (sn === 0 || sibling.length !== 32) return null
    const fromLeft = fn % 2 === 1 || fn === sn
    root = await nodeHash(fromLeft ? sibling : root, fromLeft ? root : sibling, async bytes => crypto.sha256(bytes))
    if (fromLeft)
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2
        sn = Math.floor(sn / 2)
      }
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 ? root : null
}

/** Whether the leaf is in the tree with this root. Never throws on hostile input. RFC 9162 2.1.3.2. */
export async function verifyInclusion(
  proof: InclusionProof & { readonly rootHash: Uint8Array },
  crypto: Pick<CoreCrypto, 'sha256'>,
): Promise<boolean> {
  const root = await rootOfInclusion(proof, crypto)
  return root !== null && equalBytes(root, proof.rootHash)
}

function isIndexBelow(index: number, size: number): boolean {
  return Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size
}
