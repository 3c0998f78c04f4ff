import { beforeAll, describe, expect, test } from '@jest/globals'
import request, { type Test } from 'supertest'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { requestAgencyChanges } from '../../server/agencies/requestAgencyChanges.ts'
import { type Actor, roles, scopes } from '../../server/staff/actor.ts'
import { authorize, holds, type Permission, permissions, stepUpLifetime } from '../../server/staff/authorize.ts'
import { type ConsoleObjects, makeConsoleObjects } from '../support/consoleObjects.ts'
import { asActor, type ConsoleWorld, makeConsole } from '../support/consoleWorld.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry } from '../support/ministry.ts'
import { testCipher } from '../support/testCipher.ts'
import { thrownCode } from '../support/thrownCode.ts'

const db = useDatabase()
const cipher = testCipher()
let world: ConsoleWorld
let ours: ConsoleObjects
let theirs: ConsoleObjects

beforeAll(async () => {
  await makeMinistry(db.pool)
  await db.pool.query("insert into agencies (code, name_vi, valid_from) values ('G10', 'Bộ khác', '2020-01-01')")
  await db.pool.query("insert into agencies (code, name_vi, valid_from) values ('G20', 'Cơ quan chưa có ai', '2020-01-01')")
  ours = await makeConsoleObjects(db.pool, cipher, 'G09.01')
  theirs = await makeConsoleObjects(db.pool, cipher, 'G10')
  world = await makeConsole({ pool: db.pool, cipher })
})

/** The address of a declared route with the objects of one side in place of its parameters. */
function addressOf(path: string, objects: ConsoleObjects): string {
  const ids: [RegExp, string][] = [
    [/^\/officers\/:id/, objects.officer],
    [/^\/photos\/:digest/, objects.photo],
    [/^\/imports\/:id/, objects.import],
    [/^\/review\/:code/, objects.agency],
    [/^\/requests\/:id/, objects.request],
    [/^\/cards\/:serial/, objects.serial],
    [/^\/print\/:id/, objects.printJob],
    [/^\/diplomas\/batches\/:id/, objects.diplomaRequest],
    [/^\/diplomas\/:ref/, objects.diploma],
    [/^\/me\/diplomas\/:ref/, objects.diploma],
    [/^\/keys\/:kid/, objects.kid],
    [/^\/agencies\/:code/, objects.agency],
    [/^\/templates\/:name/, 'the-cong-chuc-838'],
    [/^\/webhooks\/:id/, objects.webhook],
  ]
  const id = ids.find(([pattern]) => pattern.test(path))?.[1] ?? ''
  return `/console${path
    .replace(/:(id|digest|code|serial|ref|kid|name)/, id)
    .replace(':seq', '1')
    .replace(':side', 'front')}`
}

