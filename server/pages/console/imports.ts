import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { inTransaction } from '../../db/transaction.ts'
import { readMultipart } from '../../http/multipart.ts'
import type { UploadedFile } from '../../http/uploadedFile.ts'
import { agencyColumns } from '../../imports/agencyRow.ts'
import { errorWorkbook } from '../../imports/errorWorkbook.ts'
import type { ImportDeps } from '../../imports/importDeps.ts'
import { assignPhoto, readImportPhoto } from '../../imports/importPhotosTable.ts'
import type { RowFilter } from '../../imports/importRowsTable.ts'
import { type ImportRow, listImports, readImport } from '../../imports/importsTable.ts'
import { officerColumns } from '../../imports/officerColumns.ts'
import { openPhoto } from '../../imports/photoContent.ts'
import { absentFrom, loosePhotos, previewOf } from '../../imports/previewOf.ts'
import { cancelImport, photoArchiveBytes, previewAgain, startCommit, startImport } from '../../imports/startImport.ts'
import type { Actor } from '../../staff/actor.ts'
import type { Permission } from '../../staff/authorize.ts'
import { importKindsOf } from '../../staff/importKindsOf.ts'
import { importPermissions } from '../../staff/importPermissions.ts'
import { tableLimits } from '../../tables/tableLimits.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { isUuid } from './isUuid.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, href, inScope, type PageDeps, queryOf, whoOf } from './routes.ts'
import { attempt, checkCsrf, problemKey, redirectWith } from './shell.ts'

const importer: readonly Permission[] = Object.values(importPermissions.write)
/** Who may look at an import: an auditor follows a line of the audit to it. */
const reader: readonly Permission[] = [...importer, 'people.read']
const pageSize = 50
const listSize = 50

/** The tabs of a preview: what each shows of the rows. */
const tabs = {
  refused: { outcomes: ['refused'] },
  warnings: { outcomes: ['new', 'changed', 'unchanged'], having: 'warnings' },
  repairs: { outcomes: ['new', 'changed', 'unchanged'], having: 'repairs' },
  changed: { outcomes: ['changed'] },
  new: { outcomes: ['new'] },
  unchanged: { outcomes: ['unchanged', 'repeated'] },
  foreign: { outcomes: ['foreign'] },
  'no-photo': { photos: ['missing', 'refused'] },
} as const satisfies Record<string, Omit<RowFilter, 'limit'>>
type Tab = keyof typeof tabs | 'absent' | 'photos'

