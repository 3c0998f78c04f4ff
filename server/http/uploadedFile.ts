import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

/** A file of a form. It lies on disk sealed, under a key that only this object holds: what a crash leaves behind nobody can read. */
export interface UploadedFile {
  /** As the sender named it; never a path of ours. */
  name: string
  bytes: number
  /** Its bytes from the first to the last. Breaks off at the end when the file on disk was changed. */
  open(): Readable
  read(): Promise<Buffer>
}

const algorithm = 'aes-256-gcm'

/** Writes a stream to a new file at `path`, readable by this user only; answers once it is there. */
export async function keepUpload(stream: Readable, path: string, name: string): Promise<UploadedFile> {
  const key = randomBytes(32)
  const nonce = randomBytes(12)
  const cipher = createCipheriv(algorithm, key, nonce)
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await pipeline(stream, cipher, createWriteStream(path, { mode: 0o600, flags: 'wx' }))
  const tag = cipher.getAuthTag()
  const open = (): Readable => {
    const decipher = createDecipheriv(algorithm, key, nonce)
    decipher.setAuthTag(tag)
    return Readable.from(pieces(createReadStream(path), decipher), { objectMode: false })
  }
  return { name, bytes, open, read: () => buffer(open()) }
}

async function* pieces(file: Readable, decipher: ReturnType<typeof createDecipheriv>): AsyncGenerator<Uint8Array> {
  for await (const piece of file) yield (decipher as { update(piece: Buffer): Buffer }).update(piece as Buffer)
  yield decipher.final()
}
