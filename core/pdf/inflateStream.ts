import { AppError } from '../errors.ts'
import { inflate } from '../status-list/inflate.ts'

/** No stream of a PDF that is looked into may inflate to more than this. */
export const MAX_INFLATED = 8 * 1024 * 1024

/** Returns the bytes of a FlateDecode stream (zlib, RFC 1950). Throws `pdf.syntax` for damage or more than 8 MiB. */
export async function inflateStream(compressed: Uint8Array): Promise<Uint8Array> {
  try {
    return await inflate(compressed, MAX_INFLATED)
  } catch (cause) {
    throw new AppError('pdf.syntax', 'A stream is damaged or larger than allowed', { cause })
  }
}
