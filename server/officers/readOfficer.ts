import { AppError } from '../../core/errors.ts'
import { maskPersonalNumber } from '../../core/identity/maskPersonalNumber.ts'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import { type AuditFilter, type AuditRow, readAudit, recordAudit } from '../audit/auditTable.ts'
import type { Db } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { openPrivate } from './officerPrivate.ts'
import {
  type OfficerCard,
  type OfficerNote,
  type OfficerRequest,
  readOfficerCards,
  readOfficerChanges,
  readOfficerRequests,
  readOfficersById,
} from './officersTable.ts'

/** One person's page. Dates of `private` are ISO. */
export interface OfficerPage {
  id: string
  fullName: string
  /** `001***012345` */
  personalNumber: string
  birthDate: string
  gender: 'male' | 'female'
  email: string
  soHieu: string
  maNgach: string
  contractEnd: string
  agency: string
  position: string
  title: string
  category: string
  photoDigest: Buffer | null
  notes: OfficerNote[]
  version: number
  left: Date | null
  createdAt: Date
  updatedAt: Date
  cards: OfficerCard[]
  requests: OfficerRequest[]
  /** Newest first. */
  changes: { version: number; at: Date; by: string; importId: string | null; fields: Record<string, [string, string]> }[]
}

export interface OfficerDeps {
  pool: Db
  cipher: FieldCipher
  agencies: AgencyTree
}

/** Who looks, for the record: the person can see it. */
export interface OfficerReader {
  sub: string
  name: string
  agency: string
  officerId?: string
}

/**
 * One person's page, and a line in the audit that `reader` looked at it. People see the agencies of their subtree, and
 * themselves.
 * @throws officer.not-found no such person, or outside the reader's agencies
 */
export async function readOfficer(deps: OfficerDeps, reader: OfficerReader, id: string): Promise<OfficerPage> {
  const [row] = await readOfficersById(deps.pool, [id])
  if (!row || (reader.officerId !== id && !deps.agencies.inSubtree(row.agencyCode, reader.agency))) throw new AppError('officer.not-found')
  const [cards, requests, changes] = await Promise.all([
    readOfficerCards(deps.pool, id),
    readOfficerRequests(deps.pool, id),
    readOfficerChanges(deps.pool, id),
  ])
  const secret = openPrivate(deps.cipher, row.private)
  await recordAudit(deps.pool, { actor: reader, action: 'officer.viewed', agency: row.agencyCode, subject: `officer:${id}` })
  return {
    id,
    fullName: row.fullName,
    personalNumber: maskPersonalNumber(secret.personalNumber),
    birthDate: secret.birthDate,
    gender: secret.gender,
    email: secret.email ?? '',
    soHieu: secret.soHieu ?? '',
    maNgach: secret.maNgach ?? '',
    contractEnd: secret.contractEnd ?? '',
    agency: row.agencyCode,
    position: row.position,
    title: row.title,
    category: row.category,
    photoDigest: row.photoDigest,
    notes: row.warnings,
    version: row.version,
    left: row.leftAt,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    cards,
    requests,
    changes: changes.map(change => ({
      version: change.version,
      at: change.at,
      by: change.actorName,
      importId: change.importId,
      fields: JSON.parse(deps.cipher.open(change.sealed).toString('utf8')) as Record<string, [string, string]>,
    })),
  }
}

/** Who looked at a person's page or exported it, newest first: what the person may see. */
export async function viewsOfOfficer(db: Db, id: string, page: Pick<AuditFilter, 'before' | 'limit'> = {}): Promise<AuditRow[]> {
  return readAudit(db, { subject: `officer:${id}`, ...page })
}
