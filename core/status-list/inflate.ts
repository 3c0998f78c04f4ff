import { concatBytes } from '../encoding/bytes.ts'

/** The bytes of a zlib stream (RFC 1950). Throws when it is broken, cut, followed by more, or longer than `maxBytes`; what is over is never inflated. */
export async function inflate(compressed: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const stream = new DecompressionStream('deflate')
  const writer = stream.writable.getWriter()
  // The reader sees what goes wrong in the writer.
  writer.write(compressed as Uint8Array<ArrayBuffer>).catch(() => {})
  writer.close().catch(() => {})
  const reader = stream.readable.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > maxBytes) {
      reader.cancel().catch(() => {})
      throw new RangeError('longer than allowed')
    }
    chunks.push(value)
  }
  const bytes = concatBytes(...chunks)
  // Node 20 does not notice what follows the stream; then its checksum is not what the bytes end with.
  const trailer = compressed.subarray(-4)
  if (new DataView(trailer.buffer, trailer.byteOffset).getUint32(0) !== adler32(bytes)) throw new RangeError('bytes after the end')
  return bytes
}

/** Checksum of a zlib stream's content (RFC 1950 8.2). */
function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  // As many as keep the sums within 32 bits.
  for (let from = 0; from < bytes.length; from += 5552) {
    const end = Math.min(bytes.length, from + 5552)
    for (let i = from; i < end; i++) b += a += bytes[i]!
    a %= 65_521
    b %= 65_521
  }
  return b * 65_536 + a
}
