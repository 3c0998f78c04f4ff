import type { Request, Response } from 'express'

/** A public, signed file. */
export interface Evidence {
  body: string
  type: string
  /** Names exactly these bytes; letters, digits, `-` and `_`. */
  tag: string
  /** Seconds that it may be kept; a file that never changes has none. */
  maxAge?: number
}

/** Sends evidence to any origin, with its ETag; 304 to those who have it. Express answers HEAD by the same. */
export function sendEvidence(req: Request, res: Response, { body, type, tag, maxAge }: Evidence): void {
  res.set({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'ETag',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': maxAge === undefined ? 'public, max-age=31536000, immutable' : `public, max-age=${maxAge}`,
    'Content-Type': type,
    ETag: `"${tag}"`,
  })
  if (req.fresh) res.status(304).end()
  else res.send(Buffer.from(body))
}
