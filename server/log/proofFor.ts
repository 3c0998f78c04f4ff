import type { Pool } from 'pg'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { proveConsistency } from '../../core/log/consistency.ts'
import { proveInclusion } from '../../core/log/inclusion.ts'
import type { Receipt } from '../../core/log/receipt.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { anchorNear } from './anchorsTable.ts'
import { checkpointAt, newestCheckpoint, noteWithCosignatures } from './checkpointsTable.ts'
import { readHead, selectIssuing, selectSdJwtIssue } from './logTable.ts'
import { readNodesOf } from './readTile.ts'
import { type CheckpointSigner, signCheckpoint } from './signCheckpoint.ts'

/**
 * The receipt (formats 7) of the card.issued or diploma.registered entry of a ref (16 bytes), or of the sd-jwt.issued entry of a digest
 * (base64url), at `size`, or at the newest checkpoint, which is signed first when the entry is not below it yet. Null when there is none,
 * or none below the size.
 */
export async function proofFor(
  deps: { readonly pool: Pool } & Partial<CheckpointSigner>,
  entry: Uint8Array | { readonly digest: string },
  size?: number,
): Promise<Receipt | null> {
  const { pool } = deps
  const stored = await ('digest' in entry ? selectSdJwtIssue(pool, entry.digest) : selectIssuing(pool, entry))
  if (!stored) return null
  const { leafIndex } = stored
  let checkpoint = size === undefined ? await newestCheckpoint(pool) : await checkpointAt(pool, size)
  if (size === undefined && leafIndex >= (checkpoint?.treeSize ?? 0) && deps.logKey && deps.signNote)
    checkpoint = await signCheckpoint({ pool, logKey: deps.logKey, signNote: deps.signNote })
  const treeSize = size ?? checkpoint?.treeSize ?? 0
  if (leafIndex >= treeSize || (size !== undefined && !checkpoint && size > (await readHead(pool)).range.size)) return null
  const [path, note, anchor] = await Promise.all([
    proveInclusion(leafIndex, treeSize, readNodesOf(pool, treeSize), nodeCrypto.sha256),
    checkpoint && noteWithCosignatures(pool, checkpoint),
    anchorNear(pool, treeSize, leafIndex),
  ])
  return {
    v: 1,
    entry: encodeBase64url(stored.entry),
    leafIndex,
    treeSize,
    inclusionPath: path.map(encodeBase64url),
    checkpoint: note,
    anchor: anchor && {
      chainId: anchor.chainId,
      contract: anchor.contract,
      treeSize: anchor.treeSize,
      consistencyPath: (await consistencyPath(pool, treeSize, anchor.treeSize)).map(encodeBase64url),
      transaction: anchor.transaction,
      block: anchor.block,
      time: anchor.time,
    },
  }
}

/** The path from the smaller to the larger of two sizes of the log, 32 bytes a node. */
export function consistencyPath(pool: Pool, a: number, b: number): Promise<Uint8Array[]> {
  const larger = Math.max(a, b)
  return proveConsistency(Math.min(a, b), larger, readNodesOf(pool, larger), nodeCrypto.sha256)
}
