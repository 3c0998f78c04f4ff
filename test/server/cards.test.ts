import { beforeAll, expect, test } from '@jest/globals'
import { parseSealed } from '../../core/credential/sealed.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { getStatus } from '../../core/status-list/statusList.ts'
import { cardsOfOfficer } from '../../server/cards/cardsTable.ts'
import { applyStatusRequest, requestStatusChange, suspendCards } from '../../server/cards/changeStatus.ts'
import { issueCards } from '../../server/cards/issueCards.ts'
import type { IssueDeps } from '../../server/cards/prepareCards.ts'
import { openCard } from '../../server/cards/readCard.ts'
import { requestCards, requestReplacements } from '../../server/cards/requestCards.ts'
import { approveRequest, refuseRequest } from '../../server/requests/decideRequest.ts'
import { readReason } from '../../server/requests/reasons.ts'
import { countItems, pendingDigest, requestById } from '../../server/requests/requestsTable.ts'
import type { Actor } from '../../server/staff/actor.ts'
import { readBits } from '../../server/status-lists/statusListsTable.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry, makeOfficers } from '../support/ministry.ts'
import { testCipher } from '../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
const agency = 'G09' as AgencyCode
const maker = { sub: 'maker', name: 'Người lập' }
const approver: Actor = { kind: 'person', sub: 'approver', name: 'Người duyệt', roles: new Set(['approver']), scopes: new Set(), agency }
let deps: IssueDeps
let now = 1_790_000_000

beforeAll(async () => {
  const signers = await makeMinistry(db.pool, 3)
  deps = { pool: db.pool, cipher, signers, origin: 'http://localhost:3000', clock: () => now, termYears: 5, isRestricted: () => false }
})

async function approveAll(id: string) {
  return approveRequest(deps, { actor: approver, id, claimsDigest: await pendingDigest(db.pool, id), selection: 'all' })
}

async function bitOf(card: { list: number; idx: number }) {
  return getStatus((await readBits(db.pool, card.list))!.bits, card.idx)
}

/** Every card and diploma row has its entry and the reverse, without gaps. */
async function expectSoundLog() {
  const { rows } = await db.pool.query<{ entries: number; size: number; issued: number; cards: number; joined: number }>(
    `select (select count(*)::int from log_entries) as entries, (select size::int from log_head) as size,
       (select count(*)::int from log_entries where type = 'card.issued') as issued, (select count(*)::int from cards) as cards,
       (select count(*)::int from cards c join log_entries e on e.leaf_index = c.leaf_index and e.ref = c.ref and e.type = 'card.issued') as joined`,
  )
  expect(rows[0]!.entries).toBe(rows[0]!.size)
  expect(rows[0]!.cards).toBe(rows[0]!.issued)
  expect(rows[0]!.cards).toBe(rows[0]!.joined)
}

test('a second person approves, and each card gets serial, status, entry; a second run issues nothing more', async () => {
  const ids = await makeOfficers(db.pool, cipher, 25)
  const { requestId, requested } = await requestCards(deps, { maker, agency, officerIds: ids })
  expect(requested).toBe(25)
  await approveAll(requestId!)
  await Promise.all([issueCards(deps, requestId!), issueCards(deps, requestId!)])
  await issueCards(deps, requestId!)
  expect(await requestById(db.pool, requestId!)).toMatchObject({ status: 'done', done: 25, failed: 0 })
  const [card] = await cardsOfOfficer(db.pool, ids[0]!)
  const opened = openCard(cipher, card!)
  const sealed = parseSealed(opened.sealedBytes)
  expect(sealed.kind).toBe('card')
  expect(sealed.claims).toMatchObject({
    iss: 'G09',
    iat: now,
    card: { serial: card!.serial, usingAgency: 'G09.01', status: { list: card!.list, idx: card!.idx } },
  })
  expect(await bitOf(card!)).toBe(0)
  expect((await db.pool.query('select from cards')).rowCount).toBe(25)
  await expectSoundLog()
})

test('the maker does not approve, nor a person their own card, nor anyone other claims than shown', async () => {
  const [id] = await makeOfficers(db.pool, cipher, 1, 'G09.02')
  const { requestId } = await requestCards(deps, { maker, agency, officerIds: [id!] })
  const claimsDigest = await pendingDigest(db.pool, requestId!)
  const input = { id: requestId!, claimsDigest, selection: 'all' as const }
  await expect(approveRequest(deps, { ...input, actor: { ...approver, sub: 'maker' } })).rejects.toThrow('request.same-person')
  await expect(approveRequest(deps, { ...input, actor: { ...approver, officerId: id! } })).rejects.toThrow('request.own-card')
  await expect(approveRequest(deps, { ...input, actor: { ...approver, kind: 'client' } })).rejects.toThrow('auth.forbidden')
  await expect(approveRequest(deps, { ...input, actor: approver, claimsDigest: Buffer.alloc(32) })).rejects.toThrow(
    'request.changed.conflict',
  )
  await refuseRequest(deps, { actor: approver, id: requestId!, reason: 'Thiếu quyết định' })
  await expect(approveAll(requestId!)).rejects.toThrow('request.decided.conflict')
})

