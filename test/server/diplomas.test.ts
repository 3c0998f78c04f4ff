import { beforeAll, expect, test } from '@jest/globals'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { type Db, inTransaction } from '../../server/db/transaction.ts'
import { diplomasByLookup, diplomasOfHolder, listDiplomas } from '../../server/diplomas/diplomasTable.ts'
import { endApprovedDiplomas } from '../../server/diplomas/endApprovedDiplomas.ts'
import { isExpired } from '../../server/diplomas/isExpired.ts'
import { nameHolders } from '../../server/diplomas/nameHolders.ts'
import { openDiploma } from '../../server/diplomas/readDiploma.ts'
import { type RegisterDeps, registerDiplomas } from '../../server/diplomas/registerDiplomas.ts'
import { refsOfBatch, requestDiplomaEnds, requestDiplomas, requestHolder } from '../../server/diplomas/requestDiplomas.ts'
import { lookupIndex, type ShownDiploma } from '../../server/diplomas/shownDiploma.ts'
import { personalDataElsewhere } from '../../server/http/personalDataElsewhere.ts'
import { personalNumberIndex } from '../../server/keys/personalNumberIndex.ts'
import { differencesOf } from '../../server/pages/console/differences.ts'
import { translator } from '../../server/pages/texts.ts'
import { approveRequest, refuseRequest } from '../../server/requests/decideRequest.ts'
import { pendingDigest, requestById } from '../../server/requests/requestsTable.ts'
import type { Actor } from '../../server/staff/actor.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry } from '../support/ministry.ts'
import { testCipher } from '../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
const agency = 'G09' as AgencyCode
const maker = { sub: 'maker', name: 'Người lập' }
const approver: Actor = { kind: 'person', sub: 'approver', name: 'Người duyệt', roles: new Set(['approver']), scopes: new Set(), agency }
let deps: RegisterDeps

beforeAll(async () => {
  const signers = await makeMinistry(db.pool)
  deps = { pool: db.pool, cipher, signers, origin: 'http://localhost:3000', clock: () => 1_790_000_000, isRestricted: () => false }
})

const diplomaOf = (at: number, more: Partial<ShownDiploma> = {}): ShownDiploma => ({
  issuer: 'G09.01',
  number: `A${at}`,
  holderName: `Trần Thị ${at}`,
  birthDate: '1966-11-09',
  title: 'Bằng kỹ sư',
  awarded: '1998',
  basis: 0,
  ...more,
})

const ask = (rows: ShownDiploma[], more: { decision?: string; allowDuplicates?: boolean } = {}) =>
  requestDiplomas(deps, { maker, agency, rows: rows.map(diploma => ({ diploma })), ...more })

async function carryOut(id: string, apply: typeof registerDiplomas | typeof endApprovedDiplomas | typeof nameHolders = registerDiplomas) {
  await approveRequest(deps, { actor: approver, id, claimsDigest: await pendingDigest(db.pool, id), selection: 'all' })
  await Promise.all([apply(deps, id), apply(deps, id)])
  return requestById(db.pool, id)
}

test('an approved batch is registered once, with its entries', async () => {
  const asked = await ask([diplomaOf(1), diplomaOf(2), diplomaOf(3, { number: undefined as never, registerNumber: 'S3' })])
  expect(asked).toMatchObject({ requested: 3, corrections: 0, unchanged: 0, refused: [] })
  expect(await carryOut(asked.requestId!)).toMatchObject({ status: 'done', done: 3, failed: 0 })
  const rows = await listDiplomas(db.pool, { agencyIn: null, limit: 10 })
  expect(rows).toHaveLength(3)
  const [found] = await diplomasByLookup(db.pool, lookupIndex(cipher, 'G09.01', 'a1'))
  expect(openDiploma(cipher, found!).claims).toMatchObject({
    iss: 'G09.01',
    diploma: { number: 'A1', birthDate: '1966-11-09', awarded: '1998' },
  })
  const { rows: joined } = await db.pool.query(
    "select count(*)::int as n from diplomas d join log_entries e on e.leaf_index = d.leaf_index and e.ref = d.ref and e.type = 'diploma.registered'",
  )
  expect(joined[0].n).toBe(3)
})

