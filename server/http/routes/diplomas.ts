import { Router } from 'express'
import { z } from 'zod'
import { sealedUrl } from '../../../core/credential/qr.ts'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { type DiplomaPdfDeps, diplomaPdf } from '../../diplomas/diplomaPdf.ts'
import { diplomaSearch } from '../../diplomas/diplomaSearch.ts'
import { type DiplomaFilter, listDiplomas } from '../../diplomas/diplomasTable.ts'
import { openDiploma } from '../../diplomas/readDiploma.ts'
import type { DiplomaDeps } from '../../diplomas/requestDiplomas.ts'
import { qrPng } from '../../printing/qr/qrPng.ts'
import { qrSvg } from '../../printing/qr/qrSvg.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize } from '../../staff/authorize.ts'
import { decodeCursor, nextCursor } from '../cursor.ts'
import { diplomaSchema, presentDiploma } from '../diplomaSchema.ts'
import { findDiploma, refParameter } from '../findDiploma.ts'
import { problems } from '../problemResponses.ts'

const listQuery = z.object({
  request: z.uuid().optional(),
  cursor: z.string().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

const searchBody = z.object({
  query: z.string().trim().max(100).describe('A part of a name, a number or register number, or a personal number of 12 digits'),
  cursor: z.string().min(1).optional(),
  limit: z.int().min(1).max(200).default(50),
})
const pdfQuery = z.object({
  template: z.string().optional().describe("An installed document template; without it the issuer's default"),
  as: z
    .enum(['diploma', 'certificate', 'extract'])
    .optional()
    .describe('Without it what the title says; extract is the copy from the register'),
})
const pageSchema = z.object({ diplomas: z.array(diplomaSchema), next: z.string().nullable() })

export type DiplomasRoutesDeps = DiplomaDeps & DiplomaPdfDeps

/** The register of diplomas as staff and their programs read it. */
export function diplomasRoutes(deps: DiplomasRoutesDeps): Router {
  const router = Router()
  router.get('/api/diplomas', async (req, res) => {
    authorize(req.actor, 'diplomas.read', undefined, deps.agencies)
    const { request, ...page } = listQuery.parse(req.query)
    res.json(await pageOf(req.actor, page, { requestId: request }))
  })
  router.post('/api/diplomas/search', async (req, res) => {
    authorize(req.actor, 'diplomas.read', undefined, deps.agencies)
    const { query, ...page } = searchBody.parse(req.body)
    res.set('Cache-Control', 'no-store').json(await pageOf(req.actor, page, diplomaSearch(deps.cipher, query)))
  })

  const pageOf = async (
    actor: Actor,
    { cursor, limit }: { cursor?: string | undefined; limit: number },
    filter: Partial<DiplomaFilter>,
  ) => {
    const place = cursor ? decodeCursor('diplomas', cursor) : undefined
    const before = place && { issuedAt: place.at, ref: Buffer.from(place.id, 'base64url') }
    const rows = await listDiplomas(deps.pool, { agencyIn: deps.agencies.subtree(actor.agency), before, limit, ...filter })
    return {
      diplomas: rows.map(row => presentDiploma(deps, openDiploma(deps.cipher, row))),
      next: nextCursor('diplomas', rows, limit, row => ({ at: row.issuedAt, id: encodeBase64url(row.ref) })),
    }
  }

  router.get('/api/diplomas/:ref', async (req, res) => {
    res.json(presentDiploma(deps, await findDiploma(deps, req, 'diplomas.read')))
  })
  router.get('/api/diplomas/:ref/qr.svg', async (req, res) => {
    res.type('image/svg+xml').send(qrSvg(sealedUrl(deps.origin, (await findDiploma(deps, req, 'diplomas.read')).sealedBytes)))
  })
  router.get('/api/diplomas/:ref/qr.png', async (req, res) => {
    res
      .type('image/png')
      .send(Buffer.from(await qrPng(sealedUrl(deps.origin, (await findDiploma(deps, req, 'diplomas.read')).sealedBytes))))
  })

  router.get('/api/diplomas/:ref/diploma.pdf', async (req, res) => {
    const diploma = await findDiploma(deps, req, 'diplomas.read')
    const choice = pdfQuery.parse(req.query)
    if (diploma.endedAs !== null) throw new AppError('diploma.ended.conflict')
    const file = await diplomaPdf(deps, diploma, choice)
    await recordAudit(deps.pool, {
      actor: req.actor!,
      action: 'diploma.exported',
      agency: diploma.issuerCode,
      subject: `diploma:${encodeBase64url(diploma.ref)}`,
    })
    const filename = `van-bang-${encodeBase64url(diploma.ref).slice(0, 8)}.pdf`
    res.type('application/pdf').set('Content-Disposition', `attachment; filename="${filename}"`).send(Buffer.from(file))
  })

  return router
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })
const binary = z.string().meta({ format: 'binary' })
const picture = (summary: string, type: string) => ({
  get: {
    summary,
    requestParams: { path: refParameter },
    responses: { 200: { description: 'The picture', content: { [type]: { schema: binary } } }, ...problems(404) },
  },
})

export const diplomasPaths = {
  '/api/diplomas': {
    get: {
      summary: 'Diplomas of the caller’s agencies, newest first',
      requestParams: { query: listQuery },
      responses: {
        200: {
          description: 'A page of diplomas',
          content: json(pageSchema),
        },
        ...problems(400),
      },
    },
  },
  '/api/diplomas/search': {
    post: {
      summary: 'Find diplomas of the caller’s agencies by name, number or the holder’s personal number',
      requestBody: { required: true, content: json(searchBody) },
      responses: { 200: { description: 'A page of diplomas', content: json(pageSchema) } },
    },
  },
  '/api/diplomas/{ref}': {
    get: {
      summary: 'One diploma',
      requestParams: { path: refParameter },
      responses: { 200: { description: 'The diploma', content: json(diplomaSchema) }, ...problems(404) },
    },
  },
  '/api/diplomas/{ref}/diploma.pdf': {
    get: {
      summary: 'The signed PDF/A-3 with seal and receipt inside',
      requestParams: { path: refParameter, query: pdfQuery },
      responses: { 200: { description: 'The file', content: { 'application/pdf': { schema: binary } } }, ...problems(400, 404, 409, 422) },
    },
  },
  '/api/diplomas/{ref}/qr.svg': picture('The sealed QR as SVG', 'image/svg+xml'),
  '/api/diplomas/{ref}/qr.png': picture('The sealed QR as PNG', 'image/png'),
}
