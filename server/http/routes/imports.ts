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
import { type ImportRow, listImports, readImport } from '../../imports/importsTable.ts'
import { openPhoto } from '../../imports/photoContent.ts'
import { absentFrom, loosePhotos, type PreviewRow, previewOf } from '../../imports/previewOf.ts'
import { cancelImport, photoArchiveBytes, previewAgain, startCommit, startImport } from '../../imports/startImport.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize, holds } from '../../staff/authorize.ts'
import { importKindsOf } from '../../staff/importKindsOf.ts'
import { importPermissions } from '../../staff/importPermissions.ts'
import { decodeCursor, nextCursor } from '../cursor.ts'
import { idempotency } from '../idempotency.ts'
import { presentImport } from '../importSchema.ts'
import { readMultipart } from '../multipart.ts'
import { pageQuery } from '../pageQuery.ts'
import { readJson } from '../readJson.ts'
import type { UploadedFile } from '../uploadedFile.ts'
import { absentQuery, assignBody, commitBody, idParameter, mappingSchema, photosQuery, previewBody, rowsQuery } from './importsPaths.ts'

/** Imports of people and agencies. Mount it before the JSON body is read: the upload reads its own, the others theirs. */
export function importsRoutes(deps: ImportDeps): Router {
  const router = Router()
  const body = readJson(262_144)
  const once = idempotency(deps)

  router.post('/api/imports', once, async (req, res) => {
    const actor = allowed(req, 'write')
    const form = await readMultipart(req, { fileBytes: photoArchiveBytes, files: 2 })
    try {
      const file = form.files.get('file')?.[0]
      if (!file) throw new AppError('import.upload')
      const photos = form.files.get('photos')?.[0]
      const agency = form.fields.get('agency') || actor.agency
      if (!isAgencyCode(agency)) throw new AppError('identity.agency-code')
      for (const kind of importKindsOf(actor, 'write')) authorize(actor, importPermissions.write[kind], agency, deps.agencies)
      const mapping = form.fields.get('mapping')
      const id = await startImport(deps, {
        maker: actor,
        agency,
        may: importKindsOf(actor, 'write'),
        file: opened(file),
        ...(photos ? { photos: opened(photos) } : {}),
        ...(mapping ? { mapping: parseMapping(mapping) } : {}),
      })
      res
        .status(202)
        .location(`/api/imports/${id}`)
        .json(presentImport((await readImport(deps.pool, id))!))
    } finally {
      await form.discard()
    }
  })

  router.get('/api/imports', async (req, res) => {
    const actor = allowed(req, 'read')
    const { cursor, limit } = pageQuery.parse(req.query)
    const kinds = importKindsOf(actor, 'read')
    const before = cursor && decodeCursor('imports', cursor).id
    const rows = await listImports(deps.pool, { agencies: deps.agencies.subtree(actor.agency), kinds, maker: actor.sub, before, limit })
    const next = nextCursor('imports', rows, limit, row => ({ at: row.createdAt, id: row.id }))
    noStore(res).json({ imports: rows.map(presentImport), next })
  })

  router.get('/api/imports/:id', async (req, res) => {
    const row = await find(req, 'read')
    noStore(res).json(presentImport(row))
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
    noStore(res).json({ import: presentImport(preview.import), rows: preview.rows satisfies PreviewRow[], next: preview.next })
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
    res.status(202).json(presentImport((await readImport(deps.pool, row.id))!))
  })

  router.post('/api/imports/:id/commit', body, async (req, res) => {
    const row = await find(req, 'write')
    await startCommit(deps, row.id, commitBody.parse(req.body ?? {}))
    res.status(202).json(presentImport((await readImport(deps.pool, row.id))!))
  })

  router.post('/api/imports/:id/cancel', async (req, res) => {
    const row = await find(req, 'write')
    await cancelImport(deps, row.id, allowed(req, 'write'))
    res.status(204).end()
  })

  router.get('/api/imports/:id/errors.xlsx', async (req, res) => {
    const row = await find(req, 'read')
    await recordAudit(deps.pool, {
      actor: allowed(req, 'read'),
      action: 'import.errors-read',
      agency: row.agencyCode,
      subject: `import:${row.id}`,
    })
    noStore(res)
      .type('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
      .attachment(`loi-nhap-${row.createdAt.toISOString().slice(0, 10)}.xlsx`)
    await pipeline(await errorWorkbook(deps, row.id, req.query.lang === 'en' ? 'en' : 'vi'), res)
  })

  /** The import, when the actor may see or change it; what is not theirs is not found. */
  async function find(req: Request, what: 'read' | 'write'): Promise<ImportRow> {
    const actor = allowed(req, what)
    const { id } = idParameter.parse(req.params)
    const row = await readImport(deps.pool, id)
    if (!row || !(row.agencyCode === actor.agency || deps.agencies.inSubtree(row.agencyCode, actor.agency)))
      throw new AppError('import.not-found')
    // Until the file has been read its kind is only a guess; its maker may look whatever it is.
    if (!(row.maker === actor.sub && row.columns === null))
      authorize(actor, importPermissions[what][row.kind], row.agencyCode as AgencyCode, deps.agencies)
    return row
  }

  function allowed({ actor }: Request, what: 'read' | 'write'): Actor {
    const { officers, agencies } = importPermissions[what]
    if (actor && holds(actor, agencies)) return actor
    authorize(actor, officers, undefined, deps.agencies)
    return actor
  }

  return router
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
