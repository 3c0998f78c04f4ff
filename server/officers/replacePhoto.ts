import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { insertPhotos } from '../photos/photosTable.ts'
import { preparePhoto } from '../photos/preparePhoto.ts'
import { insertOfficerChanges, lockOfficer, setOfficerPhoto } from './officersTable.ts'
import type { OfficerDeps, OfficerReader } from './readOfficer.ts'

/** Gives one person a new photo. Throws `officer.not-found` and what `preparePhoto` throws. */
export async function replacePhoto(
  deps: Omit<OfficerDeps, 'pool'> & { pool: Pool },
  actor: OfficerReader,
  id: string,
  file: Buffer,
): Promise<Buffer> {
  const photo = await preparePhoto(file)
  await inTransaction(deps.pool, async tx => {
    const row = await lockOfficer(tx, id)
    if (!row || !deps.agencies.inSubtree(row.agencyCode, actor.agency)) throw new AppError('officer.not-found')
    if (row.photoDigest?.equals(photo.digest)) return
    await insertPhotos(tx, deps.cipher, [photo])
    await setOfficerPhoto(tx, id, photo.digest)
    const fields = { photo: [row.photoDigest?.toString('hex', 0, 8) ?? '', photo.digest.toString('hex', 0, 8)] }
    const change = { officerId: id, version: row.version + 1, actor: actor.sub, actorName: actor.name, importId: null }
    await insertOfficerChanges(tx, [{ ...change, sealed: deps.cipher.seal(JSON.stringify(fields)) }])
    await recordAudit(tx, { actor, action: 'officer.photo-replaced', agency: row.agencyCode, subject: `officer:${id}` })
  })
  return photo.digest
}
