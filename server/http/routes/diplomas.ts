<<<<<<< HEAD
import { type Request, Router } from 'express'
=======
import { readFile } from 'node:fs/promises'
import { type Request, type RequestHandler, Router } from 'express'
>>>>>>> 939fef5 (wip)
import { z } from 'zod'
import { isPartialDate } from '../../../core/credential/partialDate.ts'
import { sealedUrl } from '../../../core/credential/qr.ts'
import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { vietnamDay } from '../../../core/encoding/vietnamDay.ts'
import { AppError } from '../../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { digestFiles } from '../../diplomas/diplomaFiles.ts'
import { type DiplomaPdfDeps, diplomaPdf, diplomaTemplates } from '../../diplomas/diplomaPdf.ts'
import { readDiplomaSheet } from '../../diplomas/diplomaSheet.ts'
import { listDiplomas } from '../../diplomas/diplomasTable.ts'
import { openDiploma, readDiploma } from '../../diplomas/readDiploma.ts'
import { type DiplomaDeps, refsOfBatch, requestDiplomaEnds, requestDiplomas } from '../../diplomas/requestDiplomas.ts'
import type { ShownDiploma } from '../../diplomas/shownDiploma.ts'
import { qrPng } from '../../printing/qr/qrPng.ts'
import { qrSvg } from '../../printing/qr/qrSvg.ts'
import { authorize } from '../../staff/authorize.ts'
import type { IsoDate } from '../../tables/fields/readDate.ts'
import { severityOf } from '../../tables/finding.ts'
import { searchName } from '../../tables/searchName.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import { idempotency } from '../idempotency.ts'
import { readMultipart } from '../multipart.ts'
import { problems } from '../problemResponses.ts'

const partialDate = z.string().refine(isPartialDate, 'YYYY, YYYY-MM or YYYY-MM-DD')
const text = (max: number) => z.string().trim().normalize('NFC').min(1).max(max)
const refParameter = z.object({ ref: z.string().regex(/^[\w-]{22}$/) })

const diplomaBody = z
  .object({
    agency: z.string().refine(isAgencyCode, 'not an agency code'),
    number: text(40).optional(),
    registerNumber: text(40).optional(),
    holderName: text(100),
    birthDate: partialDate.optional(),
    title: text(160),
    field: text(160).optional(),
    classification: text(60).optional(),
    awarded: partialDate,
    institutionThen: text(200).optional(),
    basis: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).default(0),
    documentSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    decision: text(200).optional().describe('Number and date; needed when the number is registered with other data'),
    allowDuplicate: z.boolean().default(false),
  })
  .refine(body => body.number !== undefined || body.registerNumber !== undefined, 'A number or a register number is needed')

const requestAnswer = z.object({
  requestId: z.uuid().nullable(),
  requested: z.int(),
  correctionId: z.uuid().nullable(),
  corrections: z.int(),
  unchanged: z.int(),
  refused: z.array(z.object({ row: z.int(), column: z.string(), code: z.string(), value: z.string() })),
  warned: z.int(),
  repaired: z.int(),
})

const endBody = z.object({
  action: z.literal('end'),
  reasonCode: z.enum(['QUYET_DINH', 'NHAP_SAI', 'GIAN_LAN', 'KHAC']),
  decision: text(200),
  reason: z.string().trim().max(1000).default(''),
})

const diplomaSchema = z
  .object({
    ref: z.string(),
    issuer: z.object({ code: z.string(), oldCode: z.string().nullable(), name: z.string() }),
    number: z.string().nullable(),
    registerNumber: z.string().nullable(),
    holderName: z.string(),
    birthDate: z.string().nullable(),
    title: z.string(),
    field: z.string().nullable(),
    classification: z.string().nullable(),
    awarded: z.string(),
    basis: z.int(),
    status: z.enum(['active', 'ended', 'replaced', 'error', 'corrected']),
    successor: z.string().nullable(),
    decision: z.string().nullable(),
    issuedAt: z.iso.datetime(),
    leafIndex: z.int(),
    qr: z.string(),
  })
  .meta({ id: 'Diploma' })