test('what does not fit the QR code is told before anybody approves it; what was taken is registered', async () => {
  const long = (length: number) => diplomaOf(500, { title: 'Chứng chỉ '.padEnd(length, 'ữ'), field: 'Quản trị' })
  let fits = 20
  while ((await ask([long(fits + 10)])).refused.length === 0) fits += 10
  expect(fits).toBeGreaterThanOrEqual(50)
  expect(await ask([diplomaOf(501), long(fits + 10)])).toMatchObject({
    requested: 1,
    refused: [{ row: 1, code: 'qr.too-large', field: 'title' }],
  })
  const { requestId } = await ask([long(fits)])
  expect(await carryOut(requestId!)).toMatchObject({ status: 'done', done: 1, failed: 0 })
})

test('the same row again changes nothing; other data need a decision and correct the old one', async () => {
  expect(await ask([diplomaOf(1), diplomaOf(1)])).toMatchObject({ requestId: null, unchanged: 2 })
  const changed = diplomaOf(1, { holderName: 'Trần Thị Một' })
  expect(await ask([changed])).toMatchObject({ requestId: null, correctionId: null, refused: [{ row: 0, code: 'diploma.needs-decision' }] })
  const asked = await ask([changed], { decision: 'QĐ 12/QĐ-BNV ngày 01/02/2026' })
  expect(asked).toMatchObject({ requestId: null, corrections: 1 })
  await carryOut(asked.correctionId!)
  const [now, old] = await diplomasByLookup(db.pool, lookupIndex(cipher, 'G09.01', 'A1'))
  expect(now).toMatchObject({ holderName: 'Trần Thị Một', endedAs: null })
  expect(old).toMatchObject({ endedAs: 'corrected', status: 1, decision: 'QĐ 12/QĐ-BNV ngày 01/02/2026' })
  expect(old!.successor).toEqual(now!.ref)
})

test('a certificate that expires is valid to the last second of its last day in Vietnam; another last day is a correction', async () => {
  const certificate = diplomaOf(5, { title: 'Chứng chỉ tiếng Anh', expiresOn: '2028-06-30' })
  await carryOut((await ask([certificate])).requestId!)
  const [row] = await diplomasByLookup(db.pool, lookupIndex(cipher, 'G09.01', 'A5'))
  expect(openDiploma(cipher, row!).claims.exp).toBe(Date.parse('2028-06-30T16:59:59Z') / 1000)
  expect(row!.expiresAt).toEqual(new Date('2028-06-30T16:59:59Z'))
  expect(isExpired(row!, Date.parse('2028-06-30T16:59:59Z') / 1000)).toBe(false)
  expect(isExpired(row!, Date.parse('2028-06-30T17:00:00Z') / 1000)).toBe(true)
  expect(await ask([certificate])).toMatchObject({ requestId: null, unchanged: 1 })
  expect(await ask([{ ...certificate, expiresOn: '2029-06-30' }], { decision: 'QĐ 7' })).toMatchObject({ corrections: 1 })
  expect(await ask([diplomaOf(5, { title: 'Chứng chỉ tiếng Anh' })], { decision: 'QĐ 7' })).toMatchObject({ corrections: 1 })
  const later = { ...certificate, expiresOn: '2029-06-30', basis: 1 }
  expect(await differencesOf(deps, 'diploma.correct', { subjectRef: row!.ref }, later, translator('vi'))).toEqual([
    { field: 'expiresOn', before: '30/06/2028', after: '30/06/2029' },
    { field: 'basis', before: 'Đăng ký khi cấp', after: expect.stringMatching(/[Ss]ổ gốc/) },
  ])
  // What has expired is found among what is over.
  await carryOut((await ask([diplomaOf(6, { expiresOn: '2020-01-01' })])).requestId!)
  const numbersOf = async (ended: boolean) => (await listDiplomas(db.pool, { agencyIn: null, ended, limit: 100 })).map(one => one.number)
  expect(await numbersOf(true)).toContain('A6')
  expect(await numbersOf(false)).toEqual(expect.arrayContaining(['A5']))
  expect(await numbersOf(false)).not.toContain('A6')
})

