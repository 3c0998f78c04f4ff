import { fromUtf8 } from '../encoding/bytes.ts'
import { parseJson } from '../encoding/strictJson.ts'
import { parseCheckpoint } from '../log/checkpoint.ts'
import { consistencyRanges } from '../log/consistency.ts'
import { inclusionRanges } from '../log/inclusion.ts'
import { parseReceipt, type Receipt } from '../log/receipt.ts'
import { parseSignedNote } from '../log/signedNote.ts'
import { parseEntryBundle, readNodesFromTiles, type Tile, tileAt, tilePath, tileWidth } from '../log/tiles.ts'
import { hashRanges } from '../log/treeNode.ts'
import { type Absence, type Evidence, missing, type NewestCheckpoint, type Piece } from './evidence.ts'
import { fetchEvidence } from './fetchEvidence.ts'
import type { Gathering } from './gatherEvidence.ts'

export const maxReceiptLength = 256 * 1024
const maxNoteLength = 64 * 1024

/** What an entry is found by, in base64url: the ref of a sealed credential, or the digest of an SD-JWT's payload. */
export type EntryName = { readonly ref: string } | { readonly digest: string }

/** Public path of a receipt below a verifier's base (formats 5). */
export function proofPath(entry: EntryName, size?: number): string {
  const name = 'ref' in entry ? `ref=${entry.ref}` : `digest=${entry.digest}`
  return `/log/proof?${name}${size === undefined ? '' : `&size=${size}`}`
}

type LogEvidence = Pick<Evidence, 'receipt' | 'absence' | 'newest'>

/**
 * The receipt of the entry of this name, at the newest checkpoint or at `size`; when the log does not know it, its newest checkpoint with the last entry; with `compare` the newest checkpoint beside the receipt's. All unverified but for their form.
 */
export async function gatherLog(entry: EntryName, compare: boolean, gathering: Gathering, size?: number): Promise<LogEvidence> {
  const { ports } = gathering
  const answer = await fetchEvidence(ports, proofPath(entry, size), maxReceiptLength)
  if (answer.kind === 'unreachable') return { receipt: missing('log.missing', answer.detail) }
  if (answer.kind === 'absent') {
    const receipt = missing('log.not-yet')
    return size === undefined ? { receipt, absence: await gatherAbsence(gathering) } : { receipt }
  }
  let receipt: Receipt
  try {
    receipt = parseReceipt(parseJson(fromUtf8(answer.bytes)))
  } catch {
    return { receipt: missing('log.malformed') }
  }
  const found: Piece<Receipt> = { value: receipt, online: answer.online }
  return compare && answer.online ? { receipt: found, newest: await gatherNewest(receipt, gathering) } : { receipt: found }
}

async function gatherAbsence(gathering: Gathering): Promise<Absence | undefined> {
  const checkpoint = await fetchNote(gathering)
  const treeSize = checkpoint === undefined ? undefined : sizeOf(checkpoint)
  if (checkpoint === undefined || !treeSize) return undefined
  try {
    const index = Math.floor((treeSize - 1) / tileWidth)
    const bundle = tileAt('entries', index, treeSize)!
    const entries = parseEntryBundle(await fetchTile(bundle, gathering), bundle.width)
    const { crypto } = gathering
    const read = readNodesFromTiles(
      tile => fetchTile(tile, gathering),
      treeSize,
      bytes => crypto.sha256(bytes),
    )
    const inclusionPath = await hashRanges(inclusionRanges(treeSize - 1, treeSize), read, bytes => crypto.sha256(bytes))
    return { checkpoint, lastEntry: entries.at(-1)!, inclusionPath }
  } catch {
    return undefined
  }
}

async function gatherNewest(receipt: Receipt, gathering: Gathering): Promise<NewestCheckpoint | undefined> {
  const checkpoint = await fetchNote(gathering)
  const newest = checkpoint === undefined ? undefined : sizeOf(checkpoint)
  if (checkpoint === undefined || !newest || receipt.treeSize < 1) return undefined
  try {
    const [small, large] = newest < receipt.treeSize ? [newest, receipt.treeSize] : [receipt.treeSize, newest]
    const { crypto } = gathering
    const read = readNodesFromTiles(
      tile => fetchTile(tile, gathering),
      large,
      bytes => crypto.sha256(bytes),
    )
    const ranges = [{ start: 0, end: small }, ...consistencyRanges(small, large)]
    const [smallerRoot, ...consistencyPath] = await hashRanges(ranges, read, bytes => crypto.sha256(bytes))
    return { checkpoint, consistencyPath, smallerRoot }
  } catch {
    return undefined
  }
}

async function fetchNote({ ports }: Gathering): Promise<string | undefined> {
  const answer = await fetchEvidence(ports, '/log/checkpoint', maxNoteLength)
  try {
    return answer.kind === 'found' ? fromUtf8(answer.bytes) : undefined
  } catch {
    return undefined
  }
}

function sizeOf(note: string): number | undefined {
  try {
    return parseCheckpoint(parseSignedNote(note).text).treeSize
  } catch {
    return undefined
  }
}

/** The bytes of a tile. A log may drop a partial one once the tile is full, which begins with the same (C2SP tlog-tiles). */
async function fetchTile(tile: Tile, gathering: Gathering): Promise<Uint8Array> {
  const maxLength = tile.level === 'entries' ? tileWidth * 65_537 : tileWidth * 32
  const answer = await fetchEvidence(gathering.ports, `/log/${tilePath(tile)}`, maxLength)
  if (answer.kind === 'absent' && tile.width < tileWidth) return fetchTile({ ...tile, width: tileWidth }, gathering)
  if (answer.kind !== 'found') throw new TypeError(`${tilePath(tile)} is not there`)
  return answer.bytes
}
