import { pipeline } from 'node:stream/promises'
import express, { type Request, Router } from 'express'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { inTransaction } from '../../db/transaction.ts'
import { errorWorkbook } from '../../imports/errorWorkbook.ts'
import type { ImportDeps } from '../../imports/importDeps.ts'
import { assignPhoto, readImportPhoto } from '../../imports/importPhotosTable.ts'
import { type ImportCounts, type ImportKind, type ImportRow, listImports, readImport } from '../../imports/importsTable.ts'
import { openPhoto } from '../../imports/photoContent.ts'
import { absentFrom, loosePhotos, type PreviewRow, previewOf } from '../../imports/previewOf.ts'
import { cancelImport, photoArchiveBytes, previewAgain, startCommit, startImport } from '../../imports/startImport.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize, holds, type Permission } from '../../staff/authorize.ts'
import { idempotency } from '../idempotency.ts'
<<<<<<< HEAD
import { readMultipart } from '../multipart.ts'
import type { UploadedFile } from '../uploadedFile.ts'
=======
import { readMultipart, type UploadedFile } from '../multipart.ts'
import { problems } from '../problemResponses.ts'
>>>>>>> 939fef5 (wip)

const mappingSchema = z.record(z.string().max(40), z.string().max(200))
const idParameter = z.object({ id: z.uuid() })
const outcome = z.enum(['new', 'changed', 'unchanged', 'repeated', 'refused', 'foreign'])
const rowPhoto = z.enum(['none', 'kept', 'same', 'new', 'missing', 'refused'])
const sentences = z.object({ vi: z.string(), en: z.string() })

const importSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(['officers', 'agencies']),
    agency: z.string(),
    state: z.enum(['uploading', 'reading', 'preview', 'committing', 'done', 'failed', 'cancelled']),
    fileName: z.string(),
    photosName: z.string().nullable(),
    progress: z.int(),
    total: z.int().describe('0 while unknown'),
    counts: z
      .object({
        rows: z.int(),
        new: z.int(),
        changed: z.int(),
        unchanged: z.int(),
        repeated: z.int(),
        refused: z.int(),
        foreign: z.int().describe('Rows of another agency: not written'),
        warned: z.int(),
        repaired: z.int(),
        absent: z.int().describe('People of these agencies who are not in the file: nothing happens to them'),
        photos: z.object({ files: z.int(), matched: z.int(), unmatched: z.int(), refused: z.int(), new: z.int(), missing: z.int() }),
      })
      .nullable(),
    columns: z
      .array(
        z.object({
          sheet: z.string(),
          headerRow: z.int().optional(),
          headers: z.array(z.string()).optional(),
          columns: z.record(z.string(), z.string()).optional(),
          unknown: z.array(z.string()).optional(),
          missing: z.array(z.string()).optional(),
        }),
      )
      .nullable(),
    onlyGood: z.boolean().nullable(),
    failure: z.object({ code: z.string(), detail: z.string().nullable() }).nullable(),
    requestId: z.uuid().nullable().describe('Of agencies: where a second administrator decides on what was imported'),
    maker: z.string(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Import' })

const rowSchema = z
  .object({
    seq: z.int(),
    sheet: z.string(),
    row: z.int(),
    outcome,
    photo: rowPhoto,
    name: z.string(),
    personalNumber: z.string().describe('Masked'),
    agency: z.string(),
    findings: z.array(
      z.object({
        code: z.string(),
        severity: z.enum(['refused', 'warning', 'repaired']),
        column: z.string(),
        value: z.string(),
        to: z.string().optional(),
        other: z.string().optional(),
        message: sentences,
      }),
    ),
    changes: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })),
  })
  .meta({ id: 'ImportRow' })

const rowsQuery = z.object({
  outcome: outcome.optional(),
  having: z.enum(['warnings', 'repairs']).optional(),
  photo: rowPhoto.optional(),
  agency: z.string().max(35).optional(),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})