test('two rows of one number with other data: the later is refused, or flagged when duplicates are allowed', async () => {
  const rows = [diplomaOf(7), diplomaOf(7, { holderName: 'Lê Văn Bảy' })]
  expect(await ask(rows)).toMatchObject({ requested: 1, refused: [{ row: 1, code: 'diploma.duplicate-in-file' }] })
  const asked = await ask(rows, { allowDuplicates: true })
  expect(asked).toMatchObject({ requested: 2, refused: [] })
  expect(await carryOut(asked.requestId!)).toMatchObject({ done: 2, failed: 0 })
  expect(await diplomasByLookup(db.pool, lookupIndex(cipher, 'G09.01', 'A7'))).toHaveLength(2)
})

test('a whole batch is withdrawn, and that is final', async () => {
  const asked = await ask([diplomaOf(20), diplomaOf(21)])
  await carryOut(asked.requestId!)
  const refs = await refsOfBatch(deps, asked.requestId!)
  const input = { maker, agency, refs, reasonCode: 'NHAP_SAI' as const, decision: 'QĐ 5', reason: 'nhập sai' }
  const id = await requestDiplomaEnds(deps, input)
  expect(await carryOut(id, endApprovedDiplomas)).toMatchObject({ status: 'done', done: 2, failed: 0 })
  expect(await refsOfBatch(deps, asked.requestId!)).toEqual([])
  await expect(requestDiplomaEnds(deps, input)).rejects.toThrow('diploma.ended.conflict')
})

test('a holder is named by the sheet again, by two people, without a new credential; a correction keeps them', async () => {
  const number = '001185012345'
  const ofHolder = () => diplomasOfHolder(db.pool, personalNumberIndex(cipher, number))
  await carryOut((await ask([diplomaOf(30)])).requestId!)
  const [before] = await diplomasByLookup(db.pool, lookupIndex(cipher, 'G09.01', 'A30'))
  const asked = await ask([diplomaOf(30, { holderNumber: number })])
  expect(asked).toMatchObject({ requestId: null, correctionId: null, holders: 1, unchanged: 0 })
  expect(await ofHolder()).toEqual([])
  const size = (await db.pool.query('select size from log_head')).rows[0].size
  expect(await carryOut(asked.holdersId!, nameHolders)).toMatchObject({ status: 'done', done: 1 })
  const [named] = await ofHolder()
  expect([named!.ref, named!.sealed]).toEqual([before!.ref, before!.sealed])
  expect((await db.pool.query('select size from log_head')).rows[0].size).toBe(size)
  // Nothing of a thief's interest stands in clear.
  const { rows } = await db.pool.query('select d::text as row from diplomas d where ref = $1', [named!.ref])
  expect(rows[0].row).not.toContain(number)
  expect(await ask([diplomaOf(30, { holderNumber: number })])).toMatchObject({ holdersId: null, unchanged: 1 })

  const corrected = await ask([diplomaOf(30, { holderName: 'Trần Thị Ba Mươi' })], { decision: 'QĐ 3' })
  await carryOut(corrected.correctionId!)
  expect((await ofHolder()).map(row => [row.holderName, row.endedAs])).toEqual([
    ['Trần Thị Ba Mươi', null],
    ['Trần Thị 30', 'corrected'],
  ])

  const [now] = await ofHolder()
  await expect(requestHolder(deps, { maker, agency, ref: named!.ref, holderNumber: undefined })).rejects.toThrow('diploma.ended.conflict')
  const removal = await requestHolder(deps, { maker, agency, ref: now!.ref, holderNumber: undefined })
  await carryOut(removal, nameHolders)
  expect((await ofHolder()).map(row => row.endedAs)).toEqual(['corrected'])
})

