import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import { type Entry, fromBufferPromise, fromRandomAccessReaderPromise, type RandomAccessReader } from 'yauzl'
import { AppError } from '../../core/errors.ts'

/** An opened ZIP archive; entries in the order of its directory, folders left out. */
export interface ZipArchive {
  entries: ReadonlyMap<string, ZipEntry>
  close(): void
}

export interface ZipEntry {
  /** Path inside the archive, NFC. */
  name: string
  packedBytes: number
  unpackedBytes: number
  /** The unpacked bytes; a part that unpacks to another size than it declares ends in an error. Throws `table.zip`. */
  stream(): Promise<Readable>
}

export interface ZipLimits {
  entries: number
  unpackedBytes: number
  ratio: number
}

type Source = Buffer | { reader: RandomAccessReader; size: number }

/**
 * Opens an archive from memory or through a random-access reader, and judges its directory before anything is unpacked.
 * @throws table.zip not a ZIP, too many entries, encrypted, an unsafe name · table.bomb declares more than the limits
 */
export async function openZipArchive(source: Source, limits: ZipLimits): Promise<ZipArchive> {
  const options = { autoClose: false, validateEntrySizes: true }
  const entries = new Map<string, ZipEntry>()
  try {
    const zip = Buffer.isBuffer(source)
      ? await fromBufferPromise(source, options)
      : await fromRandomAccessReaderPromise(source.reader, source.size, options)
    if (zip.entryCount > limits.entries) throw new AppError('table.zip', `More than ${limits.entries} files in the archive`)
    let total = 0
    for await (const entry of zip.eachEntry()) {
      total += entry.uncompressedSize
      judge(entry, total, limits)
      const name = nameOf(entry)
      if (name.endsWith('/')) continue
      if (entry.isEncrypted() || !entry.canDecodeFileData())
        throw new AppError('table.zip', 'The archive has a password or an unknown packing')
      entries.set(name, {
        name,
        packedBytes: entry.compressedSize,
        unpackedBytes: entry.uncompressedSize,
        stream: () => zip.openReadStreamPromise(entry).catch(damaged),
      })
    }
    return { entries, close: () => zip.close() }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('table.zip', undefined, { cause: error })
  }
}

function damaged(cause: unknown): never {
  throw new AppError('table.zip', 'A part of the file is damaged', { cause })
}

function judge(entry: Entry, total: number, limits: ZipLimits): void {
  const ratio = entry.uncompressedSize / Math.max(entry.compressedSize, 1)
  if (total > limits.unpackedBytes || (entry.uncompressedSize > 1 << 20 && ratio > limits.ratio)) throw new AppError('table.bomb')
}

// Many programs write UTF-8 names without the flag that says so; yauzl then takes them for code page 437.
function nameOf(entry: Entry): string {
  const flagged = (entry.generalPurposeBitFlag & 0x800) !== 0
  return (!flagged && isUtf8(entry.fileNameRaw) ? entry.fileNameRaw.toString('utf8').replaceAll('\\', '/') : entry.fileName).normalize(
    'NFC',
  )
}
