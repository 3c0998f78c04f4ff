import { hash } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import { appendLeaf, emptyRange } from '../../core/log/compactRange.ts'
import { type Entry, parseEntry } from '../../core/log/entry.ts'
import { nodeHash } from '../../core/log/nodeHash.ts'
import { nodesOfRange } from '../../core/log/treeNode.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import type { Findings } from './finding.ts'
import type { LogSource } from './logSource.ts'

/** A root that somebody claims for a size: `claimant` says who, for people. */
export interface ClaimedRoot {
  readonly treeSize: number
  readonly rootHash: Uint8Array
  readonly claimant: string
  readonly code: 'checkpoint.root' | 'contract.root' | 'head.differs'
}

export interface AuditInput {
  readonly source: LogSource
  readonly size: number
  readonly claims: readonly ClaimedRoot[]
  readonly findings: Findings
  /** Sees every entry that is not an issuing one, in order. */
  readonly onEntry?: ((entry: Entry, leafIndex: number) => void) | undefined
  readonly onProgress?: ((done: number) => void) | undefined
}

const chunkLevel = 13
const chunkSize = 2 ** chunkLevel

// An issuing entry in canonical form, which nearly all are; anything else is parsed in full.
const issuing =
  /^\{"agency":"[0-9A-Z]{1,14}(?:\.[0-9A-Z]{1,6}){0,3}","at":(0|[1-9][0-9]{0,14}),"digest":"[\w-]{42}[AEIMQUYcgkosw048]","kid":"[\w-]{10}[AEIMQUYcgkosw048]","ref":"[\w-]{21}[AQgw]","type":"(?:card\.issued|sd-jwt\.issued|diploma\.registered)","v":1\}$/

/**
 * Recomputes the tree of `size` leaves from the entries, compares every stored hash and every claimed root with it, and checks the form
 * and order of all entries. Reads ahead by one chunk of 8,192 entries; memory does not grow with the log. Answers the root, or null when
 * entries are missing and nothing more can be said.
 */
export async function auditTree(input: AuditInput): Promise<Uint8Array | null> {
  const { source, size, claims, findings } = input
  const levels = Array.from({ length: chunkLevel + 1 }, (_, level) => Buffer.alloc(1 + 32 * (chunkSize >> level)))
  const range = emptyRange()
  const claimsLeft = claims.filter(claim => claim.treeSize > 0).toSorted((a, b) => a.treeSize - b.treeSize)
  let root: Uint8Array = nodeCrypto.sha256(new Uint8Array(0))
  let lastAt = 0
  let next = size > 0 ? readChunk(source, 0, size) : null
  for (let start = 0; start < size; start += chunkSize) {
    const count = Math.min(chunkSize, size - start)
    let chunk: Chunk
    try {
      chunk = await next!
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      findings.add('tile.missing', error.detail, start)
      return null
    }
    next = start + count < size ? readChunk(source, start + count, size) : null
    next?.catch(() => {})
    const read = hashEntries(chunk.bundle, count, levels[0]!, (text, i) => {
      const at = checkForm(text, start + i, input)
      if (at < lastAt) findings.add('entry.order', `at ${at} after ${lastAt}`, start + i)
      if (at > lastAt) lastAt = at
    })
    if (read < count) {
      findings.add('tile.missing', `entries end at ${start + read}`, start + read)
      return null
    }
    hashLevels(levels, count)
    compareHashes(chunk.leaves, levels[0]!, count, start, 0, findings)
    compareHashes(chunk.tiles, levels[8]!, count >> 8, start >> 8, 1, findings)
    const rootWithin = (leaves: number) => {
      const parts = [...range.hashes, ...nodesOfRange({ start: 0, end: leaves }).map(({ level, index }) => hashAt(levels[level]!, index))]
      return parts.reduceRight((right, left) => nodeHash(left, right, nodeCrypto.sha256))
    }
    for (; claimsLeft[0] && claimsLeft[0].treeSize <= start + count; claimsLeft.shift()) {
      const { treeSize, rootHash, claimant, code } = claimsLeft[0]
      if (!Buffer.from(rootHash).equals(rootWithin(treeSize - start))) findings.add(code, `${claimant} at size ${treeSize}`)
    }
    root = rootWithin(count)
    if (count === chunkSize) {
      const higher: { level: number; index: number; hash: Uint8Array }[] = []
      appendLeaf(range, Uint8Array.from(hashAt(levels[chunkLevel]!, 0)), nodeCrypto.sha256, (level, index, hash) => {
        if ((level + chunkLevel) % 8 === 0) higher.push({ level: (level + chunkLevel) / 8, index, hash })
      })
      for (const { level, index, hash } of higher) {
        const stored = await source.hashes(level, index, 1, size).catch(() => Buffer.alloc(0))
        if (!stored.equals(hash)) findings.add('tile.differs', `level ${level}, hash ${index}`)
      }
    }
    input.onProgress?.(start + count)
  }
  return root
}

