import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Request, Response } from 'express'
import type { WebFile } from '../buildWeb.ts'

/** Sends text, compressed as the client allows. Small bodies, so in one go. */
export function sendCompressed(req: Request, res: Response, type: string, text: string): void {
  const body = Buffer.from(text)
  const encoding = req.acceptsEncodings('br', 'gzip', 'identity')
  res.vary('Accept-Encoding').type(type)
  if (body.length < 1000 || encoding === 'identity' || encoding === false) return void res.send(body)
  res.set('Content-Encoding', encoding)
  res.send(encoding === 'br' ? brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }) : gzipSync(body))
}

/** Sends a built file from memory in the smallest form that the client takes. */
export function sendFile(req: Request, res: Response, file: WebFile): void {
  const encoding = file.brotli ? req.acceptsEncodings('br', 'gzip', 'identity') : 'identity'
  const body = encoding === 'br' ? file.brotli! : encoding === 'gzip' ? file.gzip! : file.body
  if (body !== file.body) res.set('Content-Encoding', encoding as string)
  res.vary('Accept-Encoding').type(file.type).set('X-Content-Type-Options', 'nosniff')
  res.send(body)
}
