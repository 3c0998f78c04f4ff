import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Request, Response } from 'express'

type Encoding = 'br' | 'gzip'

/** Below this nothing is won. */
const smallest = 1000
const kept = new Map<string, Buffer>()
const maxKept = 500

/**
 * Sends a text in the smallest form that the client takes. With a `tag`, which names exactly this text among those of its type (letters,
 * digits, `-` and `_`), it has an ETag, those who have it get 304, and what was compressed is kept for the next one.
 */
export function sendText(req: Request, res: Response, { text, type, tag }: { text: string; type: string; tag?: string | undefined }): void {
  const accepted = text.length < smallest ? 'identity' : req.acceptsEncodings('br', 'gzip', 'identity')
  const encoding = accepted === 'br' || accepted === 'gzip' ? accepted : undefined
  res.vary('Accept-Encoding').set('Content-Type', type)
  // Other bytes, another strong tag (RFC 9110 8.8.3.3).
  if (tag !== undefined) res.set('ETag', encoding ? `"${tag}.${encoding}"` : `"${tag}"`)
  if (tag !== undefined && req.fresh) return void res.status(304).end()
  if (!encoding) return void res.send(Buffer.from(text))
  res.set('Content-Encoding', encoding)
  res.send(tag === undefined ? compress(text, encoding) : compressed(`${encoding} ${type} ${tag}`, text, encoding))
}

function compressed(name: string, text: string, encoding: Encoding): Buffer {
  let bytes = kept.get(name)
  if (!bytes) {
    bytes = compress(text, encoding)
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value!)
    kept.set(name, bytes)
  }
  return bytes
}

function compress(text: string, encoding: Encoding): Buffer {
  return encoding === 'br' ? brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }) : gzipSync(text)
}
