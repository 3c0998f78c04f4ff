import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import busboy from 'busboy'
import type { Request } from 'express'
import { AppError } from '../../core/errors.ts'
import { keepUpload, type UploadedFile } from './uploadedFile.ts'

/** A form with files, each sealed on disk until `discard`. */
export interface Multipart {
  fields: ReadonlyMap<string, string>
  /** By field name; several files of one field in the order sent. */
  files: ReadonlyMap<string, readonly UploadedFile[]>
  discard(): Promise<void>
}

export interface MultipartLimits {
  /** Of one file. */
  fileBytes: number
  files: number
}

const prefix = 'antin-upload-'
/** No request lives as long; a younger folder may be another process's. */
const leftOverAfterMilliseconds = 3_600_000
let cleared: Promise<void> | undefined

/**
 * Reads multipart/form-data to a temporary folder of its own. Throws `http.media-type` for another type, `http.too-large` past a
 * limit, `http.invalid` for a broken body; what was written is removed then. The first call of a process removes what crashed ones left.
 */
export async function readMultipart(req: Request, limits: MultipartLimits): Promise<Multipart> {
  cleared ??= removeLeftovers()
  await cleared
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
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
    const keeping: { field: string; file: Promise<UploadedFile> }[] = []
    const broken = (cause: unknown) =>
      reject(new AppError('http.invalid', 'The upload was cut off or is not multipart/form-data', { cause }))
    const tooLarge = () => reject(new AppError('http.too-large'))
    let count = 0
    parser.on('field', (name, value, info) => (info.valueTruncated ? tooLarge() : fields.set(name, value)))
    parser.on('file', (field, stream, info) => {
      stream.on('limit', tooLarge)
      const file = keepUpload(stream, join(folder, String(count++)), info.filename ?? '')
      file.catch(broken)
      keeping.push({ field, file })
    })
    parser.on('filesLimit', () =>
      reject(new AppError('http.too-large', `At most ${limits.files} ${limits.files === 1 ? 'file' : 'files'}`)),
    )
    for (const limit of ['fieldsLimit', 'partsLimit'] as const) parser.on(limit, tooLarge)
    parser.on('error', broken)
    req.on('aborted', broken)
    parser.on('close', async () => {
      const files = new Map<string, UploadedFile[]>()
      try {
        for (const { field, file } of keeping) files.set(field, [...(files.get(field) ?? []), await file])
        resolve({ fields, files })
      } catch (cause) {
        broken(cause)
      }
    })
    req.pipe(parser)
  })
}

async function removeLeftovers(): Promise<void> {
  const now = Date.now()
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    if (!name.startsWith(prefix)) continue
    const path = join(tmpdir(), name)
    const left = await stat(path).catch(() => null)
    if (left && now - left.mtimeMs > leftOverAfterMilliseconds) await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}
