import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { AppError } from '../errors.ts'
import { foldNodes, type ReadNodes, type TreeNode } from './treeNode.ts'

/** Hashes in a full tile, and entries in a full bundle. C2SP tlog-tiles. */
export const tileWidth = 256

/** The highest tile level: trees up to 2^48 leaves. */
const maxLevel = 5

/** A tile of the tree (`level` 0 and up) or a bundle of entries; `width` 1..256, below 256 when partial. */
export interface Tile {
  readonly level: number | 'entries'
  readonly index: number
  readonly width: number
}

/** Path below the log's address: `tile/0/x001/067`, `tile/entries/000.p/12`. C2SP tlog-tiles. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g)!
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${name}${width === tileWidth ? '' : `.p/${width}`}`
}

/** Reads what `tilePath` writes and nothing else; null for any other text. */
export function parseTilePath(path: string): Tile | null {
  const parts = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,4}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path)
  if (!parts) return null
  const level = parts[1] === 'entries' ? 'entries' : Number(parts[1])
  const index = Number(parts[2]!.replaceAll(/[x/]/g, ''))
  const width = parts[3] === undefined ? tileWidth : Number(parts[3])
  const tile = { level, index, width } as const
  return tilePath(tile) === path && width <= tileWidth && (level === 'entries' || level <= maxLevel) ? tile : null
}

/** The number of hashes at a tile level in a tree of `treeSize` leaves. */
export function hashesAtLevel(level: number | 'entries', treeSize: number): number {
  return level === 'entries' ? treeSize : Math.floor(treeSize / tileWidth ** level)
}

/** The tile at `index` as wide as it is at `treeSize`, or null when it does not exist there. */
export function tileAt(level: number | 'entries', index: number, treeSize: number): Tile | null {
  const width = Math.min(tileWidth, hashesAtLevel(level, treeSize) - index * tileWidth)
  return width > 0 ? { level, index, width } : null
}

/** The tiles and bundles that are new or wider at `newSize` than at `oldSize`, partial right edges included. */
export function tilesOfGrowth(oldSize: number, newSize: number): Tile[] {
  const tiles: Tile[] = []
  for (const level of ['entries', 0, 1, 2, 3, 4, 5] as const) {
    const before = hashesAtLevel(level, oldSize)
    const after = hashesAtLevel(level, newSize)
    if (after === 0) break
    if (after === before) continue
    for (let index = Math.floor(before / tileWidth); index * tileWidth < after; index++) tiles.push(tileAt(level, index, newSize)!)
  }
  return tiles
}

/** A reader of perfect subtrees from tiles of the tree of `treeSize` leaves. Each tile is read once; log.tile when one is too short. */
export function readNodesFromTiles(
  readTile: (tile: Tile) => Promise<Uint8Array>,
  treeSize: number,
  sha256: CoreCrypto['sha256'],
): ReadNodes {
  const tiles = new Map<string, Promise<Uint8Array>>()
  const hashOf = async ({ level, index }: TreeNode): Promise<Uint8Array> => {
    const tileLevel = Math.floor(level / 8)
    const span = 2 ** (level % 8)
    const start = index * span
    const tile = tileAt(tileLevel, Math.floor(start / tileWidth), treeSize)
    if (!tile) throw new AppError('log.tile', `no tile holds node ${index} of level ${level} at size ${treeSize}`)
    const path = tilePath(tile)
    let bytes = tiles.get(path)
    if (!bytes) tiles.set(path, (bytes = readTile(tile)))
    const hashes = await bytes
    if (hashes.length < tile.width * 32) throw new AppError('log.tile', `${path} holds ${hashes.length} bytes`)
    let row = Array.from({ length: span }, (_, i) => hashes.subarray(((start % tileWidth) + i) * 32, ((start % tileWidth) + i + 1) * 32))
    while (row.length > 1) {
      const above: Uint8Array[] = []
      for (let i = 0; i < row.length; i += 2) above.push(await foldNodes([row[i]!, row[i + 1]!], sha256))
      row = above
    }
    return row[0]!
  }
  return nodes => Promise.all(nodes.map(hashOf))
}

/** Entries as a bundle: each preceded by its length in two bytes, big-endian; log.tile when one is over 65,535 bytes. C2SP tlog-tiles. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bundle = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > 0xffff) throw new AppError('log.tile', 'an entry is over 65,535 bytes')
    bundle[at] = entry.length >> 8
    bundle[at + 1] = entry.length & 0xff
    bundle.set(entry, at + 2)
    at += 2 + entry.length
  }
  return bundle
}

/** The first `width` entries of a bundle, as views of it; log.tile when it is cut short. */
export function parseEntryBundle(bundle: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  let at = 0
  while (entries.length < width) {
    const end = at + 2 + ((bundle[at] ?? 0) << 8) + (bundle[at + 1] ?? 0)
    if (at + 2 > bundle.length || end > bundle.length) throw new AppError('log.tile', `the bundle ends inside entry ${entries.length}`)
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  return entries
}
