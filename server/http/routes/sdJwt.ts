import { Router } from 'express'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { holderKeyOfProof } from '../../sd-jwt/holderKeyOfProof.ts'
import { issueHolderSdJwt, type SdJwtDeps } from '../../sd-jwt/issueHolderSdJwt.ts'
import { authorize } from '../../staff/authorize.ts'
import { problems } from '../problemResponses.ts'

const proofBody = z.object({
  proof: z.string().max(4096).describe('JWT by the wallet’s key: typ openid4vci-proof+jwt, jwk in the header, aud our origin, iat now'),
})
const credentialAnswer = z.object({ credential: z.string().describe('SD-JWT VC with all its disclosures') })

export interface SdJwtRoutesDeps extends SdJwtDeps {
  agencies: Parameters<typeof authorize>[3]
}

/** What an officer's wallet asks for: an SD-JWT VC of their own valid card. */
export function sdJwtRoutes(deps: SdJwtRoutesDeps): Router {
  const router = Router()

  router.post('/api/own-card/sd-jwt', async (req, res) => {
    authorize(req.actor, 'own.card', undefined, deps.agencies)
    const { proof } = proofBody.parse(req.body)
    if (!req.actor.officerId) throw new AppError('sd-jwt.no-card.not-found')
    const holderKey = await holderKeyOfProof(proof, deps.publicUrl, deps.clock())
    const credential = await issueHolderSdJwt(deps, { officerId: req.actor.officerId, holderKey }, req.actor)
    res.status(201).set('Cache-Control', 'no-store').json({ credential })
  })

  return router
}

export const sdJwtPaths = {
  '/api/own-card/sd-jwt': {
    post: {
      summary: 'A wallet credential (SD-JWT VC) of the caller’s own card',
      requestBody: { required: true, content: { 'application/json': { schema: proofBody } } },
      responses: {
        201: { description: 'The credential', content: { 'application/json': { schema: credentialAnswer } } },
        ...problems(404),
      },
    },
  },
}