/** What each form names: the objects that a route acts on besides its address. A route without an entry fails the test. */
const forms: Record<string, (objects: ConsoleObjects) => Record<string, string>> = {
  '/officers': o => ({ query: '', agency: o.agency }),
  '/officers/request': o => ({ officer: o.officer }),
  '/officers/request-all': o => ({ agency: o.agency }),
  '/officers/:id/photo': () => ({}),
  '/officers/:id/export': () => ({}),
  '/officers/:id/leave': () => ({}),
  '/officers/:id/erase': () => ({}),
  '/imports': () => ({}),
  '/imports/:id/mapping': () => ({}),
  '/imports/:id/again': () => ({}),
  '/imports/:id/commit': () => ({}),
  '/imports/:id/cancel': () => ({}),
  '/imports/:id/photos': () => ({ photo: '1', to: '1' }),
  '/requests/:id/approve': () => ({ selection: 'all', claimsDigest: 'A'.repeat(43) }),
  '/requests/:id/refuse': () => ({ reason: 'Sai ảnh' }),
  '/requests/:id/cancel': () => ({}),
  '/cards/status/form': o => ({ action: 'suspend', serial: o.serial }),
  '/cards/status': o => ({ action: 'suspend', serial: o.serial, reasonCode: 'THOI_VIEC' }),
  '/print': o => ({ agency: o.agency, serial: o.serial, layout: 'card' }),
  '/print/:id/plastics': () => ({ state: 'printed' }),
  '/diplomas': () => ({ query: '' }),
  '/diplomas/register': o => ({ agency: o.agency, holderName: 'A', title: 'B', number: 'N1', awarded: '2020', basis: '0' }),
  '/diplomas/register/sheet': () => ({}),
  '/diplomas/batches/:id/withdraw': () => ({ reasonCode: 'NHAP_SAI', decision: '1/QĐ' }),
  '/diplomas/:ref/end': () => ({ reasonCode: 'NHAP_SAI', decision: '1/QĐ' }),
  '/diplomas/:ref/holder': () => ({ holderNumber: '001185012345' }),
  '/diplomas/:ref/stamped-copy': () => ({}),
  '/me/lost': () => ({}),
  '/me/wallet': () => ({ proof: 'x' }),
  '/me/diplomas/:ref/wallet': () => ({ proof: 'x' }),
  '/audit': o => ({ agency: o.agency }),
  '/audit/export': o => ({ agency: o.agency }),
  '/keys': o => ({ agency: o.agency, use: 'card', years: '2' }),
  '/templates': o => ({ agency: o.agency, template: 'don-gian-hien-dai' }),
  '/keys/import': o => ({ agency: o.agency }),
  '/keys/tokens': o => ({ agency: o.agency, use: 'card', years: '1', token: 'x', id: 'ab' }),
  '/keys/:kid/endorse': () => ({ by: 'file' }),
  '/keys/:kid/retire': () => ({}),
  '/keys/:kid/compromise': () => ({ logSize: '0' }),
  '/agencies': o => ({ code: o.agency, nameVi: `Tên ${o.agency} mới`, parent: o.agency === 'G10' ? 'G10' : 'G09' }),
  '/agencies/:code/end': () => ({ sure: 'x' }),
  '/webhooks': () => ({ url: 'https://hooks.example/b', events: 'card.issued' }),
  '/webhooks/:id/replay': () => ({}),
  '/webhooks/:id/remove': () => ({}),
  '/staff/confirm': o => ({ sub: o.staff }),
  '/staff': () => ({ query: '' }),
  '/staff/bar': o => ({ sub: o.staff, bar: 'no' }),
  '/staff/end-sessions': o => ({ sub: o.staff }),
}
const multipart = new Set([
  '/officers/:id/photo',
  '/imports',
  '/diplomas/register/sheet',
  '/diplomas/:ref/stamped-copy',
  '/keys/import',
  '/keys/:kid/endorse',
])
/** Routes that show lists limited to the actor's agencies, or what the installation has, and take nothing foreign: their foreign case is the list test below. */
const withoutObject = new Set([
  '/imports',
  '/staff',
  '/webhooks',
  '/diplomas',
  '/diplomas/register/sheet',
  '/me/lost',
  '/me/wallet',
  '/templates/:name',
  '/templates/:name/:side',
])

/** Routes where the object decides which of the permissions counts: who may act on a request for cards, on an import of people. */
const narrower: Record<string, string[]> = {
  '/requests/:id/approve': ['approver'],
  '/requests/:id/refuse': ['approver'],
  '/requests/:id/cancel': ['maker'],
  '/imports/:id': ['maker', 'approver', 'printer', 'auditor'],
  '/imports/:id/progress': ['maker', 'approver', 'printer', 'auditor'],
  '/imports/:id/mapping': ['maker'],
  '/imports/:id/again': ['maker'],
  '/imports/:id/commit': ['maker'],
  '/imports/:id/cancel': ['maker'],
  '/imports/:id/photos': ['maker'],
  '/imports/:id/photos/:seq': ['maker', 'approver', 'printer', 'auditor'],
  '/imports/:id/errors.xlsx': ['maker'],
}

