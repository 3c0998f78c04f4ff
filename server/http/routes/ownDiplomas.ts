import { Router } from 'express'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { type DiplomaPdfDeps, diplomaPdf } from '../../diplomas/diplomaPdf.ts'
import { findOwnDiploma, ownDiplomas } from '../../diplomas/ownDiplomas.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import { authorize } from '../../staff/authorize.ts'
import { diplomaSchema, presentDiploma } from '../diplomaSchema.ts'
import { refOf, refParameter } from '../findDiploma.ts'
import { problems } from '../problemResponses.ts'

export type OwnDiplomasDeps = DiplomaPdfDeps & { cipher: FieldCipher }

/** What a signed-in person sees as theirs: diplomas whose holder's personal number is that of the sign-in. */
export function ownDiplomasRoutes(deps: OwnDiplomasDeps): Router {
  const router = Router()

  router.get('/api/own-diplomas', async (req, res) => {
    authorize(req.actor, 'own.diplomas', undefined, deps.agencies)
    const diplomas = await ownDiplomas(deps, req.actor)
    res.set('Cache-Control', 'no-store').json({ diplomas: diplomas.map(diploma => presentDiploma(deps, diploma)) })
  })

  router.get('/api/own-diplomas/:ref/diploma.pdf', async (req, res) => {
    authorize(req.actor, 'own.diplomas', undefined, deps.agencies)
    const diploma = await findOwnDiploma(deps, req.actor, refOf(req))
    if (diploma.endedAs !== null) throw new AppError('diploma.ended.conflict')
    const file = await diplomaPdf(deps, diploma)
    await recordAudit(deps.pool, {
      actor: req.actor,
      action: 'diploma.exported',
      agency: diploma.issuerCode,
      subject: `diploma:${diploma.ref.toString('base64url')}`,
    })
    const filename = `van-bang-${diploma.ref.toString('base64url').slice(0, 8)}.pdf`
    res
      .set({ 'Cache-Control': 'no-store', 'Content-Disposition': `attachment; filename="${filename}"` })
      .type('application/pdf')
      .send(Buffer.from(file))
  })

  return router
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })

export const ownDiplomasPaths = {
  '/api/own-diplomas': {
    get: {
      summary: 'The caller’s own diplomas, by the personal number of their sign-in, those in force first',
      responses: { 200: { description: 'The diplomas', content: json(z.object({ diplomas: z.array(diplomaSchema) })) } },
    },
  },
  '/api/own-diplomas/{ref}/diploma.pdf': {
    get: {
      summary: 'The signed PDF/A-3 of the caller’s own diploma',
      requestParams: { path: refParameter },
      responses: {
        200: { description: 'The file', content: { 'application/pdf': { schema: z.string().meta({ format: 'binary' }) } } },
        ...problems(404, 409),
      },
    },
  },
}
