import { Router } from 'express'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { readDiploma } from '../../diplomas/readDiploma.ts'
import { refsOfBatch, requestDiplomaEnds, requestHolder } from '../../diplomas/requestDiplomas.ts'
import { authorize } from '../../staff/authorize.ts'
import { findDiploma, refParameter } from '../findDiploma.ts'
import { personalNumber } from '../personalNumberSchema.ts'
import { problems } from '../problemResponses.ts'
import { sendBegun } from '../sendBegun.ts'
import type { DiplomaRequestsDeps } from './diplomaRequests.ts'

const endBody = z.object({
  action: z.literal('end'),
  reasonCode: z.enum(['QUYET_DINH', 'NHAP_SAI', 'GIAN_LAN', 'KHAC']),
  decision: z.string().trim().normalize('NFC').min(1).max(200),
  reason: z.string().trim().max(1000).default(''),
})

const holderBody = z.object({ holderNumber: personalNumber.nullable().describe('Null: it is not known any more whose it is') })

/** What is asked of a second person about registered diplomas: to end one or a batch, to name a holder. */
export function diplomaChangesRoutes(deps: DiplomaRequestsDeps): Router {
  const router = Router()

  router.post('/api/diplomas/:ref/status', async (req, res) => {
    const diploma = await findDiploma(deps, req, 'diplomas.register')
    const body = endBody.parse(req.body)
    const agency = diploma.issuerCode as AgencyCode
    const requestId = await requestDiplomaEnds(deps, { ...body, maker: req.actor!, agency, refs: [diploma.ref] })
    sendBegun(res, { requestId })
  })

  router.post('/api/requests/:id/withdraw', async (req, res) => {
    authorize(req.actor, 'diplomas.register', undefined, deps.agencies)
    const body = endBody.parse(req.body)
    const refs = z.uuid().safeParse(req.params.id).success ? await refsOfBatch(deps, req.params.id) : []
    if (refs.length === 0) throw new AppError('diploma.not-found', 'This batch holds no diploma in force')
    for (const ref of refs.slice(0, 1)) {
      const first = await readDiploma(deps.pool, deps.cipher, ref)
      authorize(req.actor, 'diplomas.register', first.issuerCode as AgencyCode, deps.agencies)
    }
    const requestId = await requestDiplomaEnds(deps, { ...body, maker: req.actor, agency: req.actor.agency, refs })
    sendBegun(res, { requestId, diplomas: refs.length })
  })

  router.post('/api/diplomas/:ref/holder', async (req, res) => {
    const diploma = await findDiploma(deps, req, 'diplomas.register')
    const { holderNumber } = holderBody.parse(req.body)
    const requestId = await requestHolder(deps, {
      maker: req.actor!,
      agency: diploma.issuerCode as AgencyCode,
      ref: diploma.ref,
      holderNumber: holderNumber ?? undefined,
    })
    sendBegun(res, { requestId })
  })

  return router
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })
const waiting = { 202: { description: 'Waiting for approval', content: json(z.object({ requestId: z.uuid() })) }, ...problems(404) }

export const diplomaChangesPaths = {
  '/api/diplomas/{ref}/holder': {
    post: {
      summary: 'Say whose it is by personal number, by request; the credential stays as it is',
      requestParams: { path: refParameter },
      requestBody: { required: true, content: json(holderBody) },
      responses: waiting,
    },
  },
  '/api/diplomas/{ref}/status': {
    post: {
      summary: 'End it, by request',
      requestParams: { path: refParameter },
      requestBody: { required: true, content: json(endBody) },
      responses: waiting,
    },
  },
  '/api/requests/{id}/withdraw': {
    post: {
      summary: 'End all that a request registered, by request',
      requestParams: { path: z.object({ id: z.uuid() }) },
      requestBody: { required: true, content: json(endBody) },
      responses: {
        202: { description: 'Waiting for approval', content: json(z.object({ requestId: z.uuid(), diplomas: z.int() })) },
        ...problems(404),
      },
    },
  },
}
