import { Router } from 'express'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { holderKeyOfProof } from '../../sd-jwt/holderKeyOfProof.ts'
import { issueCardSdJwt } from '../../sd-jwt/issueCardSdJwt.ts'
import { issueDiplomaSdJwt } from '../../sd-jwt/issueDiplomaSdJwt.ts'
import type { SdJwtDeps } from '../../sd-jwt/issueSdJwtVc.ts'
import { authorize } from '../../staff/authorize.ts'
import { refOf, refParameter } from '../findDiploma.ts'
import { problems } from '../problemResponses.ts'

const proofBody = z.object({
  proof: z.string().max(4096).describe('JWT by the wallet’s key: typ openid4vci-proof+jwt, jwk in the header, aud our origin, iat now'),
})
const credentialAnswer = z.object({ credential: z.string().describe('SD-JWT VC with all its disclosures') })

export interface SdJwtRoutesDeps extends SdJwtDeps {
  agencies: Parameters<typeof authorize>[3]
}

/** What a holder's wallet asks for: an SD-JWT VC of their own valid card, or of their own diploma. */
export function sdJwtRoutes(deps: SdJwtRoutesDeps): Router {
  const router = Router()
  const holderKeyOf = (body: unknown) => holderKeyOfProof(proofBody.parse(body).proof, deps.publicUrl, deps.clock())

  router.post('/api/own-card/sd-jwt', async (req, res) => {
    authorize(req.actor, 'own.card', undefined, deps.agencies)
    const { officerId } = req.actor
    if (!officerId) throw new AppError('sd-jwt.no-card.not-found')
    const credential = await issueCardSdJwt(deps, { officerId, holderKey: await holderKeyOf(req.body) }, req.actor)
    res.status(201).set('Cache-Control', 'no-store').json({ credential })
  })

  router.post('/api/own-diplomas/:ref/sd-jwt', async (req, res) => {
    authorize(req.actor, 'own.diplomas', undefined, deps.agencies)
    const { personIndex } = req.actor
    if (!personIndex) throw new AppError('diploma.not-found')
    const input = { ref: refOf(req), personIndex, holderKey: await holderKeyOf(req.body) }
    res
      .status(201)
      .set('Cache-Control', 'no-store')
      .json({ credential: await issueDiplomaSdJwt(deps, input, req.actor) })
  })

  return router
}

const body = { required: true, content: { 'application/json': { schema: proofBody } } }
const made = { description: 'The credential', content: { 'application/json': { schema: credentialAnswer } } }

export const sdJwtPaths = {
  '/api/own-card/sd-jwt': {
    post: {
      summary: 'A wallet credential (SD-JWT VC) of the caller’s own card',
      requestBody: body,
      responses: { 201: made, ...problems(404) },
    },
  },
  '/api/own-diplomas/{ref}/sd-jwt': {
    post: {
      summary: 'A wallet credential (SD-JWT VC) of the caller’s own diploma, while it is in force',
      requestParams: { path: refParameter },
      requestBody: body,
      responses: { 201: made, ...problems(404, 409) },
    },
  },
}