function ask(route: { method: 'get' | 'post'; path: string }, objects: ConsoleObjects, actor: Record<string, string>): Test {
  const address = addressOf(route.path, objects)
  if (route.method === 'get') return request(world.app).get(address).set(actor).set('accept', 'text/html')
  const post = request(world.app).post(address).set(actor).set('accept', 'text/html')
  const fields = { _csrf: 'token', ...forms[route.path]!(objects) }
  return multipart.has(route.path) ? post.field(fields) : post.type('form').send(fields)
}

function actorFor(role: string, fresh = true): Record<string, string> {
  return asActor(role, 'G09', {
    ...(role === 'holder' ? { officerId: ours.officer } : {}),
    ...(fresh ? { steppedUpAt: Date.now() / 1000 } : {}),
  })
}

const rolesOf = (allowed: readonly Permission[]) => new Set(allowed.flatMap(one => [...permissions[one].roles]))

/** The declared route that a form's action leads to. */
function postRouteOf(action: string): (typeof world.declared)[number] {
  const leads = (path: string) => new RegExp(`^/console${path.replace(/:\w+/g, '[^/]+')}$`).test(action)
  const route = world.declared.find(({ method, path }) => method === 'post' && leads(path))
  if (!route) throw new Error(`No route takes the form of ${action}`)
  return route
}

test('every route that changes something has a row in the table', () => {
  const missing = world.declared.filter(route => route.method === 'post' && !forms[route.path]).map(route => route.path)
  expect(missing).toEqual([])
  expect(world.declared.length).toBeGreaterThan(60)
})

test('nobody gets anywhere without signing in', async () => {
  for (const route of world.declared) {
    const answer = await ask(route, ours, {})
    expect([route.path, answer.status]).toEqual([route.path, 303])
    expect(answer.headers.location).toMatch(/^\/signin\?return=/)
  }
})

describe.each([...roles])('%s', role => {
  test('is refused every route that the permission table does not grant', async () => {
    for (const route of world.declared) {
      if (route.permissions.length === 0 || rolesOf(route.permissions).has(role)) continue
      const answer = await ask(route, ours, actorFor(role))
      expect([role, route.method, route.path, answer.status]).toEqual([role, route.method, route.path, 403])
    }
  })

  test('reaches what it grants in its own agencies', async () => {
    for (const route of world.declared) {
      if (!rolesOf(route.permissions).has(role)) continue
      const answer = await ask(route, ours, actorFor(role))
      const allowed = narrower[route.path]?.includes(role) ?? true
      const where = [role, route.method, route.path, answer.status]
      expect([...where, [401, 403, 500].includes(answer.status)]).toEqual([...where, !allowed])
    }
  })

  test('is shown no link to where it may not go, and no form that it may not send', async () => {
    await db.pool.query('update officers set left_at = now() where id = $1', [ours.officer])
    const refused: string[] = []
    for (const actor of [actorFor(role), asActor(role, 'G20')]) {
      const page = (address: string) => request(world.app).get(address).set(actor).set('accept', 'text/html')
      const linked = new Map<string, string>()
      for (const { method, path, permissions } of world.declared) {
        if (method === 'post' || !(permissions.length === 0 || rolesOf(permissions).has(role))) continue
        const { text = '', status } = await page(addressOf(path, ours))
        if (status !== 200) continue
        for (const [, href] of text.matchAll(/ href="(\/console[^"#]*)/g)) linked.set(href!.replaceAll('&amp;', '&'), path)
        for (const [form, action = ''] of text.matchAll(/<form[^>]* action="(\/console[^"?]*)[\s\S]*?<\/form>/g)) {
          const sent = /^<form[^>]* method="post"/.test(form) && form.includes('type="submit"') ? postRouteOf(action) : undefined
          if (sent && !rolesOf(sent.permissions).has(role)) refused.push(`${path} -> POST ${action}`)
        }
        const files = text.includes('href="/api/print-jobs/')
        if (files && !rolesOf(['cards.print']).has(role)) refused.push(`${path} -> the files of a print run`)
      }
      for (const [href, path] of linked) if ((await page(href)).status === 403) refused.push(`${path} -> ${href}`)
    }
    expect(refused).toEqual([])
    await db.pool.query('update officers set left_at = null where id = $1', [ours.officer])
  })

  test('gets nothing of an agency outside its subtree', async () => {
    const before = await stateOfTheirs()
    for (const route of world.declared) {
      const named = (route.path.includes(':') || route.method === 'post') && !withoutObject.has(route.path)
      if (!named || !rolesOf(route.permissions).has(role)) continue
      const answer = await ask(route, theirs, actorFor(role))
      const where = [role, route.method, route.path, answer.status]
      expect([...where, [403, 404, 422].includes(answer.status)]).toEqual([...where, true])
      expect(answer.text).not.toContain('Trần Văn Đức')
    }
    expect(await stateOfTheirs()).toEqual(before)
  })
})

