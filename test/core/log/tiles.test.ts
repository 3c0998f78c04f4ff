import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { concatBytes, equalBytes, utf8 } from '../../../core/encoding/bytes.ts'
import { appendLeaf, emptyRange, rootOfRange } from '../../../core/log/compactRange.ts'
import { proveConsistency, verifyConsistency } from '../../../core/log/consistency.ts'
import { proveInclusion, verifyInclusion } from '../../../core/log/inclusion.ts'
import { leafHash } from '../../../core/log/leafHash.ts'
import {
  encodeEntryBundle,
  hashesAtLevel,
  parseEntryBundle,
  parseTilePath,
  readNodesFromTiles,
  type Tile,
  tilePath,
  tilesOfGrowth,
} from '../../../core/log/tiles.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'

const { sha256 } = nodeCrypto

test('C2SP tlog-tiles: paths of the specification', () => {
  expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067')
  expect(tilePath({ level: 1, index: 0, width: 17 })).toBe('tile/1/000.p/17')
  expect(tilePath({ level: 'entries', index: 1000, width: 256 })).toBe('tile/entries/x001/000')
  for (const bad of [
    'tile/0/0',
    'tile/00/000',
    'tile/0/001/000',
    'tile/0/x000/001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/9/000',
    'tile/0/000/',
  ])
    expect(parseTilePath(bad)).toBeNull()
})

test('tile paths read back', () => {
  const levels = fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 5 }))
  fc.assert(
    fc.property(levels, fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
      expect(parseTilePath(tilePath({ level, index, width }))).toEqual({ level, index, width })
    }),
  )
})

test('C2SP tlog-tiles: the tiles of a tree of 70,000 and of 256', () => {
  const of = (level: number | 'entries', size: number) => tilesOfGrowth(0, size).filter(tile => tile.level === level)
  expect(of(0, 70_000)).toHaveLength(274)
  expect(of(0, 70_000).at(-1)).toEqual({ level: 0, index: 273, width: 112 })
  expect(of(1, 70_000)).toEqual([
    { level: 1, index: 0, width: 256 },
    { level: 1, index: 1, width: 17 },
  ])
  expect(of(2, 70_000)).toEqual([{ level: 2, index: 0, width: 1 }])
  expect(tilesOfGrowth(0, 256).filter(tile => tile.level !== 'entries')).toEqual([
    { level: 0, index: 0, width: 256 },
    { level: 1, index: 0, width: 1 },
  ])
})

test('growth step by step writes the tiles of growth at once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: 70_000 }), (a, b) => {
      const [first, second] = [Math.min(a, b), Math.max(a, b)]
      const written = new Map([...tilesOfGrowth(0, first), ...tilesOfGrowth(first, second)].map(t => [`${t.level}/${t.index}`, t.width]))
      for (const tile of tilesOfGrowth(0, second)) expect(written.get(`${tile.level}/${tile.index}`)).toBe(tile.width)
    }),
    { numRuns: 30 },
  )
})

test('proofs come from tiles alone, at every size and across levels', async () => {
  const size = 66_100
  const rows: Uint8Array[][] = [[], [], []]
  const leaves: Uint8Array[] = []
  const roots = new Map<number, Uint8Array>()
  const range = emptyRange()
  for (let i = 0; i < size; i++) {
    leaves.push(leafHash(utf8(String(i)), sha256))
    appendLeaf(range, leaves[i]!, sha256, (level, _index, hash) => level % 8 === 0 && rows[level / 8]!.push(hash))
    if (i + 1 > size - 600 || i < 600) roots.set(i + 1, rootOfRange(range, sha256))
  }
  let reads = 0
  const readTile = async ({ level, index, width }: Tile) => {
    reads++
    return concatBytes(...rows[Number(level)]!.slice(index * 256, index * 256 + width))
  }
  for (const treeSize of [1, 255, 256, 257, 512, 65_536, 65_537, size]) {
    const rootHash = roots.get(treeSize)
    if (!rootHash) continue
    for (const leafIndex of [0, Math.floor(treeSize / 2), treeSize - 1]) {
      const path = await proveInclusion(leafIndex, treeSize, readNodesFromTiles(readTile, treeSize, sha256), sha256)
      expect(await verifyInclusion({ leafHash: leaves[leafIndex]!, leafIndex, treeSize, path, rootHash }, nodeCrypto)).toBe(true)
    }
  }
  for (const [firstSize, secondSize] of [
    [1, 599],
    [257, 65_537],
    [300, size],
    [65_537, size],
  ] as const) {
    const path = await proveConsistency(firstSize, secondSize, readNodesFromTiles(readTile, secondSize, sha256), sha256)
    const [firstRoot, secondRoot] = [roots.get(firstSize)!, roots.get(secondSize)!]
    expect(await verifyConsistency({ firstSize, secondSize, firstRoot, secondRoot, path }, nodeCrypto)).toBe(true)
  }
  expect(reads).toBeLessThan(120)
  expect(hashesAtLevel(1, size)).toBe(258)
})

test('a short tile is named, not read past', async () => {
  const read = readNodesFromTiles(async () => new Uint8Array(32), 3, sha256)
  await expect(read([{ level: 0, index: 1 }])).rejects.toThrow('log.tile')
})

test('entry bundles read back and never past their end', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 }), fc.nat(), (entries, cut) => {
      const bundle = encodeEntryBundle(entries)
      const read = parseEntryBundle(bundle, entries.length)
      expect(read.every((entry, i) => equalBytes(entry, entries[i]!))).toBe(true)
      expect(() => parseEntryBundle(bundle.subarray(0, cut % bundle.length), entries.length)).toThrow('log.tile')
    }),
  )
  expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow('log.tile')
})
