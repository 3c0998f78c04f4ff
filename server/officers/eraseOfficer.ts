import { randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { dropUnusedPhotos } from '../photos/photosTable.ts'
import { sealPrivate } from './officerPrivate.ts'
import { blankOfficer, lockOfficer, readTies } from './officersTable.ts'
import type { OfficerDeps, OfficerReader } from './readOfficer.ts'

/** Erases what other rooms hold of an officer, as their row was. */
export type EraseElsewhere = (tx: Tx, officer: { id: string; personalNumberIndex: Buffer }) => Promise<void>

/**
 * Erases what is personal about somebody who has left: name, number, private data, notes, history and photo. The bare row,
 * the cards' serials and the log stay. `eraseElsewhere` erases in the same transaction what other rooms hold.
 * @throws officer.not-found · officer.conflict a card is still valid or a request still open
 */
export async function eraseOfficer(
  deps: Omit<OfficerDeps, 'pool'> & { pool: Pool; eraseElsewhere?: EraseElsewhere },
  actor: OfficerReader,
  id: string,
): Promise<void> {
  await inTransaction(deps.pool, async tx => {
    const row = await lockOfficer(tx, id)
    if (!row || !deps.agencies.inSubtree(row.agencyCode, actor.agency)) throw new AppError('officer.not-found')
    const ties = await readTies(tx, id)
    if (ties.validCards > 0) throw new AppError('officer.conflict', 'The person still holds a valid card: revoke it first')
    if (ties.openRequests > 0) throw new AppError('officer.conflict', 'The person is in an open request: decide it first')
    await blankOfficer(tx, id, sealPrivate(deps.cipher, { personalNumber: '', birthDate: '', gender: 'male' }), randomBytes(32))
    if (row.photoDigest) await dropUnusedPhotos(tx, [row.photoDigest])
    await deps.eraseElsewhere?.(tx, row)
    await recordAudit(tx, { actor, action: 'officer.erased', agency: row.agencyCode, subject: `officer:${id}` })
  })
}
