import { AppError } from '../../core/errors.ts'
import { nodeHash } from '../../core/log/nodeHash.ts'
import { parseEntryBundle, type Tile, tileAt, tilePath, tileWidth } from '../../core/log/tiles.ts'
import type { ReadNodes, TreeNode } from '../../core/log/treeNode.ts'
import type { Db } from '../db/transaction.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { readBundle, readHashes } from './logTable.ts'

/** The hashes of a tile, then those of each row of nodes above them inside the tile, 32 bytes a hash. */
type Rows = readonly Uint8Array[]

// A tile's path names its width, so what is kept under it never changes. 512 tiles with their nodes are 8 MiB.
const kept = new WeakMap<Db, Map<string, Promise<Rows>>>()
const maxKept = 512

/** The bytes of a tile or bundle as C2SP tlog-tiles has them. Throws `log.tile` when the log does not reach so far. */
export async function readTile(db: Db, tile: Tile): Promise<Uint8Array> {
  if (tile.level !== 'entries') return (await rowsOf(db, tile, tile.level))[0]!
  const bundle = await readBundle(db, tile.index * tileWidth, tile.width)
  parseEntryBundle(bundle, tile.width)
  return bundle
}

/** Forgets the tiles that were kept: the database was put back, and may lead to others under the same paths. */
export function forgetTiles(db: Db): void {
  kept.delete(db)
}

/** A reader of perfect subtrees of the tree of `treeSize` leaves, for making proofs; `fresh` ones are what the database holds now. */
export function readNodesOf(db: Db, treeSize: number, { fresh = false } = {}): ReadNodes {
  const hashOf = async ({ level, index }: TreeNode): Promise<Uint8Array> => {
    const tileLevel = Math.floor(level / 8)
    const row = level % 8
    const tilesWide = tileWidth >> row
    const tile = tileAt(tileLevel, Math.floor(index / tilesWide), treeSize)
    if (!tile) throw new AppError('log.tile', `no tile holds node ${index} of level ${level} at size ${treeSize}`)
    const at = (index % tilesWide) * 32
    const rows = await (fresh ? loadRows(db, tile, tileLevel) : rowsOf(db, tile, tileLevel))
    return rows[row]!.subarray(at, at + 32)
  }
  return nodes => Promise.all(nodes.map(hashOf))
}

function rowsOf(db: Db, tile: Tile, level: number): Promise<Rows> {
  const tiles = kept.get(db) ?? new Map<string, Promise<Rows>>()
  const path = tilePath(tile)
  const known = tiles.get(path)
  if (known) return known
  if (tiles.size >= maxKept) tiles.delete(tiles.keys().next().value!)
  const rows = loadRows(db, tile, level)
  tiles.set(path, rows)
  kept.set(db, tiles)
  rows.catch(() => tiles.delete(path))
  return rows
}

async function loadRows(db: Db, tile: Tile, level: number): Promise<Rows> {
  const hashes = await readHashes(db, level, tile.index * tileWidth, tile.width)
  if (hashes.length !== tile.width * 32) throw new AppError('log.tile', `${tilePath(tile)} is not complete`)
  const rows = [hashes]
  for (let width = tile.width >> 1; width > 0; width >>= 1) {
    const below = rows.at(-1)!
    const row = new Uint8Array(width * 32)
    for (let i = 0; i < width; i++)
      row.set(nodeHash(below.subarray(i * 64, i * 64 + 32), below.subarray(i * 64 + 32, i * 64 + 64), nodeCrypto.sha256), i * 32)
    rows.push(row)
  }
  return rows
}
