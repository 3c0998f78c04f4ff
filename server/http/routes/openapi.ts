import { createHash } from 'node:crypto'
import { Router } from 'express'
import { openApiDocument } from '../openapi.ts'

/** `/openapi.json`, for anyone and any origin. */
export function openApiRoutes({ publicUrl }: { publicUrl: string }): Router {
  const router = Router()
  const text = JSON.stringify(openApiDocument(publicUrl))
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  router.get('/openapi.json', (req, res) => {
    res.set({
      ETag: tag,
      'Cache-Control': 'public, max-age=300',
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    })
    if (req.fresh) res.status(304).end()
    else res.type('application/json').send(text)
  })
  return router
}
