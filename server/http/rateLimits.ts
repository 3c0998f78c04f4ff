import type { RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import { AppError } from '../../core/errors.ts'
import { addressKey } from '../verification/addressKey.ts'

/**
 * At most `limit` requests a window of `seconds`, by signed-in client or by address (IPv6: /64), counted in this process; answers with
 * `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers) and `limit.requests` past it. `name` tells policies apart.
 */
export function limitRequests(options: { name: string; limit: number; seconds: number; clientLimit?: number }): RequestHandler {
  const { name, limit, seconds, clientLimit } = options
  return rateLimit({
    windowMs: seconds * 1000,
    limit: req => (req.actor && clientLimit !== undefined ? clientLimit : limit),
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: name,
    keyGenerator: req => (req.actor ? `actor ${req.actor.sub}` : addressKey(req.ip)),
    validate: false, // the proxy is the app's setting, and addressKey does the /64
    handler: (_req, _res, next) => next(new AppError('limit.requests')),
  })
}
