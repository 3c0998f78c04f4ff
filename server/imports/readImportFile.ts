import { hash } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import type { PhotoOwner } from '../photos/matchPhotos.ts'
import type { TableRow } from '../tables/cell.ts'
import { headerScore, mapColumns } from '../tables/columnMap.ts'
import { mappedRows, type SheetNote } from '../tables/mappedRows.ts'
import { readTable, type Table } from '../tables/readTable.ts'
import { agencyColumns } from './agencyRow.ts'
import { ImportCancelled, type ImportDeps, isTransient } from './importDeps.ts'
import { loadImportFile } from './importFiles.ts'
import { readMapping } from './importMappingsTable.ts'
import { agenciesInFile, countAbsent, countOutcomes, countRowPhotos, officersOfRows, settleRowPhotos } from './importRowsTable.ts'
import {
  clearReading,
  finishReading,
  type ImportCounts,
  type ImportKind,
  type ImportRow,
  moveImport,
  noteColumns,
  noteProgress,
  readImport,
  type SheetColumns,
} from './importsTable.ts'
import { officerColumns } from './officerColumns.ts'
import { previewAgencies } from './previewAgencies.ts'
import { previewOfficers } from './previewOfficers.ts'
import { openPhotoArchive, photoNames, previewPhotos } from './previewPhotos.ts'

/**
 * The job that reads an uploaded file and opens its preview; it writes nothing outside the import. A fault of the file ends
 * the import as `failed` with its code. May be run again at any time: it begins by forgetting what it made before.
 */
export async function readImportFile(deps: ImportDeps, importId: string): Promise<void> {
  const row = await readImport(deps.pool, importId)
  if (row?.state !== 'reading') return
  try {
    await clearReading(deps.pool, importId)
    await deps.agencies.refresh(deps.pool)
    await read(deps, row)
  } catch (error) {
    if (error instanceof ImportCancelled) return
    if (isTransient(error)) throw error
    const known = error instanceof AppError && error.code !== 'internal'
    await moveImport(deps.pool, importId, ['reading'], 'failed', {
      failureCode: known ? error.code : 'internal',
      ...(known ? { failureDetail: error.detail } : {}),
    })
    if (!known) throw error
  }
}

async function read(deps: ImportDeps, row: ImportRow): Promise<void> {
  const opened = readTable(await loadImportFile(deps, row.id, 'table'))
  const { table, kind } = await withKind(opened)
  if (!row.may.includes(kind))
    throw new AppError('auth.forbidden', kind === 'agencies' ? 'Importing agencies needs the role admin' : undefined)
  const archive = kind === 'officers' ? await openPhotoArchive(deps, row.id) : null
  const photoFiles = archive ? photoNames(archive).length : 0

  const sheets: SheetColumns[] = []
  const progress = async (done: number, total: number): Promise<void> => {
    if ((await noteProgress(deps.pool, row.id, done, total)) !== 'reading') throw new ImportCancelled()
  }
  const rows = mappedRows(
    table,
    kind === 'agencies' ? agencyColumns : officerColumns,
    async headers => row.mapping ?? (await readMapping(deps.pool, row.agencyCode, kind, headersDigest(headers))) ?? {},
    note => sheets.push(sheetColumns(note)),
  )
  try {
    let photos = { files: 0, matched: 0, unmatched: 0, refused: 0 }
    if (kind === 'agencies') await previewAgencies(deps, { importId: row.id, rows, agency: row.agencyCode })
    else {
      const scope = new Set<string>(deps.agencies.subtree(row.agencyCode))
      let done = 0
      const { owners, numbers } = await previewOfficers(deps, {
        importId: row.id,
        rows,
        kind: table.kind,
        scope,
        keepOwners: archive !== null,
        onProgress: count => {
          done = count
          return progress(count, 0)
        },
      })
      if (archive) photos = await readPhotos(owners, numbers, scope, done)
    }
    const counts = await count(photos)
    if (counts.rows === 0) throw new AppError('import.empty')
    await finishReading(deps.pool, row.id, kind, sheets, counts)
  } catch (error) {
    await noteColumns(deps.pool, row.id, kind, sheets)
    throw error
  } finally {
    archive?.close()
  }

  async function readPhotos(owners: PhotoOwner<number>[], numbers: ReadonlySet<string>, scope: ReadonlySet<string>, done: number) {
    const photos = await previewPhotos(deps, {
      importId: row.id,
      archive: archive!,
      owners,
      numbers,
      scope,
      officerOfRow: seqs => officersOfRows(deps.pool, row.id, seqs),
      onProgress: count => progress(done + count, done + photoFiles),
    })
    await settleRowPhotos(deps.pool, row.id)
    return photos
  }

  async function count(photos: Omit<ImportCounts['photos'], 'missing' | 'new'>): Promise<ImportCounts> {
    const outcomes = await countOutcomes(deps.pool, row.id)
    const byPhoto = await countRowPhotos(deps.pool, row.id)
    const absent = kind === 'officers' ? await countAbsent(deps.pool, row.id, await agenciesInFile(deps.pool, row.id)) : 0
    return { ...outcomes, absent, photos: { ...photos, new: byPhoto.new, missing: byPhoto.missing + byPhoto.refused } }
  }
}

/** SHA-256 of the header texts: what a remembered mapping is kept under. */
export function headersDigest(headers: readonly string[]): Buffer {
  return hash('sha256', JSON.stringify(headers), 'buffer')
}

/** Whether the first rows look like agencies or like people. */
async function withKind(table: Table): Promise<{ table: Table; kind: ImportKind }> {
  const first: TableRow[] = []
  for (let i = 0; i < 30; i++) {
    const next = await table.rows.next()
    if (next.done) break
    first.push(next.value)
  }
  const score = (specs: Parameters<typeof headerScore>[1]): number =>
    Math.max(0, ...first.map(row => (row.hidden ? 0 : headerScore(mapColumns(row.cells, specs), specs))))
  const kind = score(agencyColumns) > score(officerColumns) ? 'agencies' : 'officers'
  async function* rows(): AsyncGenerator<TableRow> {
    yield* first
    yield* table.rows
  }
  return { table: { kind: table.kind, rows: rows() }, kind }
}

function sheetColumns(note: SheetNote): SheetColumns {
  if (note.headerRow === undefined || !note.map) return { sheet: note.sheet, ...(note.hidden ? { hidden: true } : {}) }
  const { map } = note
  return {
    sheet: note.sheet,
    headerRow: note.headerRow,
    headers: map.headers,
    columns: Object.fromEntries([...map.columns].map(([name, position]) => [name, map.headers[position]!])),
    unknown: map.unknown,
    missing: map.missing,
  }
}