const rowsAnswer = z.object({ import: importSchema, rows: z.array(rowSchema), next: z.int().nullable() })
const absentQuery = z.object({ after: z.uuid().optional() })
const absentAnswer = z.object({
  people: z.array(z.object({ id: z.uuid(), fullName: z.string(), agency: z.string() })),
  next: z.uuid().nullable(),
})
const photosQuery = z.object({ after: z.coerce.number().int().min(0).default(0) })
const photosAnswer = z.object({
  photos: z.array(z.object({ seq: z.int(), name: z.string(), officerId: z.uuid().nullable(), refusal: z.string().nullable() })),
  next: z.int().nullable(),
})
const commitBody = z.object({ onlyGood: z.boolean().default(false).describe('Write the good rows although others are refused') })
const previewBody = z.object({ mapping: mappingSchema.optional().describe('Column -> header text; remembered for these headers') })
const assignBody = z.object({ row: z.int().min(1).nullable().describe('seq of the row, null to take it away') })
const uploadForm = z.object({
  file: z.string().meta({ format: 'binary', description: 'XLSX, ODS or CSV of people or of agencies' }),
  photos: z.string().meta({ format: 'binary', description: 'ZIP of photos' }).optional(),
  agency: z.string().describe('Bounds the import; yours when absent').optional(),
  mapping: z.string().describe('JSON: column -> header text').optional(),
})

