import { beforeAll, expect, test } from '@jest/globals'
import request from 'supertest'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { cardsOfOfficer } from '../../server/cards/cardsTable.ts'
import { applyStatusRequest, requestStatusChange } from '../../server/cards/changeStatus.ts'
import { issueCards } from '../../server/cards/issueCards.ts'
import type { IssueDeps } from '../../server/cards/prepareCards.ts'
import { requestCards, requestReplacements } from '../../server/cards/requestCards.ts'
import { endApprovedDiplomas } from '../../server/diplomas/endApprovedDiplomas.ts'
import { nameHolders } from '../../server/diplomas/nameHolders.ts'
import { registerDiplomas } from '../../server/diplomas/registerDiplomas.ts'
import { requestDiplomaEnds, requestDiplomas, requestHolder } from '../../server/diplomas/requestDiplomas.ts'
import { changedItems } from '../../server/overview/changedItems.ts'
import { approveRequest } from '../../server/requests/decideRequest.ts'
import type { Selection } from '../../server/requests/decisionsTable.ts'
import { itemsOf, pendingDigest, requestById } from '../../server/requests/requestsTable.ts'
import type { Actor } from '../../server/staff/actor.ts'
import { asActor, makeConsole } from '../support/consoleWorld.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry, makeOfficers } from '../support/ministry.ts'
import { testCipher } from '../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
const agency = 'G09' as AgencyCode
const maker = { sub: 'maker', name: 'Người lập' }
const approver: Actor = { kind: 'person', sub: 'approver', name: 'Người duyệt', roles: new Set(['approver']), scopes: new Set(), agency }
const lost = { reasonCode: 'MAT_THE', reason: 'mất ví' } as const
let deps: IssueDeps

beforeAll(async () => {
  const signers = await makeMinistry(db.pool, 8)
  deps = {
    pool: db.pool,
    cipher,
    signers,
    origin: 'http://localhost:3000',
    clock: () => 1_790_000_000,
    termYears: 5,
    isRestricted: () => false,
  }
})

const foreseen = async (id: string) => Object.fromEntries(await changedItems(deps, (await requestById(db.pool, id))!))
const change = (id: string | undefined, set: string) =>
  db.pool.query(`update officers set ${set}, version = version + 1 where id = $1`, [id])

async function approve(id: string, selection: Selection = 'all') {
  return approveRequest(deps, { actor: approver, id, claimsDigest: await pendingDigest(db.pool, id), selection })
}

async function carryOut(id: string, apply: (deps: IssueDeps, id: string) => Promise<void> = issueCards) {
  await approve(id)
  await apply(deps, id)
}

/** What approval gave to the items that it did not carry out. */
async function givenBy(id: string) {
  const items = await itemsOf(db.pool, id)
  return Object.fromEntries(items.filter(item => item.state === 'void').map(item => [item.seq, item.outcome]))
}

test('of first cards it foresees what approval does, also of what was held back', async () => {
  const ids = await makeOfficers(db.pool, cipher, 7, 'G09.01')
  const first = (await requestCards(deps, { maker, agency, officerIds: ids })).requestId!
  const other = (await requestCards(deps, { maker, agency, officerIds: [ids[4]!] })).requestId!
  expect(await foreseen(first)).toEqual({})
  await change(ids[0], "position = 'Phó Vụ trưởng'")
  await change(ids[1], 'warnings = warnings')
  await change(ids[2], 'left_at = now()')
  await change(ids[3], 'photo_digest = null')
  await carryOut(other)
  const changed = { 1: 'request.changed', 3: 'card.person-left', 4: 'card.photo-missing', 5: 'card.exists' }
  expect(await foreseen(first)).toEqual(changed)
  const { heldRequestId } = await approve(first, { seqs: [6, 7] })
  expect(await foreseen(heldRequestId!)).toEqual(changed)
  await carryOut(heldRequestId!)
  expect(await foreseen(heldRequestId!)).toEqual({})
  expect(await givenBy(heldRequestId!)).toEqual(changed)
})

