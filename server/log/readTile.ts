import { AppError } from '../../core/errors.ts'
import { parseEntryBundle, readNodesFromTiles, type Tile, tilePath, tileWidth } from '../../core/log/tiles.ts'
import type { ReadNodes } from '../../core/log/treeNode.ts'
import type { Db } from '../db/transaction.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { readBundle, readHashes } from './logTable.ts'

const kept = new WeakMap<Db, Map<string, Uint8Array>>()
const maxKept = 512

/** The bytes of a tile or bundle as C2SP tlog-tiles has them. Hash tiles, which never change, are kept in memory, 4 MiB at most. Throws `log.tile` when the log does not reach so far. */
export async function readTile(db: Db, tile: Tile): Promise<Uint8Array> {
  const first = tile.index * tileWidth
  if (tile.level === 'entries') {
    const bundle = await readBundle(db, first, tile.width)
    parseEntryBundle(bundle, tile.width)
    return bundle
  }
  const path = tilePath(tile)
  const tiles = kept.get(db) ?? new Map<string, Uint8Array>()
  const known = tiles.get(path)
  if (known) return known
  const hashes = await readHashes(db, tile.level, first, tile.width)
  if (hashes.length !== tile.width * 32) throw new AppError('log.tile', `${path} is not complete`)
  if (tiles.size >= maxKept) tiles.delete(tiles.keys().next().value!)
  tiles.set(path, hashes)
  kept.set(db, tiles)
  return hashes
}

/** A reader of perfect subtrees of the tree of `treeSize` leaves, for making proofs. */
export function readNodesOf(db: Db, treeSize: number): ReadNodes {
  return readNodesFromTiles(tile => readTile(db, tile), treeSize, nodeCrypto.sha256)
}
