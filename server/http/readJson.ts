import { isUtf8 } from 'node:buffer'
import express, { type Request, type RequestHandler } from 'express'
import { AppError } from '../../core/errors.ts'

const plain = /^application\/json(; ?charset=utf-8)?$/i

/**
 * As `express.json({ limit })`, at a fraction of the cost for what nearly everybody sends: UTF-8, neither compressed nor chunked. Everything
 * else is left to express. What is no UTF-8 is refused: a name would be kept with other letters. `limit` is in bytes. Leads to
 * `http.too-large` and `http.invalid`.
 */
export function readJson(limit: number): RequestHandler {
  const readAny = express.json({ limit, verify: (_req, _res, body, encoding) => assertUtf8(body, encoding) })
  return (req, res, next) => {
    const { 'content-type': type, 'content-length': length, 'content-encoding': encoding } = req.headers
    const isPlain = type !== undefined && plain.test(type) && encoding === undefined && Number(length) > 0
    // Read before, by what is mounted above.
    if (!isPlain || req.readableEnded) return readAny(req, res, next)
    if (Number(length) > limit) return next(new AppError('http.too-large'))
    read(req, next)
  }
}

/** Node ends a body at its Content-Length, so that no more than the limit comes. */
function read(req: Request, next: (error?: unknown) => void): void {
  const chunks: Buffer[] = []
  let isOver = false
  const end = (error?: unknown) => {
    if (isOver) return
    isOver = true
    next(error)
  }
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.once('error', () => end(new AppError('http.invalid', 'The request was cut off')))
  req.once('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    try {
      assertUtf8(body)
      const text = body.toString()
      req.body = JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text)
    } catch (error) {
      return end(error instanceof AppError ? error : new AppError('http.invalid', 'The body or the address could not be read'))
    }
    end()
  })
}

function assertUtf8(body: Buffer, encoding = 'utf-8'): void {
  if (encoding === 'utf-8' && !isUtf8(body)) throw new AppError('http.invalid', 'The body is not UTF-8')
}
