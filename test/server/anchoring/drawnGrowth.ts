import { hash } from 'node:crypto'
import { nodeHash } from '../../../core/log/nodeHash.ts'
import { splitPoint } from '../../../core/log/treeNode.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'

/** Two roots and the path between them, over drawn nodes instead of leaves: RFC 9162 2.1.4.1 for trees of any size at once. */
export function drawnGrowth(
  firstSize: number,
  secondSize: number,
  seed = 0,
): { firstRoot: Uint8Array; secondRoot: Uint8Array; path: Uint8Array[] } {
  const path: Uint8Array[] = []
  const draw = (name: string) => hash('sha256', `${seed} ${name} ${path.length}`, 'buffer')
  const subproof = (m: number, n: number, whole: boolean): [Uint8Array, Uint8Array] => {
    if (m === n) {
      const root = draw('old')
      if (!whole) path.push(root)
      return [root, root]
    }
    const k = splitPoint(n)
    if (m <= k) {
      const [first, second] = subproof(m, k, whole)
      const right = draw('right')
      path.push(right)
      return [first, nodeHash(second, right, nodeCrypto.sha256)]
    }
    const [first, second] = subproof(m - k, n - k, false)
    const left = draw('left')
    path.push(left)
    return [nodeHash(left, first, nodeCrypto.sha256), nodeHash(left, second, nodeCrypto.sha256)]
  }
  const [firstRoot, secondRoot] = subproof(firstSize, secondSize, true)
  return { firstRoot, secondRoot, path }
}
