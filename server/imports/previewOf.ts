import { AppError } from '../../core/errors.ts'
import { maskPersonalNumber } from '../../core/identity/maskPersonalNumber.ts'
import { type Finding, findingSentence, type Severity, severityOf } from '../tables/finding.ts'
import type { AgencyValues } from './agencyRow.ts'
import type { ImportDeps } from './importDeps.ts'
import { readLoosePhotos, readPhotoNamesOfRows } from './importPhotosTable.ts'
import { agenciesInFile, type RowFilter, type RowOutcome, type RowPhoto, readAbsent, readRows, type StoredRow } from './importRowsTable.ts'
import { type ImportRow, readImport } from './importsTable.ts'
import type { OfficerValues } from './officerRow.ts'
import { openPhotoName } from './photoContent.ts'
import { openRow } from './rowContent.ts'

/** A finding as people and programs read it. */
export interface ShownFinding extends Finding {
  severity: Severity
  message: { vi: string; en: string }
}

export interface PreviewRow {
  seq: number
  sheet: string
  row: number
  outcome: RowOutcome
  photo: RowPhoto
  /** Full name, or an agency's name. */
  name: string
  /** Masked; '' for agencies and where it cannot be read. */
  personalNumber: string
  agency: string
  /** What a new person's card will say of the post, or the title; '' for others. */
  post: string
  findings: ShownFinding[]
  /** Field by field; empty unless changed. */
  changes: { field: string; before: string; after: string }[]
}

export interface LoosePhoto {
  seq: number
  name: string
  /** A person who is not in the sheet. */
  officerId: string | null
  refusal: string | null
}

export interface Preview {
  import: ImportRow
  rows: PreviewRow[]
  /** `after` of the next page. */
  next: number | null
}

/** The import and one page of its rows, in the order of the file. Throws `import.not-found`. */
export async function previewOf(deps: ImportDeps, importId: string, filter: Partial<RowFilter> = {}): Promise<Preview> {
  const row = await readImport(deps.pool, importId)
  if (!row) throw new AppError('import.not-found')
  const limit = Math.min(filter.limit ?? 50, 500)
  const rows = await readRows(deps.pool, importId, { ...filter, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const photos = await photoNotes(deps, importId, page)
  return {
    import: row,
    rows: page.map(one => shownRow(deps, one, photos, row.columns)),
    next: rows.length > limit ? page.at(-1)!.seq : null,
  }
}

/** People of the file's agencies who are not in it; nothing happens to them by itself. `after` is the id that a page ended with. */
export async function absentFrom(
  deps: ImportDeps,
  importId: string,
  after: string | null,
  limit = 50,
): Promise<{ people: { id: string; fullName: string; agency: string }[]; next: string | null }> {
  const rows = await readAbsent(deps.pool, importId, await agenciesInFile(deps.pool, importId), after, limit + 1)
  const people = rows.slice(0, limit).map(one => ({ id: one.id, fullName: one.fullName, agency: one.agencyCode }))
  return { people, next: rows.length > limit ? people.at(-1)!.id : null }
}

/** Photos that no row of the sheet took: refused, of people not in the sheet, or to be matched by hand. */
export async function loosePhotos(
  deps: ImportDeps,
  importId: string,
  after: number,
  limit = 100,
): Promise<{ photos: LoosePhoto[]; next: number | null }> {
  const rows = await readLoosePhotos(deps.pool, importId, after, limit + 1)
  const photos = rows.slice(0, limit).map(({ seq, name, officerId, refusal }) => {
    return { seq, name: openPhotoName(deps.cipher, name).name, officerId, refusal }
  })
  return { photos, next: rows.length > limit ? photos.at(-1)!.seq : null }
}

function shownRow(deps: ImportDeps, stored: StoredRow, photos: ReadonlyMap<number, Finding>, sheets: ImportRow['columns']): PreviewRow {
  const content = openRow<Partial<OfficerValues & AgencyValues>>(deps.cipher, stored.sealed)
  const { values } = content
  const headers = sheets?.find(one => one.sheet === content.sheet)?.columns ?? {}
  const photo = photos.get(stored.seq)
  return {
    seq: stored.seq,
    sheet: content.sheet,
    row: content.row,
    outcome: stored.outcome,
    photo: stored.photo,
    name: values.fullName ?? values.nameVi ?? '',
    personalNumber: maskPersonalNumber(values.personalNumber ?? ''),
    agency: stored.agencyCode ?? '',
    post: stored.outcome === 'new' ? values.position || values.title || '' : '',
    findings: [...content.findings, ...(photo ? [photo] : missingPhoto(stored, values.photoFile))].map(finding =>
      shownFinding(finding, headers[finding.column]),
    ),
    changes: Object.entries(content.changes ?? {}).map(([field, [before, after]]) => ({ field, before, after })),
  }
}

function shownFinding(finding: Finding, header: string | undefined): ShownFinding {
  return {
    ...finding,
    severity: severityOf(finding.code),
    message: { vi: findingSentence(finding, 'vi', header), en: findingSentence(finding, 'en', header) },
  }
}

function missingPhoto(stored: StoredRow, photoFile: string | undefined): Finding[] {
  if (stored.photo !== 'missing') return []
  return [{ code: photoFile ? 'import.photo.missing' : 'import.photo.none', column: 'anh_file', value: photoFile ?? '' }]
}

/** What is to be said of the photos of a page of rows: refused, or too small to print well. */
async function photoNotes(deps: ImportDeps, importId: string, page: readonly StoredRow[]): Promise<Map<number, Finding>> {
  const seqs = page.filter(row => row.photo === 'refused' || row.photo === 'new').map(row => row.seq)
  const notes = new Map<number, Finding>()
  for (const { rowSeq, refusal, name } of await readPhotoNamesOfRows(deps.pool, importId, seqs)) {
    const file = openPhotoName(deps.cipher, name)
    if (refusal) notes.set(rowSeq, { code: 'import.photo.refused', column: 'anh_file', value: file.name, other: refusal })
    else if (file.width !== undefined && file.height !== undefined && (file.width < 300 || file.height < 400))
      notes.set(rowSeq, { code: 'import.photo.small', column: 'anh_file', value: file.name, other: `${file.width} × ${file.height}` })
  }
  return notes
}
