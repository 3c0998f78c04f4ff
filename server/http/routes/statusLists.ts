import { Router } from 'express'
import type pg from 'pg'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { statusListTtl } from '../../../core/status-list/statusListToken.ts'
import { readNumbers } from '../../status-lists/statusListsTable.ts'
import type { StatusListTokens } from '../../status-lists/statusListTokens.ts'
import { evidenceResponses } from '../evidenceResponses.ts'
import { openToAll } from '../openToAll.ts'
import { sendEvidence } from '../sendEvidence.ts'

export interface StatusListRoutesDeps {
  pool: pg.Pool
  statusLists: Pick<StatusListTokens, 'tokenOf'>
  /** Origin of PUBLIC_URL. */
  publicUrl: string
}

/** `/status-lists/N`, and `/status-lists`: the addresses of all of them (draft-ietf-oauth-status-list 9, aggregation). */
export function statusListRoutes({ pool, statusLists, publicUrl }: StatusListRoutesDeps): Router {
  const router = Router()

  router.use('/status-lists', openToAll)
  router.get('/status-lists/:number', async (req, res) => {
    const { token, version, iat } = await statusLists.tokenOf(parseNumber(req.params.number))
    const tag = `${req.params.number}-${version}-${iat}`
    sendEvidence(req, res, { body: token, type: 'application/statuslist+jwt', tag, maxAge: statusListTtl })
  })

  router.get('/status-lists', async (req, res) => {
    const numbers = await readNumbers(pool)
    const body = JSON.stringify({ status_lists: numbers.map(number => `${publicUrl}/status-lists/${number}`) })
    sendEvidence(req, res, { body, type: 'application/json', tag: `lists-${numbers.length}`, maxAge: statusListTtl })
  })

  return router
}

function parseNumber(text: string): number {
  if (!/^(?:0|[1-9]\d{0,8})$/.test(text)) throw new AppError('status-list.not-found')
  return Number(text)
}

export const statusListPaths = {
  '/status-lists': {
    get: {
      summary: 'The addresses of all status lists',
      responses: evidenceResponses('Addresses', 'application/json', z.object({ status_lists: z.array(z.url()) })),
    },
  },
  '/status-lists/{n}': {
    get: {
      summary: 'A status list token',
      requestParams: { path: z.object({ n: z.int() }) },
      responses: evidenceResponses('Signed JWT', 'application/statuslist+jwt', z.string(), 404),
    },
  },
}
