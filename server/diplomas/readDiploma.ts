import type { DiplomaClaims } from '../../core/credential/diploma.ts'
import { parseSealed } from '../../core/credential/sealed.ts'
import { AppError } from '../../core/errors.ts'
import type { Db } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { type DiplomaRow, diplomaByRef } from './diplomasTable.ts'

/** A diploma with its COSE_Sign1 and the claims in it. */
export type OpenedDiploma = DiplomaRow & { sealedBytes: Buffer; claims: DiplomaClaims }

/** The diploma of a ref (16 bytes). Throws `diploma.not-found`. */
export async function readDiploma(db: Db, cipher: FieldCipher, ref: Uint8Array): Promise<OpenedDiploma> {
  const row = await diplomaByRef(db, ref)
  if (!row) throw new AppError('diploma.not-found')
  return openDiploma(cipher, row)
}

/** Decrypts the sealed credential of a row. */
export function openDiploma(cipher: FieldCipher, row: DiplomaRow): OpenedDiploma {
  const sealedBytes = cipher.open(row.sealed)
  const parsed = parseSealed(sealedBytes)
  if (parsed.kind !== 'diploma') throw new AppError('internal', 'A diploma row holds another credential')
  return { ...row, sealedBytes, claims: parsed.claims }
}
