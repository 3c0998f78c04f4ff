import { hash } from 'node:crypto'
import { Router } from 'express'
import { openApiDocument } from '../openapi.ts'
import { openToAll } from '../openToAll.ts'
import { sendEvidence } from '../sendEvidence.ts'

/** `/openapi.json`, for anyone and any origin. */
export function openApiRoutes({ publicUrl }: { publicUrl: string }): Router {
  const router = Router()
  const body = JSON.stringify(openApiDocument(publicUrl))
  const document = { body, type: 'application/json; charset=utf-8', tag: hash('sha256', body, 'base64url'), maxAge: 300 }
  router.use('/openapi.json', openToAll)
  router.get('/openapi.json', (req, res) => sendEvidence(req, res, document))
  return router
}
