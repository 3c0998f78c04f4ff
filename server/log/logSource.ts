import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { type Tile, tileAt, tilePath, tileWidth } from '../../core/log/tiles.ts'
import { newestCheckpoint, noteWithCosignatures } from './checkpointsTable.ts'
import { readBundle, readHashes } from './logTable.ts'

/** Where a monitor reads a log from. Throws `log.tile` for what is not there. */
export interface LogSource {
  readonly name: string
  /** The newest checkpoint's signed note, or null when there is none. */
  checkpoint(): Promise<string | null>
  /** Entries `first` to `first + count - 1` of the tree of `size`, each behind two bytes of length. `first` is a multiple of 256. */
  bundle(first: number, count: number, size: number): Promise<Buffer>
  /** Hashes `first` to `first + count - 1` of a tile level, 32 bytes each. */
  hashes(level: number, first: number, count: number, size: number): Promise<Buffer>
}

const parallel = 16

/** The log of a database, read in long ranges. */
export function databaseSource(pool: Pool): LogSource {
  const complete = (bytes: Uint8Array, what: string) => {
    if (bytes.length === 0) throw new AppError('log.tile', `${what} are missing`)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }
  return {
    name: 'database',
    checkpoint: async () => {
      const row = await newestCheckpoint(pool)
      return row && noteWithCosignatures(pool, row)
    },
    bundle: async (first, count) => complete(await readBundle(pool, first, count), `entries from ${first}`),
    hashes: async (level, first, count) => complete(await readHashes(pool, level, first, count), `hashes of level ${level} from ${first}`),
  }
}

/** The log below an address such as `https://host/log` (C2SP tlog-tiles); with `saveTo` every file read is also kept there. */
export function httpSource(address: string, saveTo?: string): LogSource {
  const read = async (path: string): Promise<Buffer | null> => {
    const response = await fetch(`${address}/${path}`, { signal: AbortSignal.timeout(30_000) }).catch(cause => {
      throw new AppError('log.tile', `No answer from ${address}`, { cause })
    })
    if (response.status === 404) return null
    if (!response.ok) throw new AppError('log.tile', `${response.status} from ${address}/${path}`)
    const bytes = Buffer.from(await response.arrayBuffer())
    if (saveTo !== undefined) await save(join(saveTo, path), bytes)
    return bytes
  }
  return tileSource(address, read)
}

/** The log in a folder laid out as C2SP tlog-tiles has it. */
export function directorySource(dir: string): LogSource {
  return tileSource(dir, path =>
    readFile(join(dir, path)).catch(error => {
      if (error.code === 'ENOENT') return null
      throw error
    }),
  )
}

function tileSource(name: string, read: (path: string) => Promise<Buffer | null>): LogSource {
  const readTile = async (tile: Tile): Promise<Buffer> => {
    const path = tilePath(tile)
    // A log may drop a partial tile once the full one is there.
    const bytes = (await read(path)) ?? (tile.width < tileWidth ? await read(tilePath({ ...tile, width: tileWidth })) : null)
    if (!bytes) throw new AppError('log.tile', `${path} is missing`)
    return bytes
  }
  const tilesOf = async (level: number | 'entries', first: number, count: number, size: number): Promise<Buffer[]> => {
    const tiles: Tile[] = []
    for (let index = Math.floor(first / tileWidth); index * tileWidth < first + count; index++) {
      const tile = tileAt(level, index, size)
      if (!tile) throw new AppError('log.tile', `no tile of level ${level} at ${index}`)
      tiles.push(tile)
    }
    const read: Buffer[] = []
    for (let at = 0; at < tiles.length; at += parallel) read.push(...(await Promise.all(tiles.slice(at, at + parallel).map(readTile))))
    return read
  }
  return {
    name,
    checkpoint: async () => (await read('checkpoint'))?.toString('utf8') ?? null,
    bundle: async (first, count, size) => Buffer.concat(await tilesOf('entries', first, count, size)),
    async hashes(level, first, count, size) {
      const skip = (first % tileWidth) * 32
      return Buffer.concat(await tilesOf(level, first, count, size)).subarray(skip, skip + count * 32)
    },
  }
}

async function save(path: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, bytes)
}
