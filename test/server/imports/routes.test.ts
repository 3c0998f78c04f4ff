import { beforeAll, expect, test } from '@jest/globals'
import type { Express, RequestHandler } from 'express'
import { pino } from 'pino'
import sharp from 'sharp'
import supertest from 'supertest'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { applyAgencyChanges } from '../../../server/agencies/applyAgencyChanges.ts'
import { buildApp } from '../../../server/app.ts'
import { agenciesRoutes } from '../../../server/http/routes/agencies.ts'
import { importsRoutes } from '../../../server/http/routes/imports.ts'
import { officersRoutes } from '../../../server/http/routes/officers.ts'
import { requestsRoutes } from '../../../server/http/routes/requests.ts'
import type { ImportDeps } from '../../../server/imports/importDeps.ts'
import { importTasks } from '../../../server/imports/importTasks.ts'
import type { Actor, Role, Scope } from '../../../server/staff/actor.ts'
import { useDatabase } from '../../support/database.ts'
import { csv, importDeps } from '../../support/importing.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
let deps: ImportDeps
let app: Express
let actor: Actor | null = null

const header = ['so_dinh_danh', 'ho_ten', 'ngay_sinh', 'gioi_tinh', 'ma_don_vi', 'loai', 'chuc_vu']
const row = (number: string, name: string, agency = 'G09.01') => [number, name, '23/08/1985', 'Nam', agency, 'CC', '']

function as(role: Role | Scope | null, agency = 'G09', more: Partial<Actor> = {}): void {
  const machine = role?.includes(':') ?? false
  actor = role && {
    kind: machine ? 'client' : 'person',
    sub: `${role}@${agency}`,
    name: role,
    roles: new Set(machine ? [] : [role as Role]),
    scopes: new Set(machine ? [role as Scope] : []),
    agency: agency as AgencyCode,
    ...more,
  }
}

/** Runs the jobs that wait, as the worker would. */
async function work(): Promise<void> {
  const applyRequest = (payload: unknown) => applyAgencyChanges(deps, (payload as { requestId: string }).requestId)
  const tasks = { ...importTasks(deps), applyRequest }
  for (;;) {
    const { rows } = await db.pool.query<{ id: string; task: keyof typeof tasks; payload: unknown }>(
      'select j.id, t.identifier as task, j.payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id order by j.id',
    )
    if (rows.length === 0) return
    for (const { id, task, payload } of rows) {
      await db.pool.query('delete from graphile_worker._private_jobs where id = $1', [id])
      await tasks[task](payload)
    }
  }
}

async function upload(file: Buffer, fields: Record<string, string> = {}) {
  const request = supertest(app).post('/api/imports').attach('file', file, 'Danh sách cán bộ.csv')
  for (const [name, value] of Object.entries(fields)) request.field(name, value)
  const answer = await request
  await work()
  return answer
}

beforeAll(async () => {
  deps = await importDeps(db.pool, testCipher())
  const authenticate: RequestHandler = (req, _res, next) => {
    req.actor = actor
    next()
  }
  app = buildApp({
    logger: pino({ level: 'silent' }),
    publicUrl: 'http://localhost',
    trustProxy: false,
    formTargets: [],
    measureRequests: (_req, _res, next) => next(),
    publicRoutes: [],
    authenticate,
    idempotency: (_req, _res, next) => next(),
    streamRoutes: [importsRoutes(deps), officersRoutes(deps)],
    apiRoutes: [agenciesRoutes(deps), requestsRoutes(deps)],
    pages: [],
  })
  as('admin')
  const units = csv(['ma', 'ten_vi', 'ma_cha'], ['G09', 'Bộ Nội vụ', ''], ['G09.01', 'Vụ Một', 'G09'], ['G09.02', 'Vụ Hai', 'G09'])
  const { body } = await upload(units)
  await supertest(app).post(`/api/imports/${body.id}/commit`).expect(202)
  await work()
  await deps.agencies.refresh(db.pool)
})

