import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import type pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { seal } from '../../core/credential/sealed.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { makeCardSerial } from '../../core/identity/cardSerial.ts'
import { inTransaction } from '../../server/db/transaction.ts'
import { insertImport } from '../../server/imports/importsTable.ts'
import type { FieldCipher } from '../../server/keys/fieldCipher.ts'
import { insertKey } from '../../server/keys/keysTable.ts'
import { memorySigner } from '../../server/keys/memorySigner.ts'
import { createRequest } from '../../server/requests/createRequest.ts'
import { insertWebhook } from '../../server/webhooks/webhooksTable.ts'
import { makeOfficers } from './ministry.ts'
import { sampleDiploma } from './sampleClaims.ts'

/** One of everything that the console shows, all of one agency. */
export interface ConsoleObjects {
  agency: string
  officer: string
  /** An officer without a card. */
  newcomer: string
  photo: string
  serial: string
  request: string
  diplomaRequest: string
  diploma: string
  import: string
  printJob: string
  kid: string
  staff: string
  webhook: string
}

let sequence = 1

/** Makes one of everything in `agency`, which exists. Rows are written as they are: issuing is tested elsewhere. */
export async function makeConsoleObjects(pool: pg.Pool, cipher: FieldCipher, agency: string): Promise<ConsoleObjects> {
  const [officer, newcomer] = (await makeOfficers(pool, cipher, 2, agency)) as [string, string]
  const { rows } = await pool.query<{ digest: Buffer }>('select photo_digest as digest from officers where id = $1', [officer])
  const photo = rows[0]!.digest
  const at = sequence++
  const serial = makeCardSerial(agency.slice(0, 3) as AgencyCode, 2026, at)
  await pool.query(
    `insert into cards (ref, serial, officer_id, issuer_code, using_code, full_name, position, category, kid, sealed, token_hash, photo_digest, list, idx,
       issued_at, expires_at, leaf_index, request_id, request_seq)
     values ($1, $2, $3, $4, $4, 'Nguyễn Văn 0', 'Chuyên viên', 'CC', $5, $6, $7, $8, 1, $9, now(), now() + interval '5 years', $10, $11, 1)`,
    [randomBytes(16), serial, officer, agency, randomBytes(8), cipher.seal('unused'), randomBytes(32), photo, at, at, uuidv7()],
  )
  const maker = { sub: 'maker-G09', name: 'Ai đó' }
  const claims = {
    officerId: newcomer,
    fullName: 'Nguyễn Văn 1',
    position: 'Chuyên viên',
    usingAgency: agency,
    category: 'CC',
    cardNumber: 'x',
    madeOn: '2026-01-01',
    expiresOn: '2031-01-01',
  }
  const [request, diplomaRequest] = await inTransaction(pool, async tx => [
    await createRequest(tx, cipher, { kind: 'card.issue', agency: agency as AgencyCode, maker, items: [{ officerId: newcomer, claims }] }),
    await createRequest(tx, cipher, {
      kind: 'diploma.register',
      agency: agency as AgencyCode,
      maker,
      items: [{ claims: { issuer: agency, holderName: 'X', title: 'Y', awarded: '2020', basis: 0, number: '1' } }],
    }),
  ])
  const signer = memorySigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'diploma')
  const ref = randomBytes(16)
  const sealed = await seal({
    kid: signer.kid,
    claims: { ...sampleDiploma, iss: agency as AgencyCode },
    sign: bytes => signer.sign({ kind: 'sign1', bytes }),
  })
  await pool.query(
    `insert into diplomas (ref, issuer_code, number, holder_name, search_name, title, awarded, basis, number_index, lookup_index, kid, sealed, list, idx,
       issued_at, leaf_index, request_id, request_seq)
     values ($1, $2, 'QH-2026-0042', 'Trần Văn Đức', 'tran van duc', 'Bằng tốt nghiệp đại học', '2026-06-30', 1, $3, $3, $4, $5, 2, $6, now(), $7, $8, 1)`,
    [ref, agency, randomBytes(32), Buffer.from(signer.kid), cipher.seal(sealed), at, 1000 + at, diplomaRequest],
  )
  const importId = uuidv7()
  await insertImport(pool, {
    id: importId,
    agencyCode: agency,
    maker: maker.sub,
    makerName: maker.name,
    may: ['officers'],
    fileName: 'x.csv',
    photosName: null,
    mapping: null,
  })
  await pool.query("update imports set state = 'failed', failure_code = 'import.empty' where id = $1", [importId])
  const printJob = uuidv7()
  await pool.query(
    "insert into print_jobs (id, agency_code, layout, template, maker, maker_name, total) values ($1, $2, 'card', 'the-cong-chuc-838', 'p', 'P', 0)",
    [printJob, agency],
  )
  await inTransaction(pool, tx =>
    insertKey(tx, {
      kid: Buffer.from(signer.kid),
      thumbprint: Buffer.from(signer.thumbprint),
      agency: agency as AgencyCode,
      use: 'diploma',
      jwk: signer.jwk,
      form: 'file',
      location: `${agency}.p8`,
      x5c: [],
      notBefore: 1_700_000_000,
      notAfter: 1_900_000_000,
    }),
  )
  const staff = `person-of-${agency}`
  await pool.query('insert into staff (sub, name, roles, agency_code, first_seen_at, last_seen_at) values ($1, $2, $3, $4, now(), now())', [
    staff,
    'Người dùng',
    ['maker'],
    agency,
  ])
  const webhook = randomUUID()
  await insertWebhook(pool, {
    id: webhook,
    agencyCode: agency,
    url: 'https://hooks.example/antin',
    events: ['card.issued'],
    description: '',
    createdBy: maker.sub,
  })
  return {
    agency,
    officer,
    newcomer,
    photo: photo.toString('hex'),
    serial,
    request: request!,
    diplomaRequest: diplomaRequest!,
    diploma: ref.toString('base64url'),
    import: importId,
    printJob,
    kid: Buffer.from(signer.kid).toString('base64url'),
    staff,
    webhook,
  }
}