/** Imports of people and agencies. Mount it before the JSON body is read: the upload reads its own, the others theirs. */
export function importsRoutes(deps: ImportDeps): Router {
  const router = Router()
  const body = express.json({ limit: '256kb' })
  const once = idempotency(deps)

  router.post('/api/imports', once, async (req, res) => {
    const actor = importer(req)
    const form = await readMultipart(req, { fileBytes: photoArchiveBytes, files: 2 })
    try {
      const file = form.files.get('file')?.[0]
      if (!file) throw new AppError('import.upload')
      const photos = form.files.get('photos')?.[0]
      const agency = form.fields.get('agency') || actor.agency
      if (!isAgencyCode(agency)) throw new AppError('identity.agency-code')
      for (const permission of permissionsOf(actor)) authorize(actor, permission, agency, deps.agencies)
      const mapping = form.fields.get('mapping')
      const id = await startImport(deps, {
        maker: actor,
        agency,
        may: kindsOf(actor),
        file: opened(file),
        ...(photos ? { photos: opened(photos) } : {}),
        ...(mapping ? { mapping: parseMapping(mapping) } : {}),
      })
      res
        .status(202)
        .location(`/api/imports/${id}`)
        .json(present((await readImport(deps.pool, id))!))
    } finally {
      await form.discard()
    }
  })

  router.get('/api/imports', async (req, res) => {
    const actor = reader(req)
    const rows = await listImports(deps.pool, deps.agencies.subtree(actor.agency), 100)
    noStore(res).json({ imports: rows.map(present) })
  })

  router.get('/api/imports/:id', async (req, res) => {
    const row = await find(req, 'read')
    noStore(res).json(present(row))
  })

  router.get('/api/imports/:id/rows', async (req, res) => {
    const row = await find(req, 'read')
    const query = rowsQuery.parse(req.query)
    const preview = await previewOf(deps, row.id, {
      outcomes: query.outcome && [query.outcome],
      having: query.having,
      photos: query.photo && [query.photo],
      agency: query.agency,
      after: query.after,
      limit: query.limit,
    })
    noStore(res).json({ import: present(preview.import), rows: preview.rows satisfies PreviewRow[], next: preview.next })
  })

  router.get('/api/imports/:id/absent', async (req, res) => {
    const row = await find(req, 'read')
    noStore(res).json(await absentFrom(deps, row.id, absentQuery.parse(req.query).after ?? null))
  })

  router.get('/api/imports/:id/photos', async (req, res) => {
    const row = await find(req, 'read')
    noStore(res).json(await loosePhotos(deps, row.id, photosQuery.parse(req.query).after))
  })

  router.get('/api/imports/:id/photos/:seq', async (req, res) => {
    const row = await find(req, 'read')
    const seq = z.coerce.number().int().min(1).max(1e9).parse(req.params.seq)
    const sealed = await readImportPhoto(deps.pool, row.id, seq)
    if (!sealed) throw new AppError('photo.not-found')
    noStore(res).type('image/jpeg').send(openPhoto(deps.cipher, sealed).shown)
  })

  router.put('/api/imports/:id/photos/:seq', body, async (req, res) => {
    const row = await find(req, 'write')
    const seq = z.coerce.number().int().min(1).max(1e9).parse(req.params.seq)
    const { row: rowSeq } = assignBody.parse(req.body)
    if (row.state !== 'preview') throw new AppError('import.conflict')
    if (!(await inTransaction(deps.pool, tx => assignPhoto(tx, row.id, seq, rowSeq)))) throw new AppError('photo.not-found')
    res.status(204).end()
  })

  router.post('/api/imports/:id/preview', body, async (req, res) => {
    const row = await find(req, 'write')
    await previewAgain(deps, row.id, previewBody.parse(req.body ?? {}).mapping)
    res.status(202).json(present((await readImport(deps.pool, row.id))!))
  })

  router.post('/api/imports/:id/commit', body, async (req, res) => {
    const row = await find(req, 'write')
    await startCommit(deps, row.id, commitBody.parse(req.body ?? {}))
    res.status(202).json(present((await readImport(deps.pool, row.id))!))
  })

  router.post('/api/imports/:id/cancel', async (req, res) => {
    const row = await find(req, 'write')
    await cancelImport(deps, row.id, importer(req))
    res.status(204).end()
  })

  router.get('/api/imports/:id/errors.xlsx', async (req, res) => {
    const row = await find(req, 'read')
    await recordAudit(deps.pool, { actor: reader(req), action: 'import.errors-read', agency: row.agencyCode, subject: `import:${row.id}` })
    noStore(res)
      .type('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
      .attachment(`loi-nhap-${row.createdAt.toISOString().slice(0, 10)}.xlsx`)
    await pipeline(await errorWorkbook(deps, row.id, req.query.lang === 'en' ? 'en' : 'vi'), res)
  })

  /** The import, when the actor may see or change it; what is not theirs is not found. */
  async function find(req: Request, what: 'read' | 'write'): Promise<ImportRow> {
    const actor = what === 'read' ? reader(req) : importer(req)
    const { id } = idParameter.parse(req.params)
    const row = await readImport(deps.pool, id)
    if (!row || !(row.agencyCode === actor.agency || deps.agencies.inSubtree(row.agencyCode, actor.agency)))
      throw new AppError('import.not-found')
    const needed: Permission = row.kind === 'agencies' ? 'agencies.manage' : what === 'read' ? 'people.read' : 'people.write'
    // Until the file has been read its kind is only a guess; its maker may look whatever it is.
    if (!(row.maker === actor.sub && row.columns === null)) authorize(actor, needed, row.agencyCode as AgencyCode, deps.agencies)
    return row
  }

  function importer(req: Request): Actor {
    const { actor } = req
    if (actor && holds(actor, 'agencies.manage')) return actor
    authorize(actor, 'people.write', undefined, deps.agencies)
    return actor
  }

  function reader(req: Request): Actor {
    const { actor } = req
    if (actor && holds(actor, 'agencies.manage')) return actor
    authorize(actor, 'people.read', undefined, deps.agencies)
    return actor
  }

  return router
}

function kindsOf(actor: Actor): ImportKind[] {
  return [
    ...(holds(actor, 'people.write') ? (['officers'] as const) : []),
    ...(holds(actor, 'agencies.manage') ? (['agencies'] as const) : []),
  ]
}

function permissionsOf(actor: Actor): Permission[] {
  return kindsOf(actor).map(kind => (kind === 'officers' ? 'people.write' : 'agencies.manage'))
}

function opened(file: UploadedFile): { name: string; stream: AsyncIterable<Uint8Array> } {
  return { name: file.name || 'upload', stream: file.open() }
}

function parseMapping(text: string): Record<string, string> {
  try {
    return mappingSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new AppError('http.invalid', 'mapping is not JSON of column -> header', { cause })
  }
}

function noStore(res: express.Response): express.Response {
  return res.set('Cache-Control', 'no-store')
}

function present(row: ImportRow): z.input<typeof importSchema> {
  return {
    id: row.id,
    kind: row.kind,
    agency: row.agencyCode,
    state: row.state,
    fileName: row.fileName,
    photosName: row.photosName,
    progress: row.progress,
    total: row.total,
    counts: 'rows' in row.counts ? (row.counts as ImportCounts) : null,
    columns: row.columns,
    onlyGood: row.onlyGood,
    failure: row.failureCode === null ? null : { code: row.failureCode, detail: row.failureDetail },
    requestId: row.requestId,
    maker: row.makerName,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}

const json = <S extends z.ZodType>(schema: S) => ({ 'application/json': { schema } })
const one = (description: string) => ({ description, content: json(importSchema) })

export const importsPaths = {
  '/api/imports': {
    post: {
      summary: 'Upload a sheet of people or agencies, with photos; it is read in the background',
      requestBody: { required: true, content: { 'multipart/form-data': { schema: uploadForm } } },
      responses: { 202: one('Being read: ask again until state is preview or failed') },
    },
    get: {
      summary: 'The newest imports of the caller’s agencies',
      responses: { 200: { description: 'At most 100', content: json(z.object({ imports: z.array(importSchema) })) } },
    },
  },
  '/api/imports/{id}': {
    get: { summary: 'State, progress and counts', requestParams: { path: idParameter }, responses: { 200: one('The import'), ...problems(400, 404) } },
  },
  '/api/imports/{id}/rows': {
    get: {
      summary: 'Preview: what each row comes to, in the order of the file',
      requestParams: { path: idParameter, query: rowsQuery },
      responses: { 200: { description: 'A page of rows; `next` is the next `after`', content: json(rowsAnswer) }, ...problems(400, 404) },
    },
  },
  '/api/imports/{id}/absent': {
    get: {
      summary: 'People of the file’s agencies who are not in it',
      requestParams: { path: idParameter, query: absentQuery },
      responses: { 200: { description: 'A page of people', content: json(absentAnswer) }, ...problems(400, 404) },
    },
  },
  '/api/imports/{id}/photos': {
    get: {
      summary: 'Photos that no row took',
      requestParams: { path: idParameter, query: photosQuery },
      responses: { 200: { description: 'A page of photos', content: json(photosAnswer) }, ...problems(400, 404) },
    },
  },
  '/api/imports/{id}/photos/{seq}': {
    get: {
      summary: 'One photo as it would be shown',
      requestParams: { path: idParameter.extend({ seq: z.int() }) },
      responses: {
        200: { description: 'JPEG', content: { 'image/jpeg': { schema: z.string().meta({ format: 'binary' }) } } },
        ...problems(400, 404),
      },
    },
    put: {
      summary: 'Match a photo to a row by hand',
      requestParams: { path: idParameter.extend({ seq: z.int() }) },
      requestBody: { required: true, content: json(assignBody) },
      responses: { 204: { description: 'Matched' }, ...problems(404, 409) },
    },
  },
  '/api/imports/{id}/preview': {
    post: {
      summary: 'Read the file again, with other columns or because people changed',
      requestParams: { path: idParameter },
      requestBody: { required: false, content: json(previewBody) },
      responses: { 202: one('Being read'), ...problems(404) },
    },
  },
  '/api/imports/{id}/commit': {
    post: {
      summary: 'Write what the preview shows, all or nothing',
      requestParams: { path: idParameter },
      requestBody: { required: false, content: json(commitBody) },
      responses: { 202: one('Being written'), ...problems(404) },
    },
  },
  '/api/imports/{id}/cancel': {
    post: {
      summary: 'Cancel; nothing stays half written',
      requestParams: { path: idParameter },
      responses: { 204: { description: 'Cancelled' }, ...problems(404) },
    },
  },
  '/api/imports/{id}/errors.xlsx': {
    get: {
      summary: 'The refused rows as a workbook to mend, a sheet a unit',
      requestParams: { path: idParameter, query: z.object({ lang: z.enum(['vi', 'en']).optional() }) },
      responses: {
        200: {
          description: 'XLSX',
          content: {
            'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': { schema: z.string().meta({ format: 'binary' }) },
          },
        },
        ...problems(400, 404),
      },
    },
  },
}