test('upload, preview, commit, search: the whole way over HTTP', async () => {
  as('maker')
  const people = csv(header, row('001085000001', 'Nguyễn Thị Thảo'), row('1085000002', 'Trần Văn An'), row('001085000003', 'Lê <b>'))
  const started = await upload(people)
  expect(started.status).toBe(202)
  expect(started.body).toMatchObject({ state: 'reading', fileName: 'Danh sách cán bộ.csv', maker: 'maker' })
  const path = started.headers.location!
  expect((await supertest(app).get(path)).body).toMatchObject({
    state: 'preview',
    kind: 'officers',
    counts: { new: 2, refused: 1, repaired: 1 },
  })
  const refused = await supertest(app).get(`${path}/rows?outcome=refused`)
  expect(refused.body.rows).toMatchObject([{ row: 4, findings: [{ code: 'import.text.markup', column: 'ho_ten', value: 'Lê <b>' }] }])
  const blocked = await supertest(app).post(`${path}/commit`)
  expect([blocked.status, blocked.body.code]).toEqual([422, 'import.refused-rows'])
  await supertest(app).post(`${path}/commit`).send({ onlyGood: true }).expect(202)
  await work()
  expect((await supertest(app).get(path)).body).toMatchObject({ state: 'done', onlyGood: true })
  expect((await supertest(app).post(`${path}/commit`)).body.code).toBe('import.conflict')
  const found = await supertest(app).post('/api/officers/search').send({ query: 'nguyen thi thao' }).expect(200)
  expect(found.headers['cache-control']).toBe('no-store')
  expect(found.body).toMatchObject({
    officers: [{ fullName: 'Nguyễn Thị Thảo', personalNumber: '001***000001', agencyName: 'Vụ Một', card: null }],
    next: null,
  })
  const page = await supertest(app).get(`/api/officers/${found.body.officers[0].id}`).expect(200)
  expect(page.body).toMatchObject({ birthDate: '1985-08-23', gender: 'male', photo: null, version: 1 })
  const workbook = await supertest(app).get(`${path}/errors.xlsx`).responseType('blob').expect(200)
  expect(workbook.body.subarray(0, 2).toString()).toBe('PK')
})

test('the same upload with the same Idempotency-Key is one import', async () => {
  as('maker')
  const send = () =>
    supertest(app)
      .post('/api/imports')
      .set('Idempotency-Key', 'k1')
      .attach('file', csv(header, row('001085000021', 'Lê An')), 'a.csv')
  const [first, again] = [await send(), await send()]
  expect([first.status, again.status]).toEqual([202, 202])
  expect(again.body.id).toBe(first.body.id)
  await work()
})

test('a photo replaces another, and is served to those who may see the person', async () => {
  as('maker')
  const { body } = await supertest(app).post('/api/officers/search').send({ query: 'tran van an' })
  const path = `/api/officers/${body.officers[0].id}`
  const picture = await sharp({ create: { width: 300, height: 400, channels: 3, background: '#345' } })
    .jpeg()
    .toBuffer()
  const put = await supertest(app).put(`${path}/photo`).attach('photo', picture, 'a.jpg').expect(200)
  expect(put.body.photo).toMatch(/^[0-9a-f]{64}$/)
  const broken = await supertest(app).put(`${path}/photo`).attach('photo', Buffer.from('MZ'), 'a.jpg')
  expect([broken.status, broken.body.code]).toEqual([422, 'photo.not-image'])
  expect((await supertest(app).get(`${path}/photo.jpg`).expect(200)).headers['content-type']).toBe('image/jpeg')
  as('maker', 'G09.02')
  expect((await supertest(app).get(`${path}/photo.jpg`)).status).toBe(404)
})

test('a holder sees the own page and who looked at it, and nobody else’s', async () => {
  as('maker')
  const { body } = await supertest(app).post('/api/officers/search').send({})
  const [mine, other] = body.officers as { id: string }[]
  as('holder', 'G09.01', { officerId: mine!.id })
  await supertest(app).get(`/api/officers/${mine!.id}`).expect(200)
  const views = await supertest(app).get(`/api/officers/${mine!.id}/views`).expect(200)
  expect(views.body.views[0]).toMatchObject({ by: 'holder', action: 'officer.viewed' })
  expect((await supertest(app).get(`/api/officers/${mine!.id}/personal-data`)).body).toMatchObject({
    personalNumber: expect.stringMatching(/^\d{12}$/),
  })
  for (const path of ['', '/views', '/photo.jpg', '/personal-data']) {
    expect((await supertest(app).get(`/api/officers/${other!.id}${path}`)).status).toBe(403)
  }
  expect((await supertest(app).post('/api/officers/search').send({})).status).toBe(403)
})