interface Chunk {
  readonly bundle: Buffer
  readonly leaves: Buffer
  readonly tiles: Buffer
}

async function readChunk(source: LogSource, start: number, size: number): Promise<Chunk> {
  const count = Math.min(chunkSize, size - start)
  const [bundle, leaves, tiles] = await Promise.all([
    source.bundle(start, count, size),
    source.hashes(0, start, count, size),
    count >= 256 ? source.hashes(1, start / 256, count >> 8, size) : Buffer.alloc(0),
  ])
  return { bundle, leaves, tiles }
}

/** Hashes the entries of a bundle into the leaf row; answers how many there were. Overwrites a byte of each length. */
function hashEntries(bundle: Buffer, count: number, row: Buffer, onText: (text: string, i: number) => void): number {
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 2 > bundle.length) return i
    const end = at + 2 + bundle.readUInt16BE(at)
    if (end > bundle.length) return i
    onText(bundle.toString('latin1', at + 2, end), i)
    // RFC 9162 2.1.1: the byte before the entry becomes the prefix 0x00, which spares a copy.
    bundle[at + 1] = 0
    row.write(hash('sha256', bundle.subarray(at + 1, end), 'binary'), 1 + i * 32, 'latin1')
    at = end
  }
  return count
}

/** Fills the rows above the leaf row; row `level` then holds the roots of the perfect subtrees of 2^level leaves. */
function hashLevels(levels: readonly Buffer[], count: number): void {
  for (let level = 1; level <= chunkLevel; level++) {
    const below = levels[level - 1]!
    const row = levels[level]!
    const pairs = count >> level
    for (let i = 0; i < pairs; i++) {
      // The byte before the pair becomes the prefix 0x01 for a moment, which spares a copy.
      const kept = below[i * 64]!
      below[i * 64] = 1
      row.write(hash('sha256', below.subarray(i * 64, i * 64 + 65), 'binary'), 1 + i * 32, 'latin1')
      below[i * 64] = kept
    }
  }
}

function hashAt(row: Buffer, index: number): Uint8Array {
  return row.subarray(1 + index * 32, 33 + index * 32)
}

function compareHashes(stored: Buffer, row: Buffer, count: number, first: number, level: number, findings: Findings): void {
  if (stored.equals(row.subarray(1, 1 + count * 32))) return
  for (let i = 0; i < count; i++) {
    if (stored.subarray(i * 32, i * 32 + 32).equals(hashAt(row, i))) continue
    findings.add('tile.differs', `level ${level}, hash ${first + i}`, level === 0 ? first + i : undefined)
  }
}

/** The entry's `at`; a finding and 0 when it is malformed. `text` holds its bytes as Latin-1. */
function checkForm(text: string, leafIndex: number, { findings, onEntry }: AuditInput): number {
  const quick = issuing.exec(text)
  if (quick) return Number(quick[1])
  try {
    const entry = parseEntry(Buffer.from(text, 'latin1'))
    onEntry?.(entry, leafIndex)
    return entry.at
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    findings.add('entry.form', error.detail, leafIndex)
    return 0
  }
}
