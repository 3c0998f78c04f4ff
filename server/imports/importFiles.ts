import { Readable } from 'node:stream'
import { RandomAccessReader } from 'yauzl'
import { AppError } from '../../core/errors.ts'
import type { Db } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { fileExtent, insertFileChunk, readFileChunk } from './importFilesTable.ts'

export type FilePart = 'table' | 'photos'

const chunkBytes = 1 << 20
const sealOverhead = 33 // header 17, tag 16: server/keys/fieldCipher.ts

interface FileDeps {
  pool: Db
  cipher: FieldCipher
}

/** Keeps a file of an import in sealed chunks of 1 MiB; answers its bytes. Throws `http.too-large` past `maxBytes`. */
export async function storeImportFile(
  deps: FileDeps,
  importId: string,
  part: FilePart,
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<number> {
  let total = 0
  let seq = 0
  let held: Uint8Array[] = []
  let heldBytes = 0
  const flush = async (last: boolean): Promise<void> => {
    let rest = Buffer.concat(held)
    for (; rest.length >= chunkBytes || (last && rest.length > 0); rest = rest.subarray(chunkBytes))
      await insertFileChunk(deps.pool, importId, part, seq++, deps.cipher.seal(rest.subarray(0, chunkBytes)))
    held = [rest]
    heldBytes = rest.length
  }
  for await (const piece of stream) {
    total += piece.length
    if (total > maxBytes) throw new AppError('http.too-large')
    held.push(piece)
    heldBytes += piece.length
    if (heldBytes >= chunkBytes) await flush(false)
  }
  await flush(true)
  return total
}

/** The whole file in memory. Throws `import.not-found` when it is gone. */
export async function loadImportFile(deps: FileDeps, importId: string, part: FilePart): Promise<Buffer> {
  const { chunks } = await fileExtent(deps.pool, importId, part)
  if (chunks === 0) throw new AppError('import.not-found', 'The uploaded file is gone; upload it again')
  const parts: Buffer[] = []
  for (let seq = 0; seq < chunks; seq++) parts.push(await openChunk(deps, importId, part, seq))
  return Buffer.concat(parts)
}

/** A random-access reader over the sealed chunks, for a ZIP directory and its entries; null when there is no such file. */
export async function importFileReader(
  deps: FileDeps,
  importId: string,
  part: FilePart,
): Promise<{ reader: RandomAccessReader; size: number } | null> {
  const { chunks, lastBytes } = await fileExtent(deps.pool, importId, part)
  if (chunks === 0) return null
  const size = (chunks - 1) * chunkBytes + lastBytes - sealOverhead
  return { reader: new ChunkReader(seq => openChunk(deps, importId, part, seq)), size }
}

async function openChunk(deps: FileDeps, importId: string, part: FilePart, seq: number): Promise<Buffer> {
  const sealed = await readFileChunk(deps.pool, importId, part, seq)
  if (!sealed) throw new AppError('import.not-found', 'A part of the uploaded file is gone; upload it again')
  return deps.cipher.open(sealed)
}

const keptChunks = 8

class ChunkReader extends RandomAccessReader {
  readonly #load: (seq: number) => Promise<Buffer>
  readonly #kept = new Map<number, Promise<Buffer>>()

  constructor(load: (seq: number) => Promise<Buffer>) {
    super()
    this.#load = load
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#range(start, end), { objectMode: false })
  }

  override close(callback: (error: Error | null) => void): void {
    this.#kept.clear()
    callback(null)
  }

  async *#range(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; ) {
      const seq = Math.floor(at / chunkBytes)
      const chunk = await this.#chunk(seq)
      const from = at - seq * chunkBytes
      const piece = chunk.subarray(from, Math.min(chunk.length, from + (end - at)))
      if (piece.length === 0) throw new Error('read past the end')
      yield piece
      at += piece.length
    }
  }

  #chunk(seq: number): Promise<Buffer> {
    const kept = this.#kept.get(seq)
    if (kept) return kept
    const loading = this.#load(seq)
    loading.catch(() => this.#kept.delete(seq))
    this.#kept.set(seq, loading)
    if (this.#kept.size > keptChunks) this.#kept.delete(this.#kept.keys().next().value!)
    return loading
  }
}