test('a person changed after the request is void, the others are issued', async () => {
  const ids = await makeOfficers(db.pool, cipher, 3, 'G09')
  const { requestId } = await requestCards(deps, { maker, agency, officerIds: ids })
  await approveAll(requestId!)
  await db.pool.query("update officers set position = 'Phó Vụ trưởng', version = version + 1 where id = $1", [ids[1]])
  await issueCards(deps, requestId!)
  expect((await countItems(db.pool, requestId!)).byState).toEqual({ done: 2, void: 1 })
  expect(await cardsOfOfficer(db.pool, ids[1]!)).toEqual([])
  await expectSoundLog()
})

test('suspend, resume and revoke move the status bit; an end is final; the reason opens its commitment only inside', async () => {
  const { rows } = await db.pool.query<{ serial: string }>('select serial from cards where ended_as is null order by serial limit 1')
  const serial = rows[0]!.serial
  await suspendCards(deps, { actor: maker, serials: [serial], reasonCode: 'MAT_THE', reason: 'mất ví' })
  const { rows: found } = await db.pool.query('select list, idx from cards where serial = $1', [serial])
  expect(await bitOf(found[0])).toBe(2)
  await expect(suspendCards(deps, { actor: maker, serials: [serial], reasonCode: 'MAT_THE', reason: '' })).rejects.toThrow(
    'card.status.conflict',
  )
  const resume = await requestStatusChange(deps, {
    action: 'resume',
    maker,
    agency,
    serials: [serial],
    reasonCode: 'KHAC',
    reason: 'tìm thấy',
  })
  await approveAll(resume)
  await applyStatusRequest(deps, resume)
  expect(await bitOf(found[0])).toBe(0)
  const revoke = await requestStatusChange(deps, {
    action: 'revoke',
    maker,
    agency,
    serials: [serial],
    reasonCode: 'THOI_VIEC',
    reason: 'nghỉ hưu',
  })
  await approveAll(revoke)
  await applyStatusRequest(deps, revoke)
  expect(await bitOf(found[0])).toBe(1)
  await expect(suspendCards(deps, { actor: maker, serials: [serial], reasonCode: 'MAT_THE', reason: '' })).rejects.toThrow(
    'card.ended.conflict',
  )
  const { rows: entries } = await db.pool.query<{ leaf_index: number; entry: Buffer }>(
    "select leaf_index, entry from log_entries where type = 'card.ended'",
  )
  expect(entries[0]!.entry.toString()).not.toContain('nghỉ hưu')
  expect((await readReason(db.pool, cipher, entries[0]!.leaf_index))?.reason).toBe('THOI_VIEC: nghỉ hưu')
  await expectSoundLog()
})

test('a replacement ends the old card in the transaction that issues the new one', async () => {
  const { rows } = await db.pool.query<{ officer_id: string; serial: string }>(
    'select officer_id, serial from cards where ended_as is null limit 1',
  )
  const officerId = rows[0]!.officer_id
  const { requestId } = await requestReplacements(deps, {
    maker,
    agency,
    officerIds: [officerId],
    reasonCode: 'HONG_THE',
    reason: 'gãy thẻ',
  })
  now += 60
  await approveAll(requestId!)
  await issueCards(deps, requestId!)
  const [next, old] = await cardsOfOfficer(db.pool, officerId)
  expect(old).toMatchObject({ serial: rows[0]!.serial, endedAs: 'replaced', status: 1 })
  expect(old!.successor).toEqual(next!.ref)
  expect(await bitOf(old!)).toBe(1)
  expect(await bitOf(next!)).toBe(0)
  await expectSoundLog()
})

test('several chunks, two runs at once: each card once, and the log sound', async () => {
  const ids = await makeOfficers(db.pool, cipher, 2300, 'G09.03')
  const { requestId } = await requestCards(deps, { maker, agency, officerIds: ids })
  await approveAll(requestId!)
  await Promise.all([issueCards(deps, requestId!), issueCards(deps, requestId!)])
  expect(await requestById(db.pool, requestId!)).toMatchObject({ status: 'done', done: 2300, failed: 0 })
  await expectSoundLog()
})