/** Everything of the foreign agency that a route could have changed. */
async function stateOfTheirs() {
  const { rows } = await db.pool.query(
    `select (select count(*) from requests where agency_code = 'G10') as requests, (select jsonb_agg(status) from requests where agency_code = 'G10') as statuses,
       (select jsonb_agg(status) from cards where using_code = 'G10') as cards, (select jsonb_agg(name_vi) from agencies where code = 'G10') as names,
       (select jsonb_agg(state) from imports where agency_code = 'G10') as imports, (select barred_at from staff where agency_code = 'G10') as barred,
       (select count(*) from print_jobs where agency_code = 'G10') as runs, (select jsonb_agg(full_name) from officers where agency_code = 'G10') as people`,
  )
  return rows[0]
}

test('an auditor reads every page but those that begin a change or are a person’s own, and sends nothing but searches and files to take away', () => {
  const open = (route: (typeof world.declared)[number]) => route.permissions.length === 0 || rolesOf(route.permissions).has('auditor')
  const closed = world.declared.filter(route => route.method === 'get' && !open(route)).map(route => route.path)
  expect(closed.filter(path => path !== '/me' && !path.startsWith('/me/')).sort()).toEqual([
    '/agencies/new',
    '/diplomas/:ref/correct',
    '/diplomas/:ref/end',
    '/diplomas/:ref/holder',
    '/diplomas/register',
    '/imports/:id/errors.xlsx',
    '/keys/:kid/endorse',
    '/keys/import',
    '/keys/new',
    '/keys/tokens',
    '/officers/:id/erase',
    '/officers/:id/leave',
    '/review',
    '/review/:code',
  ])
  const sent = world.declared.filter(route => route.method === 'post' && open(route)).map(route => route.path)
  expect(sent.sort()).toEqual(['/audit', '/audit/export', '/diplomas', '/diplomas/:ref/stamped-copy', '/officers', '/staff'])
})

test('lists hold only the agencies of the actor', async () => {
  for (const path of [
    '/officers',
    '/cards',
    '/requests',
    '/diplomas',
    '/imports',
    '/print',
    '/keys',
    '/agencies',
    '/staff',
    '/audit',
    '/review',
    '/',
  ]) {
    for (const role of ['maker', 'auditor', 'printer', 'admin']) {
      const answer = await request(world.app).get(`/console${path}`).set(actorFor(role)).set('accept', 'text/html')
      if (answer.status !== 200) continue
      for (const id of [
        theirs.serial,
        theirs.request,
        theirs.diploma,
        theirs.import,
        theirs.printJob,
        theirs.kid,
        theirs.staff,
        theirs.officer,
        'Bộ khác',
      ])
        expect([path, role, answer.text.includes(id)]).toEqual([path, role, false])
    }
  }
})

test('an approver may suspend, and asks for nothing else', async () => {
  for (const action of ['resume', 'revoke', 'replace']) {
    const fields = { _csrf: 'token', action, serial: ours.serial, reasonCode: 'THOI_VIEC' }
    const answer = await request(world.app)
      .post('/console/cards/status')
      .set(actorFor('approver'))
      .set('accept', 'text/html')
      .type('form')
      .send(fields)
    expect([action, answer.status]).toEqual([action, 403])
  }
})

