import { hash } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import { type Options, type RateLimitInfo, rateLimit } from 'express-rate-limit'
import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { addressKey } from '../verification/addressKey.ts'
import { sharedQuota } from './sharedQuota.ts'

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by express-rate-limit. */
    rateLimit?: RateLimitInfo
  }
}

export interface RequestLimit {
  pool: Pool
  /** Tells policies apart. */
  name: string
  /** Requests a window of `seconds` from one address (IPv6: /64), in each process: what keeps a flood off. */
  limit: number
  /** Of one signed-in caller, in all processes together; left out: `limit`. */
  clientLimit?: number
  seconds: number
}

/**
 * Answers with `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-08), and with `limit.requests` past the limit: of
 * the signed-in caller, or else of the address.
 */
export function limitRequests({ pool, name, limit, clientLimit = limit, seconds }: RequestLimit): RequestHandler {
  /** The library would hash the key for each request anew. Answers the seconds until the next window. */
  const say = (req: Request, res: Response): number => {
    const { limit: most, remaining, resetTime, key } = req.rateLimit!
    const left = Math.max(0, Math.ceil((resetTime!.getTime() - Date.now()) / 1000))
    res.setHeader('RateLimit', `"${name}"; r=${remaining}; t=${left}`)
    res.setHeader('RateLimit-Policy', `"${name}"; q=${most}; w=${seconds}; pk=:${partitionOf(key)}:`)
    return left
  }
  const common: Partial<Options> = {
    windowMs: seconds * 1000,
    standardHeaders: false,
    legacyHeaders: false,
    validate: false, // the proxy is the app's setting, and addressKey does the /64
    handler: (req, res, next) => {
      res.setHeader('Retry-After', say(req, res))
      next(new AppError('limit.requests'))
    },
  }
  const byAddress = rateLimit({ ...common, limit, keyGenerator: req => addressKey(req.ip) })
  const byCaller = rateLimit({
    ...common,
    limit: clientLimit,
    keyGenerator: req => req.actor!.sub,
    store: sharedQuota({ pool, name, limit: clientLimit, seconds }),
  })
  return (req, res, next) => {
    const limiter = req.actor ? byCaller : byAddress
    return limiter(req, res, (error?: unknown) => {
      if (error === undefined) say(req, res)
      next(error)
    })
  }
}

const partitions = new Map<string, string>()
const maxPartitions = 10_000

/** Names whose quota it is without telling who that is: six bytes of a hash, in base64. */
function partitionOf(key: string): string {
  let partition = partitions.get(key)
  if (partition === undefined) {
    if (partitions.size >= maxPartitions) partitions.clear()
    partition = hash('sha256', key, 'buffer').subarray(0, 6).toString('base64')
    partitions.set(key, partition)
  }
  return partition
}
