import type { Pool } from 'pg'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { proveInclusion } from '../../core/log/inclusion.ts'
import type { Receipt } from '../../core/log/receipt.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { anchorNear } from './anchorsTable.ts'
import { noteWithCosignatures } from './checkpointsTable.ts'
import { selectIssuingOf } from './logTable.ts'
import { consistencyPath } from './proofFor.ts'
import { readNodesOf } from './readTile.ts'
import { type CheckpointSigner, signCheckpoint } from './signCheckpoint.ts'

/**
 * The receipts (formats 7) of the issuing entries of many refs (16 bytes each), all at one checkpoint, which is signed first when it is not
 * there yet; in the order of the refs, null for one that is unknown. They share one anchor, if one covers them all.
 */
export async function proofsFor(
  deps: { readonly pool: Pool } & CheckpointSigner,
  refs: readonly Uint8Array[],
): Promise<(Receipt | null)[]> {
  const { pool } = deps
  const entries = await selectIssuingOf(pool, refs)
  const checkpoint = await signCheckpoint(deps)
  if (!checkpoint) return refs.map(() => null)
  const { treeSize } = checkpoint
  const note = await noteWithCosignatures(pool, checkpoint)
  const last = [...entries.values()].reduce((most, { leafIndex }) => Math.max(most, leafIndex), 0)
  const found = await anchorNear(pool, treeSize, last)
  const anchor = found && {
    chainId: found.chainId,
    contract: found.contract,
    treeSize: found.treeSize,
    consistencyPath: (await consistencyPath(pool, treeSize, found.treeSize)).map(encodeBase64url),
    transaction: found.transaction,
    block: found.block,
    time: found.time,
  }
  const readNodes = readNodesOf(pool, treeSize)
  const receipts: (Receipt | null)[] = []
  for (const ref of refs) {
    const stored = entries.get(Buffer.from(ref).toString('hex'))
    if (!stored || stored.leafIndex >= treeSize) {
      receipts.push(null)
      continue
    }
    const path = await proveInclusion(stored.leafIndex, treeSize, readNodes, nodeCrypto.sha256)
    receipts.push({
      v: 1,
      entry: encodeBase64url(stored.entry),
      leafIndex: stored.leafIndex,
      treeSize,
      inclusionPath: path.map(encodeBase64url),
      checkpoint: note,
      anchor,
    })
  }
  return receipts
}
