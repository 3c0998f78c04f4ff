import express, { type Request, Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { isAgencyCode } from '../../../core/identity/agencyCode.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { inTransaction } from '../../db/transaction.ts'
import { type EraseElsewhere, eraseOfficer } from '../../officers/eraseOfficer.ts'
import { type ExportElsewhere, exportOfficer } from '../../officers/exportOfficer.ts'
import { markOfficerLeft, readOfficersById } from '../../officers/officersTable.ts'
import { type OfficerDeps, readOfficer, viewsOfOfficer } from '../../officers/readOfficer.ts'
import { replacePhoto } from '../../officers/replacePhoto.ts'
import { officerStatuses, searchOfficers } from '../../officers/searchOfficers.ts'
import { readPrintedPhoto } from '../../photos/photosTable.ts'
import { photoLimits } from '../../photos/preparePhoto.ts'
import { authorize, holds, type Permission } from '../../staff/authorize.ts'
import { decodeCursor, nextCursor } from '../cursor.ts'
import { readMultipart } from '../multipart.ts'
import { pageQuery } from '../pageQuery.ts'
import { problems } from '../problemResponses.ts'
import { readJson } from '../readJson.ts'

const idParameter = z.object({ id: z.uuid() })
const searchBody = z.object({
  query: z.string().max(200).default('').describe('Words of a name, diacritics or not, or a whole personal number'),
  agency: z.string().refine(isAgencyCode, 'not an agency code').optional(),
  status: z.enum(officerStatuses).default('all'),
  cursor: z.string().min(1).max(600).optional(),
  limit: z.int().min(1).max(200).default(50),
})
const hitSchema = z
  .object({
    id: z.uuid(),
    fullName: z.string(),
    personalNumber: z.string().describe('Masked: 001***012345'),
    agency: z.string(),
    agencyOldCode: z.string().nullable(),
    agencyName: z.string(),
    position: z.string(),
    title: z.string(),
    category: z.string(),
    hasPhoto: z.boolean(),
    notes: z.int().describe('Warnings and repairs of the import'),
    card: z.object({ serial: z.string(), status: z.enum(['active', 'suspended']), expiresAt: z.iso.datetime() }).nullable(),
    left: z.boolean(),
  })
  .meta({ id: 'OfficerHit' })
const searchAnswer = z.object({ officers: z.array(hitSchema), next: z.string().nullable() })
const cardSchema = z.object({
  serial: z.string(),
  status: z.enum(['active', 'suspended', 'ended', 'replaced', 'error', 'expired']),
  issuedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
})
const officerSchema = z
  .object({
    id: z.uuid(),
    fullName: z.string(),
    personalNumber: z.string().describe('Masked'),
    birthDate: z.string(),
    gender: z.enum(['male', 'female']),
    email: z.string(),
    soHieu: z.string(),
    maNgach: z.string(),
    contractEnd: z.string(),
    agency: z.string(),
    agencyOldCode: z.string().nullable(),
    agencyName: z.string(),
    position: z.string(),
    title: z.string(),
    category: z.string(),
    photo: z.string().nullable().describe('Hex SHA-256 of the shown JPEG'),
    notes: z.array(z.object({ code: z.string(), column: z.string(), severity: z.enum(['warning', 'repaired']) })),
    version: z.int(),
    left: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    cards: z.array(cardSchema),
    requests: z.array(z.object({ id: z.uuid(), kind: z.string(), status: z.string(), itemState: z.string(), createdAt: z.iso.datetime() })),
    changes: z.array(
      z.object({
        version: z.int(),
        at: z.iso.datetime(),
        by: z.string(),
        importId: z.uuid().nullable(),
        fields: z.record(z.string(), z.tuple([z.string(), z.string()])),
      }),
    ),
  })
  .meta({ id: 'Officer' })
const viewsAnswer = z.object({
  views: z.array(z.object({ id: z.int(), at: z.iso.datetime(), by: z.string(), action: z.string() })),
  next: z.string().nullable(),
})

export interface OfficersRoutesDeps extends Omit<OfficerDeps, 'pool'> {
  pool: Pool
  /** Erases in the same transaction what cards, requests and imports hold about a person. */
  eraseElsewhere?: EraseElsewhere
  exportElsewhere?: ExportElsewhere
}

/** People: search (POST, so that no name stands in a URL), one person, photo, leaving, personal data. Mount it before the JSON body is read. */
export function officersRoutes(deps: OfficersRoutesDeps): Router {
  const router = Router()
  const body = readJson(65_536)

  router.post('/api/officers/search', body, async (req, res) => {
    authorize(req.actor, 'people.read', undefined, deps.agencies)
    const input = searchBody.parse(req.body)
    authorize(req.actor, 'people.read', input.agency, deps.agencies)
    const { officers, next } = await searchOfficers(deps, req.actor.agency, input)
    noStore(res).json({
      officers: officers.map(one => ({
        ...one,
        ...agencyOf(one.agency),
        card: one.card && { ...one.card, expiresAt: one.card.expiresAt.toISOString() },
      })),
      next,
    } satisfies z.input<typeof searchAnswer>)
  })

  router.get('/api/officers/:id', async (req, res) => {
    const id = own(req) ?? allowed(req, 'people.read')
    const page = await readOfficer(deps, req.actor!, id)
    const { photoDigest, cards, requests, changes, left, createdAt, updatedAt, ...rest } = page
    noStore(res).json({
      ...rest,
      ...agencyOf(page.agency),
      photo: photoDigest?.toString('hex') ?? null,
      left: left?.toISOString() ?? null,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
      cards: cards.map(card => ({
        serial: card.serial,
        status: (card.endedAs ?? (card.status === 2 ? 'suspended' : 'active')) as z.input<typeof cardSchema>['status'],
        issuedAt: card.issuedAt.toISOString(),
        expiresAt: card.expiresAt.toISOString(),
        endedAt: card.endedAt?.toISOString() ?? null,
      })),
      requests: requests.map(one => ({ ...one, createdAt: one.createdAt.toISOString() })),
      changes: changes.map(one => ({ ...one, at: one.at.toISOString() })),
    } satisfies z.input<typeof officerSchema>)
  })

  router.get('/api/officers/:id/views', async (req, res) => {
    const id = own(req) ?? allowed(req, 'audit.read')
    if (id !== req.actor!.officerId) await inScope(req, id)
    const { cursor, limit } = pageQuery.parse(req.query)
    const before = cursor === undefined ? undefined : Number(decodeCursor('views', cursor).id)
    const views = await viewsOfOfficer(deps.pool, id, { before, limit })
    noStore(res).json({
      views: views.map(one => ({ id: one.id, at: one.at.toISOString(), by: one.actorName, action: one.action })),
      next: nextCursor('views', views, limit, one => ({ at: one.at, id: String(one.id) })),
    })
  })

  router.get('/api/officers/:id/photo.jpg', async (req, res) => {
    const id = own(req) ?? allowed(req, 'people.read')
    const row = id === req.actor!.officerId ? (await readOfficersById(deps.pool, [id]))[0] : await inScope(req, id)
    const photo = row?.photoDigest ? await readPrintedPhoto(deps.pool, deps.cipher, row.photoDigest) : null
    if (!photo) throw new AppError('photo.not-found')
    noStore(res).type('image/jpeg').send(photo)
  })

  router.put('/api/officers/:id/photo', async (req, res) => {
    const id = allowed(req, 'people.write')
    const form = await readMultipart(req, { fileBytes: photoLimits.fileBytes, files: 1 })
    try {
      const file = form.files.get('photo')?.[0]
      if (!file) throw new AppError('import.upload', 'The form has no file named "photo"')
      const digest = await replacePhoto(deps, req.actor!, id, await file.read())
      res.json({ photo: digest.toString('hex') })
    } finally {
      await form.discard()
    }
  })

  router.post('/api/officers/:id/leave', async (req, res) => {
    const id = allowed(req, 'people.write')
    const row = await inScope(req, id)
    await inTransaction(deps.pool, async tx => {
      await markOfficerLeft(tx, id, new Date())
      await recordAudit(tx, { actor: req.actor!, action: 'officer.left', agency: row.agencyCode, subject: `officer:${id}` })
    })
    res.status(204).end()
  })

  router.get('/api/officers/:id/personal-data', async (req, res) => {
    const id = own(req) ?? allowed(req, 'people.write')
    noStore(res)
      .attachment('personal-data.json')
      .json(await exportOfficer(deps, req.actor!, id))
  })

  router.delete('/api/officers/:id/personal-data', async (req, res) => {
    const id = allowed(req, 'agencies.manage')
    await eraseOfficer(deps, req.actor!, id)
    res.status(204).end()
  })

  /** The id when the signed-in person asks for their own page. */
  function own(req: Request): string | undefined {
    const { id } = idParameter.parse(req.params)
    return holds(req.actor, 'own.card') && req.actor?.officerId === id ? id : undefined
  }

  function allowed(req: Request, permission: Permission): string {
    authorize(req.actor, permission, undefined, deps.agencies)
    return idParameter.parse(req.params).id
  }

  async function inScope(req: Request, id: string) {
    const [row] = await readOfficersById(deps.pool, [id])
    if (!row || !deps.agencies.inSubtree(row.agencyCode, req.actor!.agency)) throw new AppError('officer.not-found')
    return row
  }

  function agencyOf(code: string): { agencyOldCode: string | null; agencyName: string } {
    const agency = deps.agencies.get(code)
    return { agencyOldCode: agency?.oldCode ?? null, agencyName: agency?.nameVi ?? '' }
  }

  return router
}

function noStore(res: express.Response): express.Response {
  return res.set('Cache-Control', 'no-store')
}

const json = <S extends z.ZodType>(schema: S) => ({ 'application/json': { schema } })
const jpeg = { 'image/jpeg': { schema: z.string().meta({ format: 'binary' }) } }

export const officersPaths = {
  '/api/officers/search': {
    post: {
      summary: 'Find people of the caller’s agencies',
      requestBody: { required: true, content: json(searchBody) },
      responses: { 200: { description: 'In order of names', content: json(searchAnswer) } },
    },
  },
  '/api/officers/{id}': {
    get: {
      summary: 'One person; that you looked is recorded and the person can see it',
      requestParams: { path: idParameter },
      responses: { 200: { description: 'The person', content: json(officerSchema) }, ...problems(400, 404) },
    },
  },
  '/api/officers/{id}/views': {
    get: {
      summary: 'Who looked at a person’s page and did what',
      requestParams: { path: idParameter, query: pageQuery },
      responses: { 200: { description: 'A page, newest first', content: json(viewsAnswer) }, ...problems(400, 404) },
    },
  },
  '/api/officers/{id}/photo.jpg': {
    get: {
      summary: 'The photo as printed',
      requestParams: { path: idParameter },
      responses: { 200: { description: 'JPEG, 3:4', content: jpeg }, ...problems(400, 404) },
    },
  },
  '/api/officers/{id}/photo': {
    put: {
      summary: 'Replace the photo',
      requestParams: { path: idParameter },
      requestBody: {
        required: true,
        content: { 'multipart/form-data': { schema: z.object({ photo: z.string().meta({ format: 'binary' }) }) } },
      },
      responses: {
        200: { description: 'Digest of the shown JPEG', content: json(z.object({ photo: z.string() })) },
        ...problems(404, 422),
      },
    },
  },
  '/api/officers/{id}/leave': {
    post: {
      summary: 'Mark a person as having left; cards are ended by their own request',
      requestParams: { path: idParameter },
      responses: { 204: { description: 'Marked' }, ...problems(404) },
    },
  },
  '/api/officers/{id}/personal-data': {
    get: {
      summary: 'Everything kept about a person, for the person',
      requestParams: { path: idParameter },
      responses: { 200: { description: 'JSON', content: json(z.record(z.string(), z.unknown())) }, ...problems(400, 404) },
    },
    delete: {
      summary: 'Erase the personal data of somebody who has left and holds no valid card',
      requestParams: { path: idParameter },
      responses: { 204: { description: 'Erased' }, ...problems(400, 404, 409) },
    },
  },
}
