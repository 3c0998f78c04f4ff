import type { Pool } from 'pg'
import { type DiplomaRow, diplomaByRef, diplomasByFile, diplomasByLookup } from '../diplomas/diplomasTable.ts'
import { openDiploma } from '../diplomas/readDiploma.ts'
import { lookupIndex } from '../diplomas/shownDiploma.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import type { RegisteredDiploma } from '../verification/lookUpDiploma.ts'

/** Registered diplomas as verification asks for them. */
export interface RegisteredDiplomas {
  byNumber(agency: string, soHieu: string): Promise<RegisteredDiploma[]>
  byRef(ref: Uint8Array): Promise<RegisteredDiploma | null>
  /** By the SHA-256 (32 bytes) of the registered file or of the signed PDF made from it; one in force first. */
  byDocument(digest: Uint8Array): Promise<(RegisteredDiploma & { ref: Uint8Array }) | null>
}

export function registeredDiplomas(pool: Pool, cipher: FieldCipher): RegisteredDiplomas {
  return {
    async byNumber(agency, soHieu) {
      return (await diplomasByLookup(pool, lookupIndex(cipher, agency, soHieu))).map(registered)
    },
    async byRef(ref) {
      const row = await diplomaByRef(pool, ref)
      return row && registered(row)
    },
    async byDocument(digest) {
      const [row] = await diplomasByFile(pool, digest)
      return row ? registered(row) : null
    },
  }

  function registered(row: DiplomaRow): RegisteredDiploma & { ref: Uint8Array } {
    const { sealedBytes, claims } = openDiploma(cipher, row)
    return {
      ref: row.ref,
      sealed: sealedBytes,
      birthDate: claims.diploma.birthDate,
      endedAs: row.endedAs,
      decision: row.decision,
      successor: row.successor,
    }
  }
}
