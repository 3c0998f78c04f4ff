import type { Response } from 'express'

/** Sends a value as JSON in one write: express turns a body of a kilobyte into a buffer of its own, which costs a second one. */
export function sendJson(res: Response, value: unknown): void {
  const text = JSON.stringify(value)
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.end(text)
}
