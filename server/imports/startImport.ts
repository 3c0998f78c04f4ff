import { v7 as uuidv7 } from 'uuid'
import { AppError } from '../../core/errors.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { enqueue } from '../jobs/enqueue.ts'
import { tableLimits } from '../tables/tableLimits.ts'
import type { ImportDeps } from './importDeps.ts'
import { storeImportFile } from './importFiles.ts'
import { rememberMapping } from './importMappingsTable.ts'
import type { RowOutcome } from './importRowsTable.ts'
import { type ImportKind, insertImport, moveImport, readImport } from './importsTable.ts'
import { headersDigest } from './readImportFile.ts'

export interface ImportMaker {
  sub: string
  name: string
}

/** Bytes of an uploaded archive of photos. */
export const photoArchiveBytes = 1 << 30

/**
 * Keeps the uploaded files and starts the job that reads them; answers the import's id. `agency` bounds what it may write.
 * @throws http.too-large
 */
export async function startImport(
  deps: ImportDeps,
  input: {
    maker: ImportMaker
    agency: string
    may: readonly ImportKind[]
    file: { name: string; stream: AsyncIterable<Uint8Array> }
    photos?: { name: string; stream: AsyncIterable<Uint8Array> } | undefined
    mapping?: Record<string, string> | undefined
  },
): Promise<string> {
  const id = uuidv7()
  await insertImport(deps.pool, {
    id,
    agencyCode: input.agency,
    maker: input.maker.sub,
    makerName: input.maker.name,
    may: [...input.may],
    fileName: input.file.name.slice(0, 200),
    photosName: input.photos?.name.slice(0, 200) ?? null,
    mapping: input.mapping ?? null,
  })
  try {
    await storeImportFile(deps, id, 'table', input.file.stream, tableLimits.fileBytes)
    if (input.photos) await storeImportFile(deps, id, 'photos', input.photos.stream, photoArchiveBytes)
  } catch (error) {
    await moveImport(deps.pool, id, ['uploading'], 'cancelled')
    throw error
  }
  await inTransaction(deps.pool, async tx => {
    await moveImport(tx, id, ['uploading'], 'reading')
    await enqueue(tx, 'readImport', { importId: id }, { key: `import:${id}` })
    await recordAudit(tx, { actor: input.maker, action: 'import.started', agency: input.agency, subject: `import:${id}` })
  })
  return id
}

/** Reads the uploaded file again: after a correction of the columns (which is remembered for these headers), or since people changed. */
export async function previewAgain(deps: ImportDeps, id: string, mapping?: Record<string, string>): Promise<void> {
  const row = await readImport(deps.pool, id)
  if (!row) throw new AppError('import.not-found')
  await inTransaction(deps.pool, async tx => {
    if (!(await moveImport(tx, id, ['preview', 'failed'], 'reading', mapping ? { mapping } : {}))) throw new AppError('import.conflict')
    const headers = row.columns?.find(sheet => sheet.headers)?.headers
    if (mapping && headers) await rememberMapping(tx, row.agencyCode, row.kind, headersDigest(headers), mapping)
    await enqueue(tx, 'readImport', { importId: id }, { key: `import:${id}` })
  })
}

/**
 * Starts the job that writes what the preview shows.
 * @throws import.refused-rows some rows are refused and `onlyGood` was not asked for · import.conflict not in preview
 */
export async function startCommit(deps: ImportDeps, id: string, options: { onlyGood: boolean }): Promise<void> {
  const row = await readImport(deps.pool, id)
  if (!row) throw new AppError('import.not-found')
  const refused = (row.counts as Partial<Record<RowOutcome, number>>).refused ?? 0
  if (row.state === 'preview' && refused > 0 && !options.onlyGood)
    throw new AppError('import.refused-rows', `${refused} rows are refused: mend them, or import only the good rows`)
  await inTransaction(deps.pool, async tx => {
    if (!(await moveImport(tx, id, ['preview'], 'committing', { onlyGood: options.onlyGood }))) throw new AppError('import.conflict')
    await enqueue(tx, 'commitImport', { importId: id }, { key: `import:${id}` })
  })
}

/** Cancels an import that is not done; a job in work stops at its next step and leaves nothing. Throws `import.conflict` when it is too late. */
export async function cancelImport(deps: ImportDeps, id: string, actor: ImportMaker): Promise<void> {
  const row = await readImport(deps.pool, id)
  if (!row) throw new AppError('import.not-found')
  await inTransaction(deps.pool, async tx => {
    if (!(await moveImport(tx, id, ['uploading', 'reading', 'preview', 'committing', 'failed'], 'cancelled')))
      throw new AppError('import.conflict')
    await recordAudit(tx, { actor, action: 'import.cancelled', agency: row.agencyCode, subject: `import:${id}` })
  })
}
