import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { diplomaByRef, diplomasOfHolder } from './diplomasTable.ts'
import { type OpenedDiploma, openDiploma } from './readDiploma.ts'

interface OwnDeps {
  pool: Pool
  cipher: FieldCipher
}

/** A person who signed in; `personIndex` is the look-up index of their personal number, where the sign-in carries one. */
interface Holder {
  personIndex?: Buffer
}

/** The diplomas of a person, those in force first. */
export async function ownDiplomas({ pool, cipher }: OwnDeps, { personIndex }: Holder): Promise<OpenedDiploma[]> {
  return personIndex ? (await diplomasOfHolder(pool, personIndex)).map(row => openDiploma(cipher, row)) : []
}

/** The diploma of a ref (16 bytes) when it is this person's. Throws `diploma.not-found`. */
export async function findOwnDiploma({ pool, cipher }: OwnDeps, { personIndex }: Holder, ref: Uint8Array): Promise<OpenedDiploma> {
  const row = await diplomaByRef(pool, ref)
  if (!row || !personIndex || !row.holderIndex?.equals(personIndex)) throw new AppError('diploma.not-found')
  return openDiploma(cipher, row)
}
