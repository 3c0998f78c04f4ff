import { AppError } from '../../core/errors.ts'
import { type AuditRow, recordAudit } from '../audit/auditTable.ts'
import type { Db } from '../db/transaction.ts'
import { readPrintedPhoto } from '../photos/photosTable.ts'
import { openPrivate } from './officerPrivate.ts'
import { readOfficersById } from './officersTable.ts'
import { type OfficerDeps, type OfficerReader, readOfficer, viewsOfOfficer } from './readOfficer.ts'

/** Of one read. */
const viewsAtOnce = 500

/** What other rooms hold of an officer. */
export type ExportElsewhere = (officer: { personalNumberIndex: Buffer }) => Promise<Record<string, unknown>>

/**
 * Everything that is kept about a person, as a JSON value, for answering the person (Luật 91/2025): data in clear, the photo
 * as base64, cards, requests, changes, and who looked. Recorded. Throws `officer.not-found`.
 */
export async function exportOfficer(
  deps: OfficerDeps & { exportElsewhere?: ExportElsewhere },
  reader: OfficerReader,
  id: string,
): Promise<Record<string, unknown>> {
  const page = await readOfficer(deps, reader, id)
  const [row] = await readOfficersById(deps.pool, [id])
  if (!row) throw new AppError('officer.not-found')
  const photo = row.photoDigest ? await readPrintedPhoto(deps.pool, deps.cipher, row.photoDigest) : null
  await recordAudit(deps.pool, { actor: reader, action: 'officer.exported', agency: row.agencyCode, subject: `officer:${id}` })
  const views = await allViews(deps.pool, id)
  return {
    ...page,
    personalNumber: openPrivate(deps.cipher, row.private).personalNumber,
    photoDigest: row.photoDigest?.toString('hex') ?? null,
    photoJpeg: photo?.toString('base64') ?? null,
    views: views.map(view => ({ at: view.at, by: view.actorName, action: view.action })),
    ...(await deps.exportElsewhere?.(row)),
  }
}

async function allViews(db: Db, id: string): Promise<AuditRow[]> {
  const views: AuditRow[] = []
  for (;;) {
    const page = await viewsOfOfficer(db, id, { before: views.at(-1)?.id, limit: viewsAtOnce })
    views.push(...page)
    if (page.length < viewsAtOnce) return views
  }
}
