import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { equalBytes } from '../encoding/bytes.ts'
import { rootsOfConsistency } from '../log/consistency.ts'

/** A tree as somebody vouches for it; `rootHash` is 32 bytes. */
export interface TreeHead {
  readonly treeSize: number
  readonly rootHash: Uint8Array
}

/**
 * Whether one tree extends the other, by the consistency path from the smaller to the larger (RFC 9162 2.1.4.2): `different` when
 * the path belongs to the larger tree and shows another smaller one, or two trees of one size have two roots; `unproven` when the
 * path proves nothing. A path from a power of two does not carry the smaller root, so that it shows another one only when
 * `smallerRoot`, what somebody says the larger tree has there, leads to the larger root.
 */
export async function compareTrees(
  one: TreeHead,
  other: TreeHead,
  path: readonly Uint8Array[],
  crypto: CoreCrypto,
  smallerRoot?: Uint8Array,
): Promise<'consistent' | 'different' | 'unproven'> {
  if (one.treeSize === other.treeSize) return equalBytes(one.rootHash, other.rootHash) ? 'consistent' : 'different'
  const [small, large] = one.treeSize < other.treeSize ? [one, other] : [other, one]
  if (small.treeSize < 1 || path.length === 0 || path.length > 64 || path.some(node => node.length !== 32)) return 'unproven'
  const firstRoot = smallerRoot ?? small.rootHash
  const roots = await rootsOfConsistency({ firstSize: small.treeSize, firstRoot, secondSize: large.treeSize, path }, crypto)
  // Only a path that leads to the larger root is made of that tree's nodes, and then fixes the smaller root too.
  if (!roots || !equalBytes(roots.second, large.rootHash)) return 'unproven'
  return equalBytes(roots.first, small.rootHash) ? 'consistent' : 'different'
}
