import { AppError } from '../errors.ts'
import { inflate } from '../status-list/inflate.ts'

/** No stream of a PDF that is looked into may inflate to more than this, but for pictures. */
export const MAX_INFLATED = 8 * 1024 * 1024

/**
 * Returns the bytes of a FlateDecode stream (zlib, RFC 1950), which a line end may follow: some writers count it in /Length. Throws
 * `pdf.syntax` for damage or more than `maxBytes`.
 */
export async function inflateStream(compressed: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const [before, last] = compressed.subarray(-2)
  const lineEnd = last === 0x0a ? (before === 0x0d ? 2 : 1) : last === 0x0d ? 1 : 0
  try {
    return await inflate(compressed, maxBytes).catch(error => {
      if (lineEnd === 0) throw error
      return inflate(compressed.subarray(0, -lineEnd), maxBytes)
    })
  } catch (cause) {
    throw new AppError('pdf.syntax', 'A stream is damaged or larger than allowed', { cause })
  }
}
