import { v7 as uuidv7 } from 'uuid'
import { AppError } from '../../core/errors.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { type OfficerPrivate, openPrivate, sealPrivate } from '../officers/officerPrivate.ts'
import {
  insertOfficerChanges,
  insertOfficers,
  type OfficerNote,
  type OfficerRow as OfficerRecord,
  type OfficerToWrite,
  readOfficersById,
  setOfficerPhoto,
  updateOfficers,
} from '../officers/officersTable.ts'
import { insertPhotos } from '../photos/photosTable.ts'
import { type Finding, severityOf } from '../tables/finding.ts'
import { searchName } from '../tables/searchName.ts'
import { ImportCancelled, type ImportDeps, isTransient } from './importDeps.ts'
import { readPhotosOfOthers, readPhotosOfRows, type StoredPhoto } from './importPhotosTable.ts'
import { readRowsToWrite, type StoredRow } from './importRowsTable.ts'
import { clearFiles, type ImportCounts, type ImportRow, moveImport, noteProgress, readImport } from './importsTable.ts'
import type { OfficerValues } from './officerRow.ts'
import { openPhoto } from './photoContent.ts'
import { openRow } from './rowContent.ts'
import { writeAgencies } from './writeAgencies.ts'

const batchSize = 1000
const photoBatchSize = 100

/**
 * The job that writes a previewed import, or of agencies asks for it: everything in one transaction, whose last statements end the import and record it.
 * A crash, a cancellation or a person who changed since the preview (`import.stale`) leaves nothing written.
 */
export async function commitImport(deps: ImportDeps, importId: string): Promise<void> {
  const row = await readImport(deps.pool, importId)
  if (row?.state !== 'committing') return
  try {
    await inTransaction(deps.pool, async tx => {
      const { requestId, ...written }: { requestId?: string } & Record<string, number | string> =
        row.kind === 'agencies' ? await writeAgencies(deps, tx, row) : await writeOfficers(deps, tx, row)
      await clearFiles(tx, importId)
      await recordAudit(tx, {
        actor: { sub: row.maker, name: row.makerName },
        action: 'import.committed',
        agency: row.agencyCode,
        subject: `import:${importId}`,
        detail: { kind: row.kind, onlyGood: row.onlyGood === true, ...written },
      })
      // Held from here to the commit: a cancellation that comes now finds the import done.
      if (!(await moveImport(tx, importId, ['committing'], 'done', requestId ? { requestId } : {}))) throw new ImportCancelled()
    })
    if (row.kind === 'agencies') await deps.agencies.refresh(deps.pool)
  } catch (error) {
    if (error instanceof ImportCancelled) return
    if (isTransient(error)) throw error
    const known = error instanceof AppError && error.code !== 'internal'
    await moveImport(deps.pool, importId, ['committing'], 'failed', {
      failureCode: known ? error.code : 'internal',
      ...(known ? { failureDetail: error.detail } : {}),
    })
    if (!known) throw error
  }
}

async function writeOfficers(deps: ImportDeps, tx: Tx, row: ImportRow): Promise<{ new: number; changed: number; photos: number }> {
  const counts = row.counts as ImportCounts
  const total = counts.new + counts.changed + counts.photos.matched
  const written = { new: 0, changed: 0, photos: 0 }
  let steps = 0
  const step = async (count: number): Promise<void> => {
    steps += count
    // On a connection of its own: progress is seen before the transaction ends.
    if ((await noteProgress(deps.pool, row.id, Math.min(steps, total), total)) !== 'committing') throw new ImportCancelled()
  }
  // The database writes one page while the next one, read before, is made ready.
  let writing: Promise<unknown> = Promise.resolve()
  let page = await readRowsToWrite(tx, row.id, 0, batchSize)
  while (page.length > 0) {
    const nextPage = page.length < batchSize ? Promise.resolve([]) : readRowsToWrite(tx, row.id, page.at(-1)!.seq, batchSize)
    nextPage.catch(() => {}) // heard below, unless something else fails first
    const photos = await keepPhotos(deps, tx, row.id, page, step)
    const ready = await readyPage(deps, tx, row, page, photos)
    await writing
    writing = writePage(tx, ready)
    writing.catch(() => {})
    written.photos += photos.size
    written.new += ready.added.length
    written.changed += ready.changed.length
    await step(page.length)
    page = await nextPage
  }
  await writing
  for (let after = 0; ; ) {
    const page = await readPhotosOfOthers(tx, row.id, after, photoBatchSize)
    if (page.length === 0) break
    after = page.at(-1)!.seq
    await insertPhotos(
      tx,
      deps.cipher,
      page.map(photo => ({ digest: photo.digest!, ...openPhoto(deps.cipher, photo.sealed!) })),
    )
    for (const photo of page) await setOfficerPhoto(tx, photo.officerId!, photo.digest!)
    written.photos += page.length
    await step(page.length)
  }
  return written
}