const listQuery = z.object({
  q: z.string().max(100).optional(),
  request: z.uuid().optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

export interface DiplomaRequestsDeps extends DiplomaDeps {
  agencies: AgencyTree
  /** Seconds. */
  clock: () => number
}

export type DiplomasRoutesDeps = DiplomaRequestsDeps & DiplomaPdfDeps

const sheetLimits = { fileBytes: 200 * 1024 * 1024, files: 200 }

/** POST /api/diploma-requests: one diploma as JSON, or a sheet with its files as multipart. It reads its own body. */
export function diplomaRequestsRoute(deps: DiplomaRequestsDeps): Router {
  const router = Router()
  const once = idempotency(deps)
  // Known by its length and type, before anything of it is read.
  const onceForForm: RequestHandler = (req, res, next) => (req.is('multipart/form-data') ? once(req, res, next) : next())
  router.post('/api/diploma-requests', onceForForm, async (req, res, next) => {
    if (req.is('application/json')) return next()
    authorize(req.actor, 'diplomas.register', undefined, deps.agencies)
    const form = await readMultipart(req, sheetLimits)
    try {
      const sheet = form.files.get('sheet')?.[0]
      if (!sheet) throw new AppError('http.invalid', 'The form has no file named "sheet"')
      const digests = await digestFiles(form.files.get('files') ?? [])
      const read = await readDiplomaSheet(await sheet.read(), {
        agencies: deps.agencies,
        today: vietnamDay(deps.clock()) as IsoDate,
        ...(digests.size > 0 ? { files: new Set(digests.keys()) } : {}),
      })
      const good = read.rows.filter(row => !row.refused)
      for (const agency of new Set(good.map(row => row.values.agency!))) authorize(req.actor, 'diplomas.register', agency, deps.agencies)
      const answer = await requestDiplomas(deps, {
        maker: req.actor,
        agency: req.actor.agency,
        decision: form.fields.get('decision') || undefined,
        allowDuplicates: form.fields.get('allowDuplicates') === 'true',
        detail: { rows: read.counts.rows, refusedRows: read.counts.refused },
        rows: good.map(({ values, findings }) => {
          const { agency, file, ...rest } = values
          return {
            diploma: { ...rest, issuer: agency!, ...(file ? { document: digests.get(file)! } : {}) } as ShownDiploma,
            warnings: findings
              .filter(finding => severityOf(finding.code) !== 'refused')
              .map(({ code, column }) => ({ code, field: column })),
          }
        }),
      })
      const refusedRows = read.rows
        .filter(row => row.refused)
        .flatMap(row =>
          row.findings
            .filter(f => severityOf(f.code) === 'refused')
            .map(f => ({ row: row.row, column: f.column, code: f.code, value: f.value })),
        )
      const refusedKeys = answer.refused.map(({ row, code }) => ({
        row: good[row]!.row,
        column: 'so_hieu',
        code,
        value: good[row]!.values.number ?? '',
      }))
      res.status(202).json({
        ...answer,
        unchanged: answer.unchanged + read.counts.repeated,
        refused: [...refusedRows, ...refusedKeys],
        warned: read.counts.warned,
        repaired: read.counts.repaired,
      })
    } finally {
      await form.discard()
    }
  })
  return router
}

/** Diplomas: register one, look, end, withdraw a batch. */
export function diplomasRoutes(deps: DiplomasRoutesDeps): Router {
  const router = Router()

  router.post('/api/diploma-requests', async (req, res) => {
    const { agency, documentSha256, decision, allowDuplicate, ...rest } = diplomaBody.parse(req.body)
    authorize(req.actor, 'diplomas.register', agency as AgencyCode, deps.agencies)
    const diploma = { ...rest, issuer: agency, ...(documentSha256 ? { document: documentSha256 } : {}) } as ShownDiploma
    const answer = await requestDiplomas(deps, {
      maker: req.actor,
      agency: agency as AgencyCode,
      rows: [{ diploma }],
      decision,
      allowDuplicates: allowDuplicate,
    })
    res.status(202).json({
      ...answer,
      refused: answer.refused.map(({ row, code }) => ({ row, column: 'number', code, value: '' })),
      warned: 0,
      repaired: 0,
    })
  })

  router.get('/api/diplomas', async (req, res) => {
    authorize(req.actor, 'diplomas.read', undefined, deps.agencies)
    const query = listQuery.parse(req.query)
    const place = query.cursor ? decodeCursor(query.cursor) : undefined
    const rows = await listDiplomas(deps.pool, {
      agencyIn: deps.agencies.subtree(req.actor.agency),
      requestId: query.request,
      query: query.q ? searchName(query.q) : undefined,
      before: place && { issuedAt: place.at, ref: Buffer.from(place.id, 'base64url') },
      limit: query.limit,
    })
    const last = rows.length === query.limit ? rows.at(-1) : undefined
    res.json({
      diplomas: rows.map(row => present(openDiploma(deps.cipher, row))),
      next: last ? encodeCursor({ at: last.issuedAt, id: encodeBase64url(last.ref) }) : null,
    })
  })

  router.get('/api/diplomas/:ref', async (req, res) => {
    res.json(present(await find(req, 'diplomas.read')))
  })
  router.get('/api/diplomas/:ref/qr.svg', async (req, res) => {
    res.type('image/svg+xml').send(qrSvg(sealedUrl(deps.origin, (await find(req, 'diplomas.read')).sealedBytes)))
  })
  router.get('/api/diplomas/:ref/qr.png', async (req, res) => {
    res.type('image/png').send(Buffer.from(await qrPng(sealedUrl(deps.origin, (await find(req, 'diplomas.read')).sealedBytes))))
  })

  router.get('/api/diplomas/:ref/diploma.pdf', async (req, res) => {
    const diploma = await find(req, 'diplomas.read')
    if (diploma.endedAs !== null) throw new AppError('diploma.ended.conflict')
    const template = typeof req.query.template === 'string' ? req.query.template : undefined
    const file = await diplomaPdf(deps, diploma, template)
    await recordAudit(deps.pool, {
      actor: req.actor!,
      action: 'diploma.exported',
      agency: diploma.issuerCode,
      subject: `diploma:${encodeBase64url(diploma.ref)}`,
    })
    const filename = `van-bang-${encodeBase64url(diploma.ref).slice(0, 8)}.pdf`
    res.type('application/pdf').set('Content-Disposition', `attachment; filename="${filename}"`).send(Buffer.from(file))
  })

  router.post('/api/diplomas/:ref/status', async (req, res) => {
    const diploma = await find(req, 'diplomas.register')
    const body = endBody.parse(req.body)
    const agency = diploma.issuerCode as AgencyCode
    const requestId = await requestDiplomaEnds(deps, { ...body, maker: req.actor!, agency, refs: [diploma.ref] })
    res.status(202).json({ requestId })
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
    res.status(202).json({ requestId, diplomas: refs.length })
  })

  async function find(req: Request, permission: 'diplomas.read' | 'diplomas.register') {
    if (!req.actor) throw new AppError('auth.required')
    const ref = refParameter.safeParse(req.params)
    if (!ref.success) throw new AppError('diploma.not-found')
    const diploma = await readDiploma(deps.pool, deps.cipher, decodeBase64url(ref.data.ref))
    authorize(req.actor, permission, diploma.issuerCode as AgencyCode, deps.agencies)
    return diploma
  }

  function present(diploma: ReturnType<typeof openDiploma>): z.infer<typeof diplomaSchema> {
    const agency = deps.agencies.get(diploma.issuerCode)
    return {
      ref: encodeBase64url(diploma.ref),
      issuer: { code: diploma.issuerCode, oldCode: agency?.oldCode ?? null, name: agency?.nameVi ?? diploma.issuerCode },
      number: diploma.number,
      registerNumber: diploma.registerNumber,
      holderName: diploma.holderName,
      birthDate: diploma.claims.diploma.birthDate ?? null,
      title: diploma.title,
      field: diploma.field,
      classification: diploma.classification,
      awarded: diploma.awarded,
      basis: diploma.basis,
      status: diploma.endedAs ?? 'active',
      successor: diploma.successor ? encodeBase64url(diploma.successor) : null,
      decision: diploma.decision,
      issuedAt: diploma.issuedAt.toISOString(),
      leafIndex: diploma.leafIndex,
      qr: sealedUrl(deps.origin, diploma.sealedBytes),
    }
  }

  return router
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })
const waiting = { 202: { description: 'Waiting for approval', content: json(z.object({ requestId: z.uuid() })) }, ...problems(404) }

const binary = z.string().meta({ format: 'binary' })
const picture = (summary: string, type: string) => ({
  get: {
    summary,
    requestParams: { path: refParameter },
    responses: { 200: { description: 'The picture', content: { [type]: { schema: binary } } }, ...problems(404) },
  },
})

export const diplomasPaths = {
  '/api/diploma-requests': {
    post: {
      summary: 'Ask for diplomas to be registered: one as JSON, or a sheet with its files',
      requestBody: {
        required: true,
        content: {
          ...json(diplomaBody),
          'multipart/form-data': {
            schema: z.object({
              sheet: binary,
              files: z.array(binary).optional(),
              decision: z.string().optional(),
              allowDuplicates: z.enum(['true', 'false']).optional(),
            }),
          },
        },
      },
      responses: { 202: { description: 'Waiting for approval', content: json(requestAnswer) } },
    },
  },
  '/api/diplomas': {
    get: {
      summary: 'Diplomas of the caller’s agencies, newest first',
      requestParams: { query: listQuery },
      responses: {
        200: {
          description: 'A page of diplomas',
          content: json(z.object({ diplomas: z.array(diplomaSchema), next: z.string().nullable() })),
        },
        ...problems(400),
      },
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
      requestParams: { path: refParameter, query: z.object({ template: z.enum(diplomaTemplates).optional() }) },
      responses: { 200: { description: 'The file', content: { 'application/pdf': { schema: binary } } }, ...problems(404, 409, 422) },
    },
  },
  '/api/diplomas/{ref}/qr.svg': picture('The sealed QR as SVG', 'image/svg+xml'),
  '/api/diplomas/{ref}/qr.png': picture('The sealed QR as PNG', 'image/png'),
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