test('who may not import, cannot; another agency’s import is not found; an upload that is none is refused', async () => {
  const file = csv(header, row('001085000009', 'Lê An'))
  for (const [role, status] of [
    [null, 401],
    ['approver', 403],
    ['auditor', 403],
    ['printer', 403],
    ['holder', 403],
    ['verify:bulk', 403],
    ['cards:write', 202],
  ] as const) {
    as(role)
    expect([role, (await upload(file)).status]).toEqual([role, status])
  }
  as('maker', 'G09.01')
  expect((await upload(file, { agency: 'G09' })).body.code).toBe('auth.outside-scope')
  const own = await upload(file)
  as('maker', 'G09.02')
  for (const path of ['', '/rows', '/absent', '/photos', '/errors.xlsx']) {
    expect((await supertest(app).get(`/api/imports/${own.body.id}${path}`)).body.code).toBe('import.not-found')
  }
  for (const path of ['commit', 'cancel', 'preview']) {
    expect((await supertest(app).post(`/api/imports/${own.body.id}/${path}`)).body.code).toBe('import.not-found')
  }
  as('auditor', 'G09.01')
  await supertest(app).get(`/api/imports/${own.body.id}/rows`).expect(200)
  expect((await supertest(app).post(`/api/imports/${own.body.id}/commit`)).status).toBe(403)
  as('maker', 'G09.01')
  expect((await supertest(app).post('/api/imports').field('agency', 'G09.01')).body.code).toBe('import.upload')
  expect((await supertest(app).post('/api/imports').send({})).status).toBe(415)
  expect((await supertest(app).get('/api/imports')).body.imports).toHaveLength(1)
})

test('a sheet of agencies needs an admin, a sheet of people a maker', async () => {
  as('maker')
  const units = await upload(csv(['ma', 'ten_vi', 'ma_cha'], ['G09.03', 'Vụ Ba', 'G09']))
  expect((await supertest(app).get(`/api/imports/${units.body.id}`)).body).toMatchObject({
    state: 'failed',
    failure: { code: 'auth.forbidden' },
  })
  as('admin')
  const people = await upload(csv(header, row('001085000011', 'Lê An')))
  expect((await supertest(app).get(`/api/imports/${people.body.id}`)).body).toMatchObject({
    state: 'failed',
    failure: { code: 'auth.forbidden' },
  })
})

test('an auditor reads imports of agencies, and writes none of them', async () => {
  as('auditor')
  const { body } = await supertest(app).get('/api/imports').expect(200)
  const { id } = (body.imports as { id: string; kind: string }[]).find(one => one.kind === 'agencies')!
  expect((await supertest(app).get(`/api/imports/${id}/rows`).expect(200)).body.rows).toHaveLength(3)
  expect((await supertest(app).post(`/api/imports/${id}/cancel`)).body.code).toBe('auth.forbidden')
  as('approver')
  expect((await supertest(app).get(`/api/imports/${id}/rows`)).body.code).toBe('auth.forbidden')
})

test('an admin asks for changes of the own subtree only, and another one decides', async () => {
  const ask = (body: object) => supertest(app).post('/api/agency-requests').send(body)
  as('admin', 'G09')
  const { body } = await ask({ action: 'add', code: 'G09.01.01', nameVi: 'Phòng', parent: 'G09.01' }).expect(202)
  const path = `/api/requests/${body.requestId}`
  const shown = (await supertest(app).get(path)).body
  expect(shown).toMatchObject({ kind: 'agency.change', agency: 'G09.01', status: 'pending', detail: { action: 'add', code: 'G09.01.01' } })
  const decide = () => supertest(app).post(`${path}/approve`).send({ claimsDigest: shown.claimsDigest })
  as('admin', 'G09', { steppedUpAt: Date.now() / 1000 })
  expect((await decide()).body.code).toBe('request.same-person')
  as('admin', 'G09', { sub: 'admin2', steppedUpAt: 0 })
  expect((await decide()).body.code).toBe('auth.step-up')
  as('approver', 'G09')
  expect((await decide()).body.code).toBe('auth.forbidden')
  as('admin', 'G03')
  expect((await decide()).body.code).toBe('auth.outside-scope')
  as('admin', 'G09.02')
  expect((await decide()).body.code).toBe('auth.outside-scope')
  as('admin', 'G09.01', { sub: 'admin2', steppedUpAt: Date.now() / 1000 })
  await decide().expect(202)
  await work()
  expect((await supertest(app).get('/api/agencies/G09.01.01')).body).toMatchObject({
    parent: 'G09.01',
    name: { vi: 'Phòng', en: null },
    restricted: false,
    coverage: [],
  })

  as('admin', 'G09')
  await ask({ action: 'move', code: 'G09.01.01', parent: 'G09.02' }).expect(202)
  expect((await ask({ action: 'add', code: 'G03.01', nameVi: 'Của Bộ khác', parent: 'G03' })).body.code).toBe('auth.outside-scope')
  expect((await ask({ action: 'move', code: 'G09.01', parent: 'G09.01.01' })).body.code).toBe('agency.conflict')
  expect((await ask({ action: 'change', code: 'G09.99', nameVi: 'x' })).body.code).toBe('agency.not-found')
  for (const coverage of [[{ title: '' }], [{ title: 'x', from: 2020, to: 1990 }], 'x', [{ title: 'x', to: 1990 }]])
    expect((await ask({ action: 'change', code: 'G09.01', nameVi: 'x', coverage })).status).toBe(400)
  as('maker', 'G09')
  expect((await ask({ action: 'change', code: 'G09.01', nameVi: 'x' })).status).toBe(403)
  as('admin', 'G09.01')
  expect((await ask({ action: 'move', code: 'G09.01', parent: 'G09.01.01' })).body.code).toBe('auth.outside-scope')
  expect((await ask({ action: 'dissolve', code: 'G09.01', successor: null })).body.code).toBe('auth.outside-scope')
  await ask({ action: 'change', code: 'G09.01', nameVi: 'Vụ Một mới' }).expect(202)
  expect((await ask({ action: 'change', code: 'G09.02', nameVi: 'Lấy' })).body.code).toBe('auth.outside-scope')
  expect((await supertest(app).get('/api/agencies')).body.agencies.map((one: { code: string }) => one.code)).toEqual([
    'G09.01',
    'G09.01.01',
  ])
  expect((await supertest(app).get('/api/agencies/G09.02')).body.code).toBe('agency.not-found')
})