test('a change of agencies is for an administrator who signed in anew to decide, and not for its maker', async () => {
  const profile = { oldCode: '', nameVi: 'Tên khác', nameEn: '', restricted: false, coverage: [] }
  const change = { action: 'change', code: 'G09.01' as AgencyCode, profile } as const
  const id = await requestAgencyChanges(
    { pool: db.pool, cipher },
    { maker: { sub: 'admin-G09', name: 'x' }, scope: 'G09.01' as AgencyCode, changes: [change] },
  )
  const { text } = await request(world.app).get(`/console/requests/${id}`).set(actorFor('admin')).set('accept', 'text/html')
  const claimsDigest = /name="claimsDigest" value="([\w-]{43})"/.exec(text)![1]!
  const approve = (actor: Record<string, string>) =>
    request(world.app)
      .post(`/console/requests/${id}/approve`)
      .set(actor)
      .set('accept', 'text/html')
      .type('form')
      .send({ _csrf: 'token', selection: 'all', claimsDigest })
  const other = { sub: 'another', steppedUpAt: Date.now() / 1000 }
  for (const role of roles) if (role !== 'admin') expect([role, (await approve(asActor(role, 'G09', other))).status]).toEqual([role, 403])
  expect((await approve(asActor('admin', 'G10', other))).status).toBe(403)
  expect((await approve(asActor('admin', 'G09', { sub: 'another' }))).headers.location).toMatch(/^\/signin\/step-up/)
  const statusOf = async () => (await db.pool.query('select status from requests where id = $1', [id])).rows[0].status
  await approve(actorFor('admin'))
  expect(await statusOf()).toBe('pending')
  await approve(asActor('admin', 'G09', other))
  expect(await statusOf()).toBe('approved')
})

test('approving, and anything about keys, needs a fresh proof of identity; the form waits for it', async () => {
  const stale = asActor('approver', 'G09', { steppedUpAt: Date.now() / 1000 - stepUpLifetime - 5 })
  for (const [actor, path, fields] of [
    [stale, `/console/requests/${ours.diplomaRequest}/approve`, { selection: 'all', claimsDigest: 'B'.repeat(43) }],
    [actorFor('admin', false), '/console/keys', { agency: 'G09', use: 'card', years: '2' }],
  ] as const) {
    const answer = await request(world.app)
      .post(path)
      .set(actor)
      .set('accept', 'text/html')
      .type('form')
      .send({ _csrf: 'token', ...fields })
    expect(answer.status).toBe(303)
    const [, id] = /^\/signin\/step-up\?return=%2Fconsole%2Fresume%2F([0-9a-f-]{36})%3Fauto%3D1$/.exec(answer.headers.location!)!
    const resumed = await request(world.app).get(`/console/resume/${id}?auto=1`).set(actor)
    expect(resumed.text).toContain(`action="${path}"`)
    for (const value of Object.values(fields)) expect(resumed.text).toContain(`value="${value}"`)
    const another = await request(world.app)
      .get(`/console/resume/${id}`)
      .set(asActor('approver', 'G09', { sub: 'another' }))
    expect(another.headers.location).toBe('/console')
  }
})

test('a form that nobody was signed in to send is told to be unsent, where it was sent from', async () => {
  const console = 'http://localhost/console/diplomas/register'
  const post = request(world.app).post('/console/diplomas/register/sheet').set({ host: 'localhost', referer: console, accept: 'text/html' })
  const { headers } = await post.field('_csrf', 'token')
  expect(headers.location).toBe('/signin?return=%2Fconsole%2Fdiplomas%2Fregister%3Funsent%3D1')
  const back = await request(world.app).get('/console/diplomas/register?unsent=1').set(actorFor('maker')).set('accept', 'text/html')
  expect(back.text).toContain('chưa được thực hiện')
})

