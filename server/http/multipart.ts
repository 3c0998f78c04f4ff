import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import busboy from 'busboy'
import type { Request } from 'express'
import { AppError } from '../../core/errors.ts'

/** A form with files, each on disk in `folder` until `discard`. */
export interface Multipart {
  fields: ReadonlyMap<string, string>
  /** By field name; several files of one field in the order sent. */
  files: ReadonlyMap<string, readonly UploadedFile[]>
  discard(): Promise<void>
}

export interface UploadedFile {
  /** As the sender named it; never a path of ours. */
  name: string
  path: string
  bytes: number
}

export interface MultipartLimits {
  /** Of one file. */
  fileBytes: number
  files: number
}

/**
 * Reads multipart/form-data to a temporary folder of its own. Throws `http.media-type` for another type, `http.too-large` past a
 * limit, `http.invalid` for a broken body; what was written is removed then.
 */
export async function readMultipart(req: Request, limits: MultipartLimits): Promise<Multipart> {
  const folder = await mkdtemp(join(tmpdir(), 'antin-upload-'))
  const discard = () => rm(folder, { recursive: true, force: true })
  try {
    return { ...(await receive(req, limits, folder)), discard }
  } catch (error) {
    req.unpipe()
    req.resume()
    await discard()
    throw error
  }
}

function receive(req: Request, limits: MultipartLimits, folder: string): Promise<Omit<Multipart, 'discard'>> {
  return new Promise((resolve, reject) => {
    let parser: busboy.Busboy
    try {
      parser = busboy({
        headers: req.headers,
        defParamCharset: 'utf8',
        limits: {
          fileSize: limits.fileBytes,
          files: limits.files,
          fields: 50,
          fieldSize: 64_000,
          parts: limits.files + 50,
          headerPairs: 50,
        },
      })
    } catch (cause) {
      reject(new AppError('http.media-type', 'The body is not multipart/form-data', { cause }))
      return
    }
    const fields = new Map<string, string>()
    const files = new Map<string, UploadedFile[]>()
    const writes: Promise<void>[] = []
    const tooLarge = () => reject(new AppError('http.too-large'))
    let count = 0
    parser.on('field', (name, value, info) => (info.valueTruncated ? tooLarge() : fields.set(name, value)))
    parser.on('file', (field, stream, info) => {
      const file: UploadedFile = { name: info.filename ?? '', path: join(folder, String(count++)), bytes: 0 }
      stream.on('data', chunk => {
        file.bytes += chunk.length
      })
      stream.on('limit', tooLarge)
      files.set(field, [...(files.get(field) ?? []), file])
      writes.push(pipeline(stream, createWriteStream(file.path)))
    })
    for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) parser.on(limit, tooLarge)
    const broken = (cause: unknown) =>
      reject(new AppError('http.invalid', 'The upload was cut off or is not multipart/form-data', { cause }))
    parser.on('error', broken)
    req.on('aborted', broken)
    parser.on('close', () => Promise.all(writes).then(() => resolve({ fields, files }), broken))
    req.pipe(parser)
  })
}