test('a person is told what the register holds of them, and their number is erased from it and from what was decided', async () => {
  const number = '001185077777'
  const index = personalNumberIndex(cipher, number)
  const asked = await ask([diplomaOf(40, { holderNumber: number })])
  const refused = await ask([diplomaOf(41, { holderNumber: number })])
  await refuseRequest(deps, { actor: approver, id: refused.requestId!, reason: 'không có trong sổ' })
  await carryOut(asked.requestId!)
  const [row] = await diplomasOfHolder(db.pool, index)
  await requestHolder(deps, { maker, agency, ref: row!.ref, holderNumber: '001185077778' }).then(id => carryOut(id, nameHolders))
  await requestHolder(deps, { maker, agency, ref: row!.ref, holderNumber: number }).then(id => carryOut(id, nameHolders))
  const { eraseElsewhere, exportElsewhere } = personalDataElsewhere(deps)
  const officer = { id: '00000000-0000-7000-8000-000000000000', personalNumberIndex: index }
  expect(await exportElsewhere(officer)).toMatchObject({ diplomas: [{ number: 'A40', birthDate: '1966-11-09', issuer: 'G09.01' }] })
  await inTransaction(db.pool, tx => eraseElsewhere(tx, officer))
  expect(await exportElsewhere(officer)).toEqual({ diplomas: [] })
  const { rows } = await db.pool.query('select claims from request_items')
  const claims = rows.map(one => cipher.open(one.claims).toString())
  expect(claims.filter(one => /"A4[01]"/.test(one))).toHaveLength(4)
  expect(claims.filter(one => one.includes(number))).toEqual([])
  // Whom the diploma named in between is somebody else.
  expect(claims.filter(one => one.includes('001185077778'))).toHaveLength(1)
  expect((await diplomasByLookup(db.pool, lookupIndex(cipher, 'G09.01', 'A40')))[0]).toMatchObject({
    holderName: 'Trần Thị 40',
    endedAs: null,
  })
})

test('claims that were changed after the approval name nobody', async () => {
  await carryOut((await ask([diplomaOf(31)])).requestId!)
  const { holdersId } = await ask([diplomaOf(31, { holderNumber: '001185012346' })])
  await approveRequest(deps, { actor: approver, id: holdersId!, claimsDigest: await pendingDigest(db.pool, holdersId!), selection: 'all' })
  await db.pool.query('update request_items set claims = $2 where request_id = $1', [
    holdersId,
    cipher.seal('{"holderNumber":"001185099999"}'),
  ])
  await nameHolders(deps, holdersId!)
  expect(await requestById(db.pool, holdersId!)).toMatchObject({ done: 0, failed: 1 })
  for (const number of ['001185012346', '001185099999'])
    expect(await diplomasOfHolder(db.pool, personalNumberIndex(cipher, number))).toEqual([])
})

test('a page of the register is read by an index in its order, whatever the register holds', async () => {
  const before = { issuedAt: new Date(), ref: Buffer.alloc(16) }
  for (const filter of [{ agencyIn: ['G09'] }, { agencyIn: ['G09'], ended: true }, { agencyIn: null, before }]) {
    const plan = await inTransaction(db.pool, async tx => {
      await tx.query('set local enable_seqscan = off; set local enable_sort = off')
      const explaining = { query: (text: string, values: unknown[]) => tx.query(`explain ${text}`, values) } as Db
      return JSON.stringify(await listDiplomas(explaining, { ...filter, limit: 50 }))
    })
    expect(plan).toContain('using diplomas_issued')
    expect(plan).not.toContain('Sort')
  }
})
