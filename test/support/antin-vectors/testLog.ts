import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { utf8 } from '../../../core/encoding/bytes.ts'
import { canonicalJson } from '../../../core/encoding/canonicalJson.ts'
import { formatCheckpoint } from '../../../core/log/checkpoint.ts'
import { consistencyRanges } from '../../../core/log/consistency.ts'
import { inclusionRanges } from '../../../core/log/inclusion.ts'
import { leafHash } from '../../../core/log/leafHash.ts'
import { nodeHash } from '../../../core/log/nodeHash.ts'
import type { Receipt } from '../../../core/log/receipt.ts'
import { formatSignedNote } from '../../../core/log/signedNote.ts'
import { encodeEntryBundle, tileAt, tilePath, tilesOfGrowth, tileWidth } from '../../../core/log/tiles.ts'
import { type LeafRange, splitPoint } from '../../../core/log/treeNode.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import type { TestNoteKey } from './testKey.ts'

/** A small transparency log in memory. */
export class TestLog {
  readonly origin: string
  readonly entries: Uint8Array[] = []
  readonly #leaves: Uint8Array[] = []
  readonly #key: TestNoteKey
  readonly #witnesses: readonly TestNoteKey[]

  constructor(origin: string, key: TestNoteKey, witnesses: readonly TestNoteKey[]) {
    this.origin = origin
    this.#key = key
    this.#witnesses = witnesses
  }

  /** Appends an entry as it is and gives its index. */
  append(entry: Record<string, unknown>): number {
    const bytes = utf8(canonicalJson(entry))
    this.#leaves.push(leafHash(bytes, nodeCrypto.sha256))
    return this.entries.push(bytes) - 1
  }

  get size(): number {
    return this.entries.length
  }

  root(size = this.size): Uint8Array {
    return this.#hash({ start: 0, end: size })
  }

  inclusionPath(index: number, size = this.size): string[] {
    return inclusionRanges(index, size).map(range => encodeBase64url(this.#hash(range)))
  }

  consistencyPath(first: number, second: number): string[] {
    return consistencyRanges(first, second).map(range => encodeBase64url(this.#hash(range)))
  }

  /** The checkpoint at a size, cosigned by the first so many witnesses. */
  checkpoint(size = this.size, { time = 0, cosigners = this.#witnesses.length, root = this.root(size) } = {}): string {
    const text = formatCheckpoint({ origin: this.origin, treeSize: size, rootHash: root })
    const signatures = [this.#key, ...this.#witnesses.slice(0, cosigners)].map(key => key.signNote(text, time))
    return formatSignedNote({ text, signatures })
  }

  receipt(
    index: number,
    { size = this.size, checkpoint = this.checkpoint(size) as string | null, anchor = null as Receipt['anchor'] } = {},
  ): Receipt {
    const entry = encodeBase64url(this.entries[index]!)
    return { v: 1, entry, leafIndex: index, treeSize: size, inclusionPath: this.inclusionPath(index, size), checkpoint, anchor }
  }

  /** The log as files below the base: checkpoint, tiles and bundles at the whole size. */
  files(): Record<string, string | Uint8Array> {
    const files: Record<string, string | Uint8Array> = { '/log/checkpoint': this.checkpoint() }
    for (const { level, index } of tilesOfGrowth(0, this.size)) {
      const tile = tileAt(level, index, this.size)!
      if (level === 'entries')
        files[`/log/${tilePath(tile)}`] = encodeEntryBundle(this.entries.slice(index * tileWidth, index * tileWidth + tile.width))
      else {
        const span = tileWidth ** level
        const hashes = Array.from({ length: tile.width }, (_, i) => {
          const start = (index * tileWidth + i) * span
          return this.#hash({ start, end: start + span })
        })
        files[`/log/${tilePath(tile)}`] = Buffer.concat(hashes)
      }
    }
    return files
  }

  #hash({ start, end }: LeafRange): Uint8Array {
    if (end - start === 1) return this.#leaves[start]!
    const middle = start + splitPoint(end - start)
    return nodeHash(this.#hash({ start, end: middle }), this.#hash({ start: middle, end }), nodeCrypto.sha256)
  }
}
