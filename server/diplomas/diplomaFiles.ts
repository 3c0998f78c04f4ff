import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { openZipArchive } from '../tables/zipArchive.ts'

interface DiplomaFile {
  name: string
  open(): NodeJS.ReadableStream
  read(): Promise<Buffer>
}

/** SHA-256, hex, of files by name; null is a name that several different files have. A file in a folder of a zip goes by its path too. */
export type DigestedFiles = ReadonlyMap<string, string | null>

/** Digests the files given; those of a zip are read as streams and stay where they are. */
export async function digestFiles(files: readonly DiplomaFile[]): Promise<DigestedFiles> {
  const digests = new Map<string, string | null>()
  const put = (path: string, digest: string) => {
    const bare = path.slice(path.lastIndexOf('/') + 1)
    for (const name of new Set([path, bare])) {
      const other = digests.get(name)
      digests.set(name, other === undefined || other === digest ? digest : null)
    }
  }
  for (const file of files) {
    if (!/\.zip$/i.test(file.name)) {
      put(file.name.normalize('NFC'), await digestOf(file.open()))
      continue
    }
    const archive = await openZipArchive(await file.read(), { entries: 20_000, unpackedBytes: 4 * 1024 ** 3, ratio: 200 })
    try {
      for (const [path, entry] of archive.entries) if (!isOfMacOs(path)) put(path, await digestOf(await entry.stream()))
    } finally {
      archive.close()
    }
  }
  return digests
}

/** The digest of the file that a row names, as a diploma has it. */
export function documentOf(files: DigestedFiles, name: string | undefined): { document?: string } {
  const document = name === undefined ? undefined : files.get(name)
  return document ? { document } : {}
}

/** The files that no row names, each by its path, sorted. */
export function unusedFiles(files: DigestedFiles, rows: readonly { values: { file?: string } }[]): string[] {
  const named = new Set(rows.map(({ values }) => documentOf(files, values.file).document))
  const unused = new Map<string, string>()
  for (const [name, digest] of files) if (digest !== null && !named.has(digest) && !unused.has(digest)) unused.set(digest, name)
  return [...unused.values()].sort()
}

/** What macOS adds to a zip beside each file. */
function isOfMacOs(path: string): boolean {
  return path.startsWith('__MACOSX/') || path.endsWith('.DS_Store')
}

async function digestOf(stream: NodeJS.ReadableStream): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(stream, hash)
  return hash.digest('hex')
}
