import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openZipArchive } from '../tables/zipArchive.ts'

interface DiplomaFile {
  name: string
  open(): NodeJS.ReadableStream
  read(): Promise<Buffer>
}

/** SHA-256, hex, of each file given, by its bare name; the files of a zip are read as streams and stay where they are. */
export async function digestFiles(files: readonly DiplomaFile[]): Promise<Map<string, string>> {
  const digests = new Map<string, string>()
  for (const file of files) {
    if (!/\.zip$/i.test(file.name)) {
      digests.set(basename(file.name), await digestOf(file.open()))
      continue
    }
    const archive = await openZipArchive(await file.read(), { entries: 20_000, unpackedBytes: 4 * 1024 ** 3, ratio: 200 })
    try {
      for (const [entryName, entry] of archive.entries) digests.set(basename(entryName), await digestOf(await entry.stream()))
    } finally {
      archive.close()
    }
  }
  return digests
}

async function digestOf(stream: NodeJS.ReadableStream): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(stream, hash)
  return hash.digest('hex')
}