/** Importing people or agencies from a spreadsheet: upload, how the columns are understood, preview, writing. */
export function importPages(deps: PageDeps): ConsoleRouter {
  const pages = consoleRouter(deps)
  const imports: ImportDeps = { pool: deps.pool, cipher: deps.cipher, agencies: deps.tree, clock: deps.clock }

  const showList = async (res: Response, actor: Actor, errors: readonly { field: string; text: string }[], before?: string) => {
    const kinds = importKindsOf(actor, 'write')
    const agencies = agenciesOf(deps.tree, actor)
    const rows = await listImports(deps.pool, {
      agencies,
      kinds: importKindsOf(actor, 'read'),
      maker: actor.sub,
      before,
      limit: listSize + 1,
    })
    const shown = rows.slice(0, listSize)
    render(res, 'console/imports', {
      imports: shown,
      first: before ? '/console/imports' : null,
      next: rows.length > listSize ? href('/console/imports', { before: shown.at(-1)!.id }) : null,
      errors,
      limits: tableLimits,
      columns: kinds.includes('officers') ? officerColumns : agencyColumns,
      kinds,
    })
  }

  pages.get('/imports', ['people.write', 'agencies.read'], async (req, res, actor) => {
    const before = queryOf(req, 'before')
    await showList(res, actor, [], isUuid(before) ? before : undefined)
  })

  pages.upload('/imports', importer, async (req, res, actor) => {
    const form = await readMultipart(req, { fileBytes: photoArchiveBytes, files: 2 })
    const t = res.locals.t as Translate
    try {
      checkCsrf(req, form.fields.get('_csrf'))
      const file = form.files.get('file')?.[0]
      const photos = form.files.get('photos')?.[0]
      const fault = faultOfSheet(file, t)
      if (!file || fault) return await showList(res.status(422), actor, [{ field: 'file', text: fault }])
      if (photos && photos.bytes > 0 && !/\.zip$/i.test(photos.name))
        return await showList(res.status(422), actor, [{ field: 'photos', text: t('import.photosNotZip') }])
      const id = await startImport(imports, {
        maker: whoOf(actor),
        agency: actor.agency,
        may: importKindsOf(actor, 'write'),
        file: opened(file),
        photos: photos && photos.bytes > 0 ? opened(photos) : undefined,
      })
      res.redirect(303, `/console/imports/${id}`)
    } catch (error) {
      if (!(error instanceof AppError) || error.code.startsWith('auth.')) throw error
      await showList(res.status(422), actor, [{ field: 'file', text: t(problemKey(error.code), { detail: error.detail }) }])
    } finally {
      await form.discard()
    }
  })

  pages.get('/imports/:id', reader, async (req, res, actor) => {
    const row = await find(String(req.params.id), actor, 'read')
    const counts = row.counts as Partial<Record<string, number>>
    const asked = queryOf(req, 'show')
    const tab: Tab =
      asked in tabs || asked === 'absent' || asked === 'photos'
        ? (asked as Tab)
        : counts.refused
          ? 'refused'
          : counts.warned
            ? 'warnings'
            : counts.changed
              ? 'changed'
              : 'new'
    const after = queryOf(req, 'after')
    const path = `/console/imports/${row.id}`
    const here = (more: Record<string, string | undefined>) => href(path, { show: tab, ...more })
    const common = {
      row,
      mayChange: importKindsOf(actor, 'write').includes(row.kind),
      tab,
      tabs: [...Object.keys(tabs), 'absent', 'photos'],
      path,
      columnNames: columnNamesOf(row),
      first: after ? here({}) : null,
    }
    if (row.state !== 'preview' && row.state !== 'done') return render(res, 'console/import', { ...common, rows: [], next: null })
    if (tab === 'absent') {
      const { people, next } = await absentFrom(imports, row.id, isUuid(after) ? after : null, pageSize)
      return render(res, 'console/import', { ...common, rows: [], people, next: next ? here({ after: next }) : null })
    }
    const seq = /^\d{1,9}$/.test(after) ? Number(after) : 0
    if (tab === 'photos') {
      const { photos, next } = await loosePhotos(imports, row.id, seq, pageSize)
      const open = await previewOf(imports, row.id, { photos: ['missing', 'refused'], limit: 500 })
      return render(res, 'console/import', {
        ...common,
        rows: [],
        photos,
        open: open.rows,
        next: next ? here({ after: String(next) }) : null,
      })
    }
    const { rows, next } = await previewOf(imports, row.id, { ...tabs[tab], after: seq, limit: pageSize })
    render(res, 'console/import', { ...common, rows, next: next ? here({ after: String(next) }) : null })
  })

  pages.get('/imports/:id/progress', reader, async (req, res, actor) => {
    const row = await find(String(req.params.id), actor, 'read')
    const t = res.locals.t as Translate
    const text =
      row.total > 0 ? t('progress.text', { done: row.progress, total: row.total }) : t('import.counting', { count: row.progress })
    res.json({
      done: row.progress,
      total: row.total,
      finished: row.state !== 'reading' && row.state !== 'committing' && row.state !== 'uploading',
      text,
    })
  })

  pages.post('/imports/:id/mapping', importer, async (req, res, actor) => {
    const row = await find(String(req.params.id), actor)
    const fields = fieldsOf(req)
    const mapping = Object.fromEntries(columnNamesOf(row).map(({ name }) => [name, fields[`column-${name}`] ?? '']))
    await attempt(deps, req, res, `/console/imports/${row.id}`, async () => {
      await previewAgain(imports, row.id, mapping)
      res.redirect(303, `/console/imports/${row.id}`)
    })
  })

  pages.post('/imports/:id/again', importer, async (req, res, actor) => {
    const row = await find(String(req.params.id), actor)
    await attempt(deps, req, res, `/console/imports/${row.id}`, async () => {
      await previewAgain(imports, row.id)
      res.redirect(303, `/console/imports/${row.id}`)
    })
  })

  pages.post('/imports/:id/commit', importer, async (req, res, actor) => {
    const row = await find(String(req.params.id), actor)
    await attempt(deps, req, res, `/console/imports/${row.id}`, async () => {
      await startCommit(imports, row.id, { onlyGood: fieldsOf(req).onlyGood === 'yes' })
      res.redirect(303, `/console/imports/${row.id}`)
    })
  })

  pages.post('/imports/:id/cancel', importer, async (req, res, actor) => {
    const row = await find(String(req.params.id), actor)
    await attempt(deps, req, res, `/console/imports/${row.id}`, async () => {
      await cancelImport(imports, row.id, whoOf(actor))
      await redirectWith(deps, req, res, '/console/imports', { key: 'import.cancelledFlash', values: { name: row.fileName } })
    })
  })

  pages.get('/imports/:id/photos/:seq', reader, async (req, res, actor) => {
    const row = await find(String(req.params.id), actor, 'read')
    const seq = String(req.params.seq)
    const sealed = /^\d{1,9}$/.test(seq) ? await readImportPhoto(deps.pool, row.id, Number(seq)) : null
    if (!sealed) throw new AppError('http.not-found')
    res.type('jpeg').send(openPhoto(deps.cipher, sealed).shown)
  })

  pages.post('/imports/:id/photos', importer, async (req, res, actor) => {
    const row = await find(String(req.params.id), actor)
    const { photo = '', to = '' } = fieldsOf(req)
    const back = `/console/imports/${row.id}?show=photos`
    if (row.state !== 'preview' || !/^\d{1,9}$/.test(photo) || !/^\d{1,9}$/.test(to))
      return redirectWith(deps, req, res, back, { kind: 'error', key: 'import.photoNotPlaced' })
    const placed = await inTransaction(deps.pool, tx => assignPhoto(tx, row.id, Number(photo), Number(to)))
    await redirectWith(deps, req, res, back, placed ? { key: 'import.photoPlaced' } : { kind: 'error', key: 'import.photoNotPlaced' })
  })

  pages.get('/imports/:id/errors.xlsx', importer, async (req, res, actor) => {
    const row = await find(String(req.params.id), actor)
    await recordAudit(deps.pool, { actor: whoOf(actor), action: 'import.errors-read', agency: row.agencyCode, subject: `import:${row.id}` })
    res.type('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
    res.attachment(`loi-nhap-${row.createdAt.toISOString().slice(0, 10)}.xlsx`)
    await pipeline(await errorWorkbook(imports, row.id, res.locals.lang as 'vi' | 'en'), res)
  })

  /** The import, when its agency and its kind are the actor's to handle. */
  const find = async (id: string, actor: Actor, what: 'read' | 'write' = 'write'): Promise<ImportRow> => {
    const row = isUuid(id) ? await readImport(deps.pool, id) : null
    if (!row) throw new AppError('import.not-found')
    inScope(deps.tree, actor, row.agencyCode)
    // Until the file has been read its kind is only a guess; its maker may look whatever it is.
    if (!importKindsOf(actor, what).includes(row.kind) && !(row.maker === actor.sub && row.columns === null))
      throw new AppError('auth.forbidden')
    return row
  }

  return pages
}

/** Why a file cannot be a sheet, before it is opened; '' when it may. A browser sends an empty part without a name for no file. */
function faultOfSheet(file: UploadedFile | undefined, t: Translate): string {
  if (!file || (file.bytes === 0 && file.name === '')) return t('import.fileMissing')
  if (file.bytes === 0) return t('import.fileEmpty')
  return file.bytes > tableLimits.fileBytes ? t('import.fileTooLarge', { size: tableLimits.fileBytes / 1048576 }) : ''
}

function columnNamesOf(row: ImportRow): { name: string; required: boolean }[] {
  return row.kind === 'agencies' ? [...agencyColumns] : [...officerColumns]
}

function opened(file: UploadedFile): { name: string; stream: AsyncIterable<Uint8Array> } {
  return { name: file.name || 'upload', stream: file.open() }
}
