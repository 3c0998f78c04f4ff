import { hash } from 'node:crypto'
import type { Request, Response } from 'express'
import { sendText } from '../../http/sendText.ts'
import type { WebFile } from '../buildWeb.ts'

/** Sends a page's text, compressed as the client allows. What may be kept has an ETag, so that it is not sent again. */
export function sendCompressed(req: Request, res: Response, type: string, text: string): void {
  const mayBeKept = res.get('Cache-Control') !== 'no-store'
  sendText(req, res, { text, type, tag: mayBeKept ? hash('sha256', text, 'base64url') : undefined })
}

/** Sends a built file from memory in the smallest form that the client takes. */
export function sendFile(req: Request, res: Response, file: WebFile): void {
  const encoding = file.brotli ? req.acceptsEncodings('br', 'gzip', 'identity') : 'identity'
  const body = encoding === 'br' ? file.brotli! : encoding === 'gzip' ? file.gzip! : file.body
  if (body !== file.body) res.set('Content-Encoding', encoding as string)
  res.vary('Accept-Encoding').type(file.type).set('X-Content-Type-Options', 'nosniff')
  res.set('ETag', `"${tagOf(body)}"`)
  if (req.fresh) res.status(304).end()
  else res.send(body)
}

const tags = new WeakMap<Buffer, string>()

function tagOf(body: Buffer): string {
  let tag = tags.get(body)
  if (tag === undefined) tags.set(body, (tag = hash('sha256', body, 'base64url')))
  return tag
}
