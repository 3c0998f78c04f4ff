import type { Pool } from 'pg'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import { hashRanges } from '../../core/log/treeNode.ts'
import type { Compromise } from '../../core/trust/trustSchema.ts'
import { readHead, selectNewest } from '../log/logTable.ts'
import { readNodesOf } from '../log/readTile.ts'
import { nodeCrypto } from './nodeCrypto.ts'

/**
 * The compromise to name when the issuing system was last known honest at `lastHonest` (seconds), or at a size of the log: `logSize` is
 * then the number of entries with a time up to that one. `at` is when it is said. Throws `key.window` for a size beyond the log.
 */
export async function honestLogState(
  pool: Pool,
  input: { origin: string; at: number; lastHonest: number | { logSize: number } },
): Promise<Compromise> {
  const { range } = await readHead(pool)
  const logSize = typeof input.lastHonest === 'number' ? await sizeAt(pool, range.size, input.lastHonest) : input.lastHonest.logSize
  if (!Number.isSafeInteger(logSize) || logSize < 0 || logSize > range.size) {
    throw new AppError('key.window', `The log has ${range.size} entries; a compromise names a size up to that`)
  }
  // RFC 9162 2.1.1: the hash of no leaves. Nothing that the key signed can be proven under it.
  if (logSize === 0) return { at: input.at, origin: input.origin, logSize, rootHash: encodeBase64url(nodeCrypto.sha256(new Uint8Array(0))) }
  const [rootHash] = await hashRanges([{ start: 0, end: logSize }], readNodesOf(pool, logSize), nodeCrypto.sha256)
  return { at: input.at, origin: input.origin, logSize, rootHash: encodeBase64url(rootHash!) }
}

/** How many of the first `size` entries have a time up to `time`: entry times never decrease, so half of the rest is left at each look. */
async function sizeAt(pool: Pool, size: number, time: number): Promise<number> {
  let low = 0
  let high = size
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [stored] = await selectNewest(pool, middle + 1, 1)
    const { at } = JSON.parse(stored!.entry.toString('utf8')) as { at: number }
    if (at <= time) low = middle + 1
    else high = middle
  }
  return low
}
