import { hashRanges } from '../../core/log/treeNode.ts'
import type { Db } from '../db/transaction.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { readNodesOf } from './readTile.ts'

/** The root of the first `treeSize` entries, 32 bytes, computed from tiles as they are stored now; SHA-256 of nothing at 0. */
export async function rootOfLog(db: Db, treeSize: number): Promise<Uint8Array> {
  if (treeSize === 0) return nodeCrypto.sha256(new Uint8Array(0))
  const [root] = await hashRanges([{ start: 0, end: treeSize }], readNodesOf(db, treeSize, { fresh: true }), nodeCrypto.sha256)
  return root!
}
