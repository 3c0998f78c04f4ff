import { beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { setParents, upsertAgencies } from '../../../server/agencies/agenciesTable.ts'
import type { AgencyChange } from '../../../server/agencies/agencyChange.ts'
import { type AgencyTree, loadAgencyTree } from '../../../server/agencies/agencyTree.ts'
import { type AgencyChangeDeps, applyAgencyChanges } from '../../../server/agencies/applyAgencyChanges.ts'
import { coverageLines, readCoverage } from '../../../server/agencies/coverage.ts'
import { requestAgencyChanges } from '../../../server/agencies/requestAgencyChanges.ts'
import { inTransaction } from '../../../server/db/transaction.ts'
import { migrateJobs } from '../../../server/jobs/worker.ts'
import { changedItems } from '../../../server/overview/changedItems.ts'
import { approveRequest } from '../../../server/requests/decideRequest.ts'
import { itemsOf, pendingDigest, requestById } from '../../../server/requests/requestsTable.ts'
import { authorize } from '../../../server/staff/authorize.ts'
import { adminOf, approveAs, changeAgencies, profileOf } from '../../support/agencyChanges.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry, makeOfficers } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'
import { thrownCode } from '../../support/thrownCode.ts'

const db = useDatabase()
const cipher = testCipher()
const code = (text: string) => text as AgencyCode
let tree: AgencyTree
let now = Date.parse('2026-01-01T00:00:00Z') / 1000
let deps: AgencyChangeDeps

beforeAll(async () => {
  await migrateJobs(db.pool)
  await makeMinistry(db.pool)
  await inTransaction(db.pool, async tx => {
    const names = ['G09.80', 'G09.80.01', 'G09.80.02', 'G09.81', 'G10', 'G10.01']
    await upsertAgencies(
      tx,
      names.map(one => ({ code: code(one), oldCode: null, nameVi: one, nameEn: null })),
      new Date('2020-01-01'),
    )
    const moves = [
      ['G09.80', 'G09'],
      ['G09.80.01', 'G09.80'],
      ['G09.80.02', 'G09.80'],
      ['G09.81', 'G09'],
      ['G10.01', 'G10'],
    ].map(([child, parent]) => ({ code: code(child!), parent: code(parent!) }))
    await setParents(tx, moves, new Date('2020-01-01'))
  })
  await makeOfficers(db.pool, cipher, 3, 'G09.80.01')
  tree = await loadAgencyTree(db.pool)
  deps = { pool: db.pool, cipher, agencies: tree, clock: () => now }
})

beforeEach(() => {
  now += 86_400
})

const ask = (scope: string, ...changes: AgencyChange[]) =>
  requestAgencyChanges(deps, { maker: adminOf(scope, 'an'), scope: code(scope), changes })
const rename = (one: string, name: string): AgencyChange => ({ action: 'change', code: code(one), profile: profileOf(name) })
const shownTo = async (id: string) =>
  (await itemsOf(db.pool, id)).map(item => JSON.parse(cipher.open(item.claims).toString('utf8')) as Record<string, unknown>)

test('nothing changes until a second administrator, who is shown what it affects, has approved', async () => {
  const id = await ask('G09', { action: 'move', code: code('G09.80'), parent: code('G09.81') })
  expect(await shownTo(id)).toEqual([
    {
      action: 'move',
      code: 'G09.80',
      name: 'G09.80',
      before: { parent: 'G09' },
      after: { parent: 'G09.81' },
      affects: { people: 3, validCards: 0, keys: 0, below: 2 },
    },
  ])
  await expect(approveAs(deps, id, 'an')).rejects.toMatchObject({ code: 'request.same-person' })
  await applyAgencyChanges(deps, id)
  expect(tree.ancestors('G09.80')).toEqual(['G09'])
  const foreign = thrownCode(() => authorize(adminOf('G10', 'x'), 'agencies.approve', code('G09'), tree, Date.now() / 1000))
  expect(foreign).toBe('auth.outside-scope')
  await approveAs(deps, id, 'binh')
  await applyAgencyChanges(deps, id)
  expect(await requestById(db.pool, id)).toMatchObject({ status: 'done', done: 1, failed: 0, agencyCode: 'G09' })
  expect(tree.ancestors('G09.80.01', now)).toEqual(['G09.80', 'G09.81', 'G09'])
  expect(tree.ancestors('G09.80.01', now - 1)).toEqual(['G09.80', 'G09'])
  const { rows } = await db.pool.query("select actor, detail from audit where action = 'agency.moved'")
  expect(rows).toEqual([{ actor: 'binh', detail: { request: id, parent: 'G09.81' } }])
})

test('the database itself refuses that the maker approves', async () => {
  const id = await ask('G09', rename('G09.81', 'Đổi thẳng'))
  await expect(db.pool.query("update requests set status = 'approved', approver = maker where id = $1", [id])).rejects.toThrow('check')
})

test('an approval is of what was shown: another digest approves nothing', async () => {
  const id = await ask('G09', rename('G09.81', 'Vụ khác'))
  const claimsDigest = await pendingDigest(db.pool, await ask('G09', rename('G09.81', 'Vụ khác nữa')))
  const decision = approveRequest(deps, { actor: adminOf('G09', 'binh'), id, claimsDigest, selection: 'all' })
  await expect(decision).rejects.toMatchObject({ code: 'request.changed.conflict' })
})

test('a crash between approval and application loses nothing, and running again changes nothing twice', async () => {
  const id = await ask('G09', {
    action: 'add',
    code: code('G09.82'),
    parent: code('G09'),
    profile: profileOf('Vụ mới', { oldCode: '000.00.82.G09' }),
  })
  await approveAs(deps, id, 'binh')
  expect(tree.get('G09.82')).toBeUndefined()
  const broken: AgencyChangeDeps = {
    ...deps,
    clock: () => {
      throw new Error('the process dies')
    },
  }
  await expect(applyAgencyChanges(broken, id)).rejects.toThrow('dies')
  expect(await requestById(db.pool, id)).toMatchObject({ status: 'approved', done: 0 })
  await Promise.all([applyAgencyChanges(deps, id), applyAgencyChanges(deps, id)])
  await applyAgencyChanges(deps, id)
  expect(await requestById(db.pool, id)).toMatchObject({ status: 'done', done: 1, failed: 0 })
  expect(tree.get('G09.82')).toMatchObject({ nameVi: 'Vụ mới', oldCode: '000.00.82.G09' })
  const { rows } = await db.pool.query("select count(*)::int as count from audit where action = 'agency.added' and agency_code = 'G09.82'")
  expect(rows[0].count).toBe(1)
})

test('an item is void when its agency changed after it was shown; the rest of the request is carried out', async () => {
  const stale = await ask('G09', rename('G09.80.02', 'Phòng Hai'), { action: 'move', code: code('G09.80.02'), parent: code('G09') })
  const foreseen = async () => changedItems({ ...deps, termYears: 5 }, (await requestById(db.pool, stale))!)
  expect(await foreseen()).toEqual(new Map())
  await changeAgencies(deps, 'G09', rename('G09.80.02', 'Phòng Hai cũ'))
  expect(await foreseen()).toEqual(new Map([[1, 'request.changed.conflict']]))
  await approveAs(deps, stale, 'binh')
  await applyAgencyChanges(deps, stale)
  expect((await itemsOf(db.pool, stale)).map(({ state, outcome }) => [state, outcome])).toEqual([
    ['void', 'request.changed.conflict'],
    ['done', ''],
  ])
  expect(await requestById(db.pool, stale)).toMatchObject({ status: 'done', done: 1, failed: 1 })
  expect(tree.get('G09.80.02')?.nameVi).toBe('Phòng Hai cũ')
  expect(tree.ancestors('G09.80.02')).toEqual(['G09'])
})

test('of two moves that together would make a circle the second is void', async () => {
  const first = await ask('G09', { action: 'move', code: code('G09.81'), parent: code('G09.82') })
  const second = await ask('G09', { action: 'move', code: code('G09.82'), parent: code('G09.81') })
  for (const id of [first, second]) {
    await approveAs(deps, id, 'binh')
    await applyAgencyChanges(deps, id)
  }
  expect((await itemsOf(db.pool, second))[0]).toMatchObject({ state: 'void', outcome: 'agency.conflict' })
  expect(tree.ancestors('G09.81')).toEqual(['G09.82', 'G09'])
})

test.each<[string, string, AgencyChange]>([
  ['agency.conflict', 'G09', { action: 'move', code: code('G09.81'), parent: code('G09.80.01') }],
  ['agency.conflict', 'G09', { action: 'add', code: code('G09.81'), parent: code('G09'), profile: profileOf('Trùng') }],
  ['agency.conflict', 'G09', { action: 'dissolve', code: code('G09.81'), successor: null }],
  ['agency.conflict', 'G09', { action: 'dissolve', code: code('G09.80.01'), successor: code('G09.80.01') }],
  ['agency.not-found', 'G09', rename('G09.99', 'Không có')],
  ['request.empty', 'G09', rename('G09.80.01', 'G09.80.01')],
  ['request.empty', 'G09', { action: 'move', code: code('G09.80.01'), parent: code('G09.80') }],
  ['auth.outside-scope', 'G09', rename('G10.01', 'Của Bộ khác')],
  ['auth.outside-scope', 'G09', { action: 'add', code: code('G10.02'), parent: code('G10'), profile: profileOf('Của Bộ khác') }],
  ['auth.outside-scope', 'G09', { action: 'move', code: code('G09.80.01'), parent: code('G10') }],
  ['auth.outside-scope', 'G09', { action: 'move', code: code('G10.01'), parent: code('G09') }],
  // An agency's own place is for those above it to change.
  ['auth.outside-scope', 'G09.80', { action: 'move', code: code('G09.80'), parent: code('G09') }],
  ['auth.outside-scope', 'G09.80.01', { action: 'dissolve', code: code('G09.80.01'), successor: null }],
])('%s in %s: %j', async (expected, scope, change) => {
  const before = await db.pool.query('select count(*)::int as count from requests')
  await expect(ask(scope, change)).rejects.toMatchObject({ code: expected })
  expect((await db.pool.query('select count(*)::int as count from requests')).rows).toEqual(before.rows)
})

test('a root may be dissolved by its own administrators, with a successor elsewhere', async () => {
  await changeAgencies(deps, 'G10', { action: 'dissolve', code: code('G10.01'), successor: code('G10') })
  await changeAgencies(deps, 'G10', { action: 'dissolve', code: code('G10'), successor: code('G09') })
  expect(tree.get('G10')).toMatchObject({ successor: { code: 'G09' }, validTo: new Date(now * 1000) })
})

test('restricted can be taken back until the trust list says it, and never after', async () => {
  const say = (restricted: boolean): AgencyChange => ({
    action: 'change',
    code: code('G09.80.01'),
    profile: profileOf('Cục', { restricted, coverage: [{ title: 'Chứng chỉ', from: 2010, to: 2026 }] }),
  })
  const id = await ask('G09', say(true))
  expect((await itemsOf(db.pool, id))[0]!.warnings).toEqual([{ code: 'agency.restricted' }])
  await approveAs(deps, id, 'binh')
  await applyAgencyChanges(deps, id)
  expect(tree.get('G09.80.01')).toMatchObject({ restricted: true, coverage: [{ title: 'Chứng chỉ', from: 2010, to: 2026 }] })
  await changeAgencies(deps, 'G09', say(false))
  expect(tree.get('G09.80.01')?.restricted).toBe(false)
  await changeAgencies(deps, 'G09', say(true))
  const undo = await ask('G09', say(false))
  await db.pool.query("update agencies set restricted_served_at = now() where code = 'G09.80.01'")
  await tree.refresh(db.pool)
  await expect(ask('G09', say(false))).rejects.toMatchObject({ code: 'agency.conflict' })
  await approveAs(deps, undo, 'binh')
  await applyAgencyChanges(deps, undo)
  expect((await itemsOf(db.pool, undo))[0]).toMatchObject({ state: 'void', outcome: 'agency.conflict' })
  await expect(db.pool.query("update agencies set restricted = false where code = 'G09.80.01'")).rejects.toThrow('check')
})

test('coverage is written a kind a line, with or without years', () => {
  const text = 'Chứng chỉ bồi dưỡng, 2010–2026\nBằng cử nhân: 1995-\nChứng chỉ theo chương trình 2018'
  const parts = [
    { title: 'Chứng chỉ bồi dưỡng', from: 2010, to: 2026 },
    { title: 'Bằng cử nhân', from: 1995 },
    { title: 'Chứng chỉ theo chương trình 2018' },
  ]
  expect(readCoverage(text)).toEqual(parts)
  expect(readCoverage(coverageLines(parts))).toEqual(parts)
  expect(readCoverage(' \r\n ')).toEqual([])
  expect(readCoverage('Bằng, 2026–2010')).toBeNull()
  expect(readCoverage('x'.repeat(201))).toBeNull()
  expect(readCoverage('x\n'.repeat(41))).toBeNull()
})
