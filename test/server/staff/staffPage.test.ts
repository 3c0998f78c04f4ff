import { beforeAll, expect, test } from '@jest/globals'
import request from 'supertest'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { requestAgencyChanges } from '../../../server/agencies/requestAgencyChanges.ts'
import { recordSignIn } from '../../../server/staff/staffTable.ts'
import { adminOf, profileOf } from '../../support/agencyChanges.ts'
import { asActor, type ConsoleWorld, makeConsole } from '../../support/consoleWorld.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
let world: ConsoleWorld

const people = [
  { sub: 'thao', name: 'Nguyễn Thị Thảo', roles: ['maker'], agencyCode: 'G09.01' },
  { sub: 'duc', name: 'Trần Văn Đức', roles: ['approver', 'holder'], agencyCode: 'G09' },
  { sub: 'admin-G09', name: 'Quản trị', roles: ['admin'], agencyCode: 'G09' },
]

beforeAll(async () => {
  await makeMinistry(db.pool)
  for (const [i, person] of people.entries()) await recordSignIn(db.pool, person, new Date(1_790_000_000_000 + i))
  const sessions = ['thao', 'thao', 'duc', 'admin-G09'].map((sub, i) => [sub, Buffer.alloc(32, i)] as const)
  for (const [sub, id] of sessions)
    await db.pool.query(
      `insert into sessions (id_hash, sub, name, roles, agency_code, csrf, last_seen_at, expires_at)
       values ($1, $2, $2, '{maker}', 'G09', 'x', now(), now() + interval '1 hour')`,
      [id, sub],
    )
  await db.pool.query("update sessions set expires_at = now() - interval '1 minute' where id_hash = $1", [Buffer.alloc(32, 1)])
  world = await makeConsole({ pool: db.pool, cipher })
})

const as = (role: string, agency = 'G09') => asActor(role, agency, { steppedUpAt: Date.now() / 1000 })
const get = (path: string, actor = as('admin')) => request(world.app).get(path).set(actor).set('accept', 'text/html')
const post = (path: string, fields: Record<string, string>, actor = as('admin')) =>
  request(world.app)
    .post(path)
    .set(actor)
    .set('accept', 'text/html')
    .type('form')
    .send({ _csrf: 'token', ...fields })
/** Account and open sessions of each row. */
const rowsOf = (html: string) =>
  [...html.matchAll(/class="at-mono" data-label="[^"]*">([\w-]+)<[\s\S]*?class="at-num" data-label="[^"]*">(\d+)</g)].map(
    ([, sub, count]) => [sub, Number(count)],
  )

test('the list names who has signed in, latest first, with the sessions that are open', async () => {
  expect(rowsOf((await get('/console/staff')).text)).toEqual([
    ['admin-G09', 1],
    ['duc', 1],
    ['thao', 1],
  ])
  expect(rowsOf((await get('/console/staff', as('admin', 'G09.01'))).text)).toEqual([['thao', 1]])
})

test('a person is found by words of the name without diacritics, by a part of the account, and by role', async () => {
  const found = async (fields: Record<string, string>) => {
    const { location } = (await post('/console/staff', fields)).headers
    expect(location).toMatch(/^\/console\/staff\?s=[\w-]+$/)
    return rowsOf((await get(String(location))).text).map(([sub]) => sub)
  }
  expect(await found({ query: 'thị thảo' })).toEqual(['thao'])
  expect(await found({ query: 'DUC' })).toEqual(['duc'])
  for (const typed of ['nguyen thi thao', 'Thao Nguyen', 'thao', 'NGUYỄN', 'nguyê\u0303n th', 'hao'])
    expect([typed, await found({ query: typed })]).toEqual([typed, ['thao']])
  expect(await found({ query: 'tran duc' })).toEqual(['duc'])
  expect(await found({ query: 'guyen' })).toEqual([])
  expect(await found({ query: 'thao duc' })).toEqual([])
  expect(await found({ query: '%' })).toEqual([])
  expect(await found({ role: 'holder' })).toEqual(['duc'])
  expect(await found({ role: 'nobody' })).toHaveLength(3)
})

test('ending a person’s sessions is confirmed by name, recorded, and bars nobody', async () => {
  const asked = await post('/console/staff/confirm', { sub: 'thao', act: 'end' })
  expect(asked.text).toContain('Kết thúc mọi phiên của Nguyễn Thị Thảo?')
  expect(asked.text).toContain('action="/console/staff/end-sessions"')
  expect((await post('/console/staff/end-sessions', { sub: 'thao' })).status).toBe(303)
  const { rows } = await db.pool.query('select sub from sessions order by sub')
  expect(rows.map(row => row.sub)).toEqual(['admin-G09', 'duc'])
  const audit = await db.pool.query("select actor, subject, detail from audit where action = 'staff.sessions-ended'")
  expect(audit.rows).toEqual([{ actor: 'admin-G09', subject: 'staff:thao', detail: { sessions: 1 } }])
  expect((await db.pool.query("select barred_at from staff where sub = 'thao'")).rows).toEqual([{ barred_at: null }])
})

test('nobody ends sessions of another agency, or bars themselves', async () => {
  expect((await post('/console/staff/end-sessions', { sub: 'duc' }, as('admin', 'G09.01'))).status).toBe(403)
  expect((await post('/console/staff/confirm', { sub: 'admin-G09' })).status).toBe(403)
  expect((await post('/console/staff/bar', { sub: 'admin-G09', bar: 'yes' })).status).toBe(403)
  expect((await post('/console/staff/end-sessions', { sub: 'nobody' })).status).toBe(404)
  expect((await db.pool.query('select from sessions')).rowCount).toBe(2)
})

test('what waits is counted for those who may decide it', async () => {
  await requestAgencyChanges(
    { pool: db.pool, cipher },
    {
      maker: adminOf('G09', 'an'),
      scope: 'G09' as AgencyCode,
      changes: [{ action: 'change', code: 'G09' as AgencyCode, profile: profileOf('Tên mới') }],
    },
  )
  const waiting = async (role: string, more = {}) =>
    /\?status=pending"><strong>(\d+)</.exec((await get('/console', asActor(role, 'G09', more))).text)?.[1]
  expect([await waiting('admin'), await waiting('approver'), await waiting('maker')]).toEqual(['1', '0', '0'])
  expect(await waiting('admin', { sub: 'an' })).toBe('0')
})
