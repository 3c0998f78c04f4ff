import type { RequestHandler } from 'express'
import { type Options, rateLimit } from 'express-rate-limit'
import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { addressKey } from '../verification/addressKey.ts'
import { sharedQuota } from './sharedQuota.ts'

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
 * Answers with `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), and with `limit.requests` past the limit: of the
 * signed-in caller, or else of the address.
 */
export function limitRequests({ pool, name, limit, clientLimit = limit, seconds }: RequestLimit): RequestHandler {
  const common: Partial<Options> = {
    windowMs: seconds * 1000,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: name,
    validate: false, // the proxy is the app's setting, and addressKey does the /64
    handler: (_req, _res, next) => next(new AppError('limit.requests')),
  }
  const byAddress = rateLimit({ ...common, limit, keyGenerator: req => addressKey(req.ip) })
  const byCaller = rateLimit({
    ...common,
    limit: clientLimit,
    keyGenerator: req => req.actor!.sub,
    store: sharedQuota({ pool, name, limit: clientLimit, seconds }),
  })
  return (req, res, next) => (req.actor ? byCaller(req, res, next) : byAddress(req, res, next))
}
