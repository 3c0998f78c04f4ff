import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { equalBytes } from '../encoding/bytes.ts'
import { nodeHash } from '../log/nodeHash.ts'

/** A tree as somebody vouches for it; `rootHash` is 32 bytes. */
export interface TreeHead {
  readonly treeSize: number
  readonly rootHash: Uint8Array
}

/**
 * Whether one tree extends the other, by the consistency path from the smaller to the larger (RFC 9162 2.1.4.2): `different` when
 * the path belongs to the larger tree and shows another smaller one, or two trees of one size have two roots; `unproven` when the
 * path proves nothing.
 */
export async function compareTrees(
  one: TreeHead,
  other: TreeHead,
  path: readonly Uint8Array[],
  crypto: CoreCrypto,
): Promise<'consistent' | 'different' | 'unproven'> {
  if (one.treeSize === other.treeSize) return equalBytes(one.rootHash, other.rootHash) ? 'consistent' : 'different'
  const [small, large] = one.treeSize < other.treeSize ? [one, other] : [other, one]
  const roots = await rootsOfPath(small, large.treeSize, path, crypto)
  // Only a path that leads to the larger root is made of that tree's nodes, and then fixes the smaller root too.
  if (!roots || !equalBytes(roots.second, large.rootHash)) return 'unproven'
  return equalBytes(roots.first, small.rootHash) ? 'consistent' : 'different'
}

async function rootsOfPath(small: TreeHead, largeSize: number, path: readonly Uint8Array[], crypto: CoreCrypto) {
  if (small.treeSize < 1 || path.length === 0 || path.length > 64 || path.some(node => node.length !== 32)) return null
  const sha256 = async (bytes: Uint8Array) => crypto.sha256(bytes)
  const nodes = isPowerOfTwo(small.treeSize) ? [small.rootHash, ...path] : path
  let fn = small.treeSize - 1
  let sn = largeSize - 1
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  let first = nodes[0]!
  let second = first
  for (const node of nodes.slice(1)) {
    if (sn === 0) return null
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

function isPowerOfTwo(n: number): boolean {
  let k = n
  while (k % 2 === 0) k /= 2
  return k === 1
}