const nobody = '00000000-0000-7000-8000-000000000000'
const readers = 'maker approver printer auditor admin cards:write'
const whoMay: [string, string, string][] = [
  // Imports of agencies are an admin's, so an admin passes the door of every import; whose import it is decides behind it.
  ['get', '/api/imports', readers],
  ['get', `/api/imports/${nobody}`, readers],
  ['get', `/api/imports/${nobody}/rows`, readers],
  ['get', `/api/imports/${nobody}/absent`, readers],
  ['get', `/api/imports/${nobody}/photos`, readers],
  ['get', `/api/imports/${nobody}/photos/1`, readers],
  ['get', `/api/imports/${nobody}/errors.xlsx`, readers],
  ['put', `/api/imports/${nobody}/photos/1`, 'maker admin cards:write'],
  ['post', '/api/imports', 'maker admin cards:write'],
  ['post', `/api/imports/${nobody}/preview`, 'maker admin cards:write'],
  ['post', `/api/imports/${nobody}/commit`, 'maker admin cards:write'],
  ['post', `/api/imports/${nobody}/cancel`, 'maker admin cards:write'],
  ['post', '/api/officers/search', 'maker approver printer auditor cards:write'],
  ['get', `/api/officers/${nobody}`, 'maker approver printer auditor cards:write'],
  ['get', `/api/officers/${nobody}/photo.jpg`, 'maker approver printer auditor cards:write'],
  ['get', `/api/officers/${nobody}/views`, 'auditor admin audit:read'],
  ['get', `/api/officers/${nobody}/personal-data`, 'maker cards:write'],
  ['put', `/api/officers/${nobody}/photo`, 'maker cards:write'],
  ['post', `/api/officers/${nobody}/leave`, 'maker cards:write'],
  ['delete', `/api/officers/${nobody}/personal-data`, 'admin'],
  ['post', '/api/agency-requests', 'admin'],
]

test.each(whoMay)('%s %s is open to exactly: %s', async (method, path, allowed) => {
  const everybody = [
    'maker',
    'approver',
    'printer',
    'auditor',
    'admin',
    'holder',
    'cards:write',
    'diplomas:write',
    'verify:bulk',
    'audit:read',
  ] as const
  const open: string[] = []
  for (const role of everybody) {
    as(role, 'G09', { officerId: '00000000-0000-7000-8000-000000000001' })
    const answer = await supertest(app)
      [method as 'get'](path)
      .send(method === 'get' ? undefined : { query: 5, nameVi: 5, successor: 5 })
    expect(answer.status).toBeLessThan(500)
    if (answer.status !== 403) open.push(role)
  }
  expect(open.join(' ')).toBe(everybody.filter(role => allowed.split(' ').includes(role)).join(' '))
  as(null)
  expect((await supertest(app)[method as 'get'](path)).status).toBe(401)
})