/** Keeps the new photos of a page of rows; answers their digests by row. */
async function keepPhotos(deps: ImportDeps, tx: Tx, importId: string, page: readonly StoredRow[], step: (count: number) => Promise<void>) {
  const digests = new Map<number, Buffer>()
  const seqs = page.filter(one => one.photo === 'new').map(one => one.seq)
  for (let at = 0; at < seqs.length; at += photoBatchSize) {
    const photos: StoredPhoto[] = await readPhotosOfRows(tx, importId, seqs.slice(at, at + photoBatchSize))
    await insertPhotos(
      tx,
      deps.cipher,
      photos.map(photo => ({ digest: photo.digest!, ...openPhoto(deps.cipher, photo.sealed!) })),
    )
    for (const photo of photos) digests.set(photo.rowSeq!, photo.digest!)
    await step(photos.length)
  }
  return digests
}

interface ReadyPage {
  added: OfficerToWrite[]
  changed: (OfficerToWrite & { version: number })[]
  history: Parameters<typeof insertOfficerChanges>[1][number][]
}

/** What a page of rows writes. Throws `import.stale` when a person is not as the preview found them. */
async function readyPage(
  deps: ImportDeps,
  tx: Tx,
  row: ImportRow,
  page: readonly StoredRow[],
  photos: ReadonlyMap<number, Buffer>,
): Promise<ReadyPage> {
  const ids = page.flatMap(one => one.officerId ?? [])
  const records = new Map((ids.length > 0 ? await readOfficersById(tx, ids) : []).map(record => [record.id, record]))
  const ready: ReadyPage = { added: [], changed: [], history: [] }
  for (const stored of page) {
    const { values, findings, changes = {} } = openRow<OfficerValues>(deps.cipher, stored.sealed)
    const record = stored.officerId === null ? undefined : records.get(stored.officerId)
    if (stored.officerId !== null && record?.version !== stored.officerVersion) throw new AppError('import.stale')
    const photoDigest = photos.get(stored.seq) ?? record?.photoDigest ?? null
    const officer = officerOf(deps, stored, values, findings, record, photoDigest)
    if (!record) {
      ready.added.push(officer)
      continue
    }
    ready.changed.push({ ...officer, version: record.version })
    const all = photos.has(stored.seq) ? { ...changes, photo: [hex(record.photoDigest), hex(photoDigest)] } : changes
    ready.history.push({
      officerId: record.id,
      version: record.version + 1,
      actor: row.maker,
      actorName: row.makerName,
      importId: row.id,
      sealed: deps.cipher.seal(JSON.stringify(all)),
    })
  }
  return ready
}

async function writePage(tx: Tx, { added, changed, history }: ReadyPage): Promise<void> {
  if (added.length > 0 && (await insertOfficers(tx, added)) !== added.length) throw new AppError('import.stale')
  if (changed.length > 0 && (await updateOfficers(tx, changed)) !== changed.length) throw new AppError('import.stale')
  await insertOfficerChanges(tx, history)
}

function officerOf(
  deps: ImportDeps,
  stored: StoredRow,
  values: OfficerValues,
  findings: readonly Finding[],
  record: OfficerRecord | undefined,
  photoDigest: Buffer | null,
): OfficerToWrite {
  const before = record && openPrivate(deps.cipher, record.private)
  const optional = (now: string | undefined, old: string | undefined): string => now ?? old ?? ''
  const secret: OfficerPrivate = { personalNumber: values.personalNumber, birthDate: values.birthDate, gender: values.gender }
  for (const field of ['email', 'soHieu', 'maNgach', 'contractEnd'] as const) {
    const value = optional(values[field], before?.[field])
    if (value) secret[field] = value
  }
  return {
    id: record?.id ?? uuidv7(),
    agencyCode: values.agency,
    personalNumberIndex: stored.personIndex!,
    private: sealPrivate(deps.cipher, secret),
    fullName: values.fullName,
    searchName: searchName(values.fullName),
    position: optional(values.position, record?.position),
    title: optional(values.title, record?.title),
    category: values.category,
    photoDigest,
    warnings: notesOf(findings),
  }
}

function notesOf(findings: readonly Finding[]): OfficerNote[] {
  return findings.flatMap(({ code, column }) => {
    const severity = severityOf(code)
    return severity === 'refused' ? [] : [{ code, column, severity }]
  })
}

function hex(digest: Buffer | null): string {
  return digest?.toString('hex', 0, 8) ?? ''
}
