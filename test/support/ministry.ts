import { generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import type pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { inTransaction } from '../../server/db/transaction.ts'
import type { FieldCipher } from '../../server/keys/fieldCipher.ts'
import { memorySigner } from '../../server/keys/memorySigner.ts'
import { personalNumberIndex } from '../../server/keys/personalNumberIndex.ts'
import type { KeyUse } from '../../server/keys/signer.ts'
import type { CredentialSigner, SignerPool } from '../../server/keys/signerPool.ts'
import { sealPrivate } from '../../server/officers/officerPrivate.ts'
import { insertOfficers } from '../../server/officers/officersTable.ts'
import { insertPhotos } from '../../server/photos/photosTable.ts'
import { searchName } from '../../server/tables/searchName.ts'

/** G09 with units G09.01 … G09.0N, and keys of G09 for cards, diplomas and status lists. */
export async function makeMinistry(pool: pg.Pool, units = 2): Promise<SignerPool> {
  await pool.query("insert into agencies (code, name_vi, valid_from) values ('G09', 'Bộ Nội vụ', '2020-01-01') on conflict do nothing")
  for (let unit = 1; unit <= units; unit++) {
    const code = `G09.${String(unit).padStart(2, '0')}`
    await pool.query("insert into agencies (code, name_vi, valid_from) values ($1, $2, '2020-01-01') on conflict do nothing", [
      code,
      `Vụ ${unit}`,
    ])
    await pool.query("insert into agency_parents (code, parent_code, valid_from) values ($1, 'G09', '2020-01-01') on conflict do nothing", [
      code,
    ])
  }
  return ministrySigners()
}

/** Signers of G09 for every agency, with real keys. */
export function ministrySigners(): SignerPool {
  const uses = new Map<KeyUse, CredentialSigner>()
  for (const use of ['card', 'diploma', 'status'] as const) {
    const signer = memorySigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, use)
    const sign = (kind: 'sign1' | 'status-list' | 'sd-jwt') => (bytes: Uint8Array) => signer.sign({ kind, bytes })
    uses.set(use, {
      kid: signer.kid,
      agency: 'G09' as AgencyCode,
      use,
      sign: sign(use === 'status' ? 'status-list' : 'sign1'),
      signSdJwt: sign('sd-jwt'),
    })
  }
  return {
    signerFor: async (_agency, use) => uses.get(use)!,
    documentSigner: async () => {
      throw new Error('the test ministry has no document key')
    },
  }
}

/** Officers of G09.01 with photos; answers their ids. */
export async function makeOfficers(pool: pg.Pool, cipher: FieldCipher, count: number, agency = 'G09.01'): Promise<string[]> {
  const officers = Array.from({ length: count }, (_, at) => {
    const personalNumber = `0011900${String(at).padStart(5, '0')}`
    const photo = randomBytes(64)
    return {
      photo: { digest: hash('sha256', photo, 'buffer'), shown: photo, printed: photo },
      row: {
        id: uuidv7(),
        agencyCode: agency as AgencyCode,
        personalNumberIndex: personalNumberIndex(cipher, agency + personalNumber),
        private: sealPrivate(cipher, { personalNumber, birthDate: '1990-05-17', gender: 'male' }),
        fullName: `Nguyễn Văn ${at}`,
        searchName: searchName(`Nguyễn Văn ${at}`),
        position: 'Chuyên viên',
        title: '',
        category: 'CC' as const,
        photoDigest: hash('sha256', photo, 'buffer'),
        warnings: [],
      },
    }
  })
  await inTransaction(pool, async tx => {
    await insertPhotos(
      tx,
      cipher,
      officers.map(officer => officer.photo),
    )
    await insertOfficers(
      tx,
      officers.map(officer => officer.row),
    )
  })
  return officers.map(officer => officer.row.id)
}