test('of replacements, resumptions and revocations', async () => {
  const ids = await makeOfficers(db.pool, cipher, 3, 'G09.02')
  await carryOut((await requestCards(deps, { maker, agency, officerIds: ids })).requestId!)
  const serials = await Promise.all(ids.map(async id => (await cardsOfOfficer(db.pool, id))[0]!.serial))
  const replace = (await requestReplacements(deps, { maker, agency, officerIds: ids, ...lost })).requestId!
  const ask = (action: 'revoke', of: string[]) => requestStatusChange(deps, { action, maker, agency, serials: of, ...lost })
  const revoke = await ask('revoke', serials)
  await carryOut(await ask('revoke', [serials[1]!]), applyStatusRequest)
  await change(ids[2], "full_name = 'Trần Văn Khác'")
  const { rows } = await db.pool.query<{ seq: number }>(
    'select i.seq from request_items i join cards c on c.ref = i.subject_ref where i.request_id = $1 and c.serial = $2',
    [revoke, serials[1]],
  )
  const expected = { [rows[0]!.seq]: 'card.status.conflict' }
  expect(await foreseen(revoke)).toEqual(expected)
  expect(await foreseen(replace)).toEqual({ 2: 'card.none', 3: 'request.changed' })
  await carryOut(replace)
  expect(await givenBy(replace)).toEqual({ 2: 'card.none', 3: 'request.changed' })
})

test('of diplomas that ended meanwhile', async () => {
  const diploma = {
    issuer: 'G09.01',
    holderName: 'Trần Thị A',
    birthDate: '1966-11-09',
    title: 'Bằng kỹ sư',
    awarded: '1998',
    basis: 0 as const,
  }
  const numbered = (number: string, more = {}) => ({ diploma: { ...diploma, number, ...more } })
  const asked = await requestDiplomas(deps, { maker, agency, rows: [numbered('A1'), numbered('A2')] })
  await carryOut(asked.requestId!, registerDiplomas)
  const { rows } = await db.pool.query<{ ref: Buffer }>('select ref from diplomas order by number')
  const refs = rows.map(row => row.ref)
  const end = (of: Buffer[]) =>
    requestDiplomaEnds(deps, { maker, agency, refs: of, reasonCode: 'QUYET_DINH', decision: 'QĐ 1', reason: 'Thu hồi' })
  const corrected = [numbered('A1', { holderName: 'Trần Thị B' }), numbered('A2', { holderName: 'Trần Thị C' })]
  const correct = (await requestDiplomas(deps, { maker, agency, rows: corrected, decision: 'QĐ 2' })).correctionId!
  const holder = await requestHolder(deps, { maker, agency, ref: refs[0]!, holderNumber: '001190000001' })
  const both = await end([refs[0]!])
  await carryOut(await end([refs[0]!]), endApprovedDiplomas)
  const conflict = { 1: 'diploma.ended.conflict' }
  for (const [id, apply] of [
    [correct, registerDiplomas],
    [holder, nameHolders],
    [both, endApprovedDiplomas],
  ] as const) {
    expect(await foreseen(id)).toEqual(conflict)
    await carryOut(id, apply)
    expect(await givenBy(id)).toEqual(conflict)
  }
})

test('the approver sees them first, counted and with the reason; who looks later sees no more of it', async () => {
  const ids = await makeOfficers(db.pool, cipher, 4, 'G09.03')
  const { requestId } = await requestCards(deps, { maker, agency, officerIds: ids })
  const { app } = await makeConsole({ pool: db.pool, cipher, clock: deps.clock })
  const page = async (query = '') =>
    (await request(app).get(`/console/requests/${requestId}${query}`).set(asActor('approver', 'G09')).set('accept', 'text/html')).text
  expect(await page()).not.toContain('đã thay đổi sau khi trình')
  await change(ids[1], "position = 'Phó Vụ trưởng'")
  await change(ids[3], 'left_at = now()')
  const first = await page()
  for (const words of [
    '<strong>2 mục đã thay đổi sau khi trình</strong>',
    'Cần xem trước: 2 mục đã thay đổi sau khi trình',
    'Đã thay đổi sau khi trình</span>',
    'Đã thôi việc</span>',
    'Xem 4 mục không có cảnh báo',
  ])
    expect(first).toContain(words)
  expect(first.match(/name="seq"/g)).toHaveLength(2)
  const rest = await page('?only=rest')
  expect(rest.match(/name="seq"/g)).toHaveLength(4)
  expect(rest.match(/Đã thay đổi sau khi trình<\/span>/g)).toHaveLength(1)
  // What will not be printed is no sample of what will.
  expect(first.match(/class="at-idcard"/g)).toHaveLength(2)
  await carryOut(requestId!)
  expect(await page()).toContain('2 mục không thực hiện được')
  expect(await page()).not.toContain('mã lỗi')
})
