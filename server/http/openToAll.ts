import type { RequestHandler } from 'express'

/**
 * For public evidence: any origin may read it, the answer that it is not there too, and may ask whether it changed (a preflight, because
 * If-None-Match is not a safelisted header). Any other method is `http.method`'s.
 */
export const openToAll: RequestHandler = (req, res, next) => {
  res.set({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'ETag',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  })
  if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return next()
  res.set({
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': 'If-None-Match',
    'Access-Control-Max-Age': '86400',
  })
  res.status(204).end()
}
