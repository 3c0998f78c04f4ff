import express, { type Request, type RequestHandler } from 'express'
import { AppError } from '../../core/errors.ts'

const plain = /^application\/json(; ?charset=utf-8)?$/i

/**
 * As `express.json({ limit })`, at a fraction of the cost for what nearly everybody sends: UTF-8, neither compressed nor chunked. Everything
 * else is left to express. `limit` is in bytes. Leads to `http.too-large` and `http.invalid`.
 */
export function readJson(limit: number): RequestHandler {
  const readAny = express.json({ limit })
  return (req, res, next) => {
    const { 'content-type': type, 'content-length': length, 'content-encoding': encoding } = req.headers
    if (type === undefined || length === undefined || encoding !== undefined || !plain.test(type)) return readAny(req, res, next)
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
    const text = (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString()
    try {
      req.body = JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text)
    } catch {
      return end(new AppError('http.invalid', 'The body or the address could not be read'))
    }
    end()
  })
}
