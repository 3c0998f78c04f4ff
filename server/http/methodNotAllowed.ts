import type { RequestHandler } from 'express'
import { AppError } from '../../core/errors.ts'

/**
 * `http.method`, with `Allow`, for a path of an OpenAPI document that is called by a method it does not have there. Mounted after every
 * route that the document names.
 */
export function methodNotAllowed(document: object): RequestHandler {
  const { paths } = document as { paths: Record<string, object> }
  const known = Object.entries(paths).map(([path, item]) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
    methods: Object.keys(item).flatMap(method => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])),
  }))
  return (req, res, next) => {
    const matching = known.filter(({ pattern }) => pattern.test(req.path))
    // `/diplomas/lookup` is not the diploma named lookup.
    const named = matching.filter(({ path }) => path === req.path)
    const allowed = new Set((named.length > 0 ? named : matching).flatMap(({ methods }) => methods))
    if (allowed.size === 0 || allowed.has(req.method) || req.method === 'OPTIONS') return next()
    res.set('Allow', [...allowed].join(', '))
    throw new AppError('http.method')
  }
}