test('a form without the token of its session changes nothing', async () => {
  for (const token of [undefined, '', 'other']) {
    const answer = await request(world.app)
      .post(`/console/requests/${ours.request}/refuse`)
      .set(actorFor('approver'))
      .set('accept', 'text/html')
      .type('form')
      .send({ reason: 'x', ...(token === undefined ? {} : { _csrf: token }) })
    expect(answer.status).toBe(403)
  }
  const upload = await request(world.app)
    .post('/console/imports')
    .set(actorFor('maker'))
    .set('accept', 'text/html')
    .field({ _csrf: 'other' })
    .attach('file', Buffer.from('a'), 'a.csv')
  expect(upload.status).toBe(403)
})

test('a multipart form without the token changes nothing either, on any route', async () => {
  for (const route of world.declared.filter(({ method }) => method === 'post')) {
    const role = [...rolesOf(route.permissions)][0] ?? 'maker'
    const answer = await request(world.app)
      .post(addressOf(route.path, ours))
      .set(actorFor(role))
      .set('accept', 'text/html')
      .field({ x: '1' })
    expect([route.path, answer.status]).toEqual([route.path, 403])
  }
  const lock = await request(world.app).post('/signin/lock').set(actorFor('maker')).set('accept', 'text/html').field({ x: '1' })
  expect(lock.status).toBe(403)
})

describe('the permission table', () => {
  const tree = { inSubtree: (code: string, ancestor: string) => code.startsWith(`${ancestor}.`) }
  const person = (role: Actor['roles'] extends ReadonlySet<infer R> ? R : never): Actor => ({
    kind: 'person',
    sub: role,
    name: role,
    roles: new Set([role]),
    scopes: new Set(),
    agency: 'G09' as AgencyCode,
    steppedUpAt: 1000,
  })
  const machine: Actor = {
    kind: 'client',
    sub: 'client:m',
    name: 'm',
    roles: new Set(['approver', 'admin', 'maker']),
    scopes: new Set(scopes),
    agency: 'G09' as AgencyCode,
    steppedUpAt: 1000,
  }

  test('no machine approves, prints, or manages, whatever roles or scopes its token claims', () => {
    for (const permission of [
      'cards.approve',
      'diplomas.approve',
      'cards.print',
      'keys.manage',
      'templates.manage',
      'agencies.manage',
      'agencies.approve',
      'staff.manage',
      'webhooks.manage',
      'own.card',
    ] as const) {
      expect(holds(machine, permission)).toBe(false)
      expect(thrownCode(() => authorize(machine, permission, undefined, tree, 1000))).toBe('auth.forbidden')
    }
  })

  test('nobody both asks and decides by one role', () => {
    for (const role of roles) {
      expect(holds(person(role), 'cards.request') && holds(person(role), 'cards.approve')).toBe(false)
      expect(holds(person(role), 'diplomas.register') && holds(person(role), 'diplomas.approve')).toBe(false)
    }
  })

  test('auditors change nothing', () => {
    const changing: Permission[] = [
      'people.write',
      'cards.request',
      'cards.approve',
      'cards.suspend',
      'cards.print',
      'diplomas.register',
      'diplomas.approve',
      'keys.manage',
      'templates.manage',
      'agencies.manage',
      'agencies.approve',
      'staff.manage',
      'webhooks.manage',
    ]
    expect(changing.filter(permission => holds(person('auditor'), permission))).toEqual([])
  })

  test('scope is the subtree, and a step-up lasts ten minutes', () => {
    const may = (agency: string, now = 1000) =>
      thrownCode(() => authorize(person('approver'), 'cards.approve', agency as AgencyCode, tree, now))
    expect([may('G09'), may('G09.22'), may('G10'), may('G091')]).toEqual(['none', 'none', 'auth.outside-scope', 'auth.outside-scope'])
    expect([may('G09', 1000 + stepUpLifetime), may('G09', 1001 + stepUpLifetime)]).toEqual(['none', 'auth.step-up'])
    const never: Actor = { ...person('approver') }
    delete never.steppedUpAt
    expect(thrownCode(() => authorize(never, 'cards.approve', undefined, tree, 1000))).toBe('auth.step-up')
    expect(thrownCode(() => authorize(null, 'cards.read', undefined, tree))).toBe('auth.required')
  })
})
