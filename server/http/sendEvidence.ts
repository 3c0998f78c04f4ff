import type { Request, Response } from 'express'
import { sendText } from './sendText.ts'

/** A public, signed file. */
export interface Evidence {
  body: string
  type: string
  /** Names exactly these bytes; letters, digits, `-` and `_`. */
  tag: string
  /** Seconds that it may be kept; a file that never changes has none. */
  maxAge?: number
}

/** Sends evidence with its ETag; 304 to those who have it. Express answers HEAD by the same. `openToAll` lets every origin read it. */
export function sendEvidence(req: Request, res: Response, { body, type, tag, maxAge }: Evidence): void {
  res.set('Cache-Control', maxAge === undefined ? 'public, max-age=31536000, immutable' : `public, max-age=${maxAge}`)
  sendText(req, res, { text: body, type, tag })
}
