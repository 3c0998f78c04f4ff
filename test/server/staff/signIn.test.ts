import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Request, Response } from 'express'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { freePort } from '../../../server/db/freePort.ts'
import { personalNumberIndex } from '../../../server/keys/personalNumberIndex.ts'
import { authenticate } from '../../../server/staff/authenticate.ts'
import { type FormBrowser, formBrowser, signInByForms } from '../../../server/staff/demonstration/followForms.ts'
import { startDemonstrationProvider } from '../../../server/staff/demonstration/provider.ts'
import { createIdentityProvider, type IdentityProvider } from '../../../server/staff/identityProvider.ts'
import type { FindPerson } from '../../../server/staff/knownPerson.ts'
import { createSessions, idleLimit } from '../../../server/staff/sessions.ts'
import { isBarred, setBarred } from '../../../server/staff/staffTable.ts'
import { type ConsoleWorld, claimMapping, makeConsole } from '../../support/consoleWorld.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry, makeOfficers } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'
import { rejectedCode } from '../../support/thrownCode.ts'

const db = useDatabase()
const cipher = testCipher()
const stateDir = mkdtempSync(join(tmpdir(), 'antin-provider-'))
/** Seconds that the console's clock is ahead. */
let ahead = 0
let world: ConsoleWorld
let server: Server
let provider: { close(): Promise<void> }
let identityProvider: IdentityProvider
let origin: string
let issuer: string
let officer: string

const users = (['maker', 'approver', 'admin', 'holder', 'graduate', 'nobody'] as const).map(username => ({
  username,
  password: `mau-${username}`,
  name: `Người ${username}`,
  roles: username === 'nobody' || username === 'graduate' ? [] : [username],
  agency: 'G09',
  ...(username === 'holder' ? { personalNumber: '001185012345' } : {}),
  ...(username === 'graduate' ? { personalNumber: '001301000001' } : {}),
}))

beforeAll(async () => {
  await makeMinistry(db.pool)
  officer = (await makeOfficers(db.pool, cipher, 1))[0]!
  const [port, providerPort] = [await freePort(), await freePort()]
  origin = `http://localhost:${port}`
  issuer = `http://localhost:${providerPort}`
  provider = await startDemonstrationProvider({
    port: providerPort,
    issuer,
    publicUrl: origin,
    stateDir,
    users,
    clients: {
      console: { clientId: 'antin-console', clientSecret: 'secret' },
      cli: { clientId: 'antin-cli' },
      machines: [{ clientId: 'hr-system', clientSecret: 'x'.repeat(32), agency: 'G09.01', scopes: ['cards:write'] }],
    },
  })
  const findPerson: FindPerson = async number => {
    const personIndex = personalNumberIndex(cipher, number)
    if (number === '001185012345') return { officerId: officer, personIndex }
    return number === '001301000001' ? { personIndex } : undefined
  }
  identityProvider = createIdentityProvider(
    {
      issuer,
      clientId: 'antin-console',
      clientSecret: 'secret',
      publicUrl: origin,
      audience: 'urn:antin:api',
      personClients: ['antin-cli'],
      stepUpAcr: 'urn:antin:mfa',
      claims: claimMapping,
    },
    findPerson,
  )
  const clock = () => Date.now() / 1000 + ahead
  world = await makeConsole({ pool: db.pool, cipher, clock, identityProvider, findPerson, publicUrl: origin }, sessions =>
    authenticate({
      actorOfToken: identityProvider.actorOfToken,
      actorOfSession: sessions.actorOfSession,
      isBarred: sub => isBarred(db.pool, sub),
    }),
  )
  server = createServer(world.app)
  await new Promise<void>(listening => server.listen(port, '127.0.0.1', listening))
})

afterAll(async () => {
  server?.closeAllConnections()
  await new Promise(closed => server.close(closed))
  await provider?.close()
  rmSync(stateDir, { recursive: true, force: true })
})

beforeEach(() => {
  ahead = 0
})

async function signIn(username: string, browser: FormBrowser = formBrowser(), path = '/console') {
  const page = await signInByForms(
    `${origin}/signin?return=${encodeURIComponent(path)}`,
    { username, password: `mau-${username}` },
    undefined,
    browser,
  )
  return { ...page, browser }
}

const tokenOf = (html: string) => /name="_csrf" value="([^"]+)"/.exec(html)![1]!
const send = (browser: FormBrowser, path: string, fields: Record<string, string>) =>
  browser.go(`${origin}${path}`, { method: 'POST', body: new URLSearchParams(fields) })

test('signing in opens a session that the database knows only by its hash, and leads back to the page asked for', async () => {
  const seen = formBrowser()
  const { url, text } = await signIn('maker', seen, '/console/officers?without=photo')
  expect(url).toBe(`${origin}/console/officers?without=photo`)
  expect(text).toContain('Người maker')
  const { rows } = await db.pool.query<{ id_hash: Buffer; roles: string[] }>('select id_hash, roles from sessions')
  const cookie = seen.cookie(origin, /^antin_\d+$/)!
  expect(rows).toHaveLength(1)
  expect(rows[0]!.id_hash).toEqual(createHash('sha256').update(cookie).digest())
  expect(rows[0]!.roles).toEqual(['maker'])
  const audit = await db.pool.query("select actor from audit where action = 'staff.signed-in'")
  expect(audit.rows).toEqual([{ actor: 'maker' }])
})

test('a wrong password leads nowhere; an account without a role, or a barred one, is turned away', async () => {
  await expect(signInByForms(`${origin}/signin`, { username: 'maker', password: 'wrong' })).rejects.toThrow('refused')
  expect((await signIn('nobody')).text).toContain('auth.forbidden')
  const { browser } = await signIn('approver')
  await setBarred(db.pool, 'approver', 'admin', new Date())
  expect((await browser.go(`${origin}/console/requests`)).text).toContain('auth.forbidden')
  expect((await signIn('approver')).text).toContain('auth.forbidden')
  await setBarred(db.pool, 'approver', null, new Date())
})

test('an officer is a holder by their personal number, whatever their role claim says', async () => {
  const { text } = await signIn('holder', formBrowser(), '/console/me')
  expect(text).toContain('Nguyễn Văn 0')
})

test('somebody without a role and no officer is let in for the diplomas that carry their number, and sees nothing else', async () => {
  const { text, browser } = await signIn('graduate', formBrowser(), '/console')
  expect(text).toContain('Văn bằng của tôi')
  expect(text).not.toContain('href="/console/me"')
  expect((await browser.go(`${origin}/console/officers`)).status).toBe(403)
  expect((await signIn('nobody', formBrowser(), '/console')).text).not.toContain('Văn bằng của tôi')
})

test('after 15 minutes without activity nobody acts; the form that was sent waits, for that person alone', async () => {
  const { browser, text } = await signIn('maker')
  const fields = {
    _csrf: tokenOf(text),
    agency: 'G09.01',
    holderName: 'Trần Thị Bình',
    title: 'Bằng cử nhân',
    number: 'LOCK-1',
    awarded: '2020',
    basis: '0',
  }
  ahead = idleLimit.staff - 5
  expect((await browser.go(`${origin}/console`)).url).toBe(`${origin}/console`)
  ahead += idleLimit.staff + 5
  const turned = await browser.go(`${origin}/console/diplomas/register`, { method: 'POST', body: new URLSearchParams(fields) })
  expect(turned.url).toContain('/login/')
  expect(turned.text).toContain('Xác thực lại')
  expect((await db.pool.query('select from requests')).rowCount).toBe(0)
  const { rows } = await db.pool.query<{ form: Buffer; id: string }>('select id, form from kept_forms')
  expect(rows[0]!.form.includes('Bình')).toBe(false)

  ahead = 0
  const other = await signIn('approver', formBrowser(), `/console/resume/${rows[0]!.id}`)
  expect(other.text).not.toContain('LOCK-1')

  const resumed = await signInByForms(turned.url, { username: 'maker', password: 'mau-maker' }, undefined, browser)
  expect(resumed.text).toContain('value="Trần Thị Bình"')
  const sent = await send(browser, '/console/diplomas/register', { ...fields, _csrf: tokenOf(resumed.text) })
  expect(sent.url).toMatch(/\/console\/requests\/[0-9a-f-]{36}$/)
  expect((await db.pool.query('select from requests')).rowCount).toBe(1)
})

test('an admin’s session locks after five minutes; polling in the background keeps nothing open', async () => {
  const { browser } = await signIn('admin')
  ahead = idleLimit.admin - 10
  await browser.go(`${origin}/signin/state`, { headers: { 'x-background': '1' } })
  ahead = idleLimit.admin + 10
  const state = await browser.go(`${origin}/signin/state`, { headers: { 'x-background': '1' } })
  expect(JSON.parse(state.text)).toMatchObject({ locked: true, signedIn: false })
  expect((await browser.go(`${origin}/console/keys`)).url).toContain('/login/')
})

test('locking by hand holds until the person proves again who they are', async () => {
  const { browser, text } = await signIn('maker')
  expect((await send(browser, '/signin/lock', { _csrf: tokenOf(text) })).url).toContain('/signed-out?locked=1')
  const back = await browser.go(`${origin}/signin?return=/console`)
  expect(back.url).toContain('/login/')
})

test('signing out ends the session here and at the provider', async () => {
  const { browser, text } = await signIn('maker')
  const before = (await db.pool.query('select from sessions')).rowCount!
  const leaving = await send(browser, '/signout', { _csrf: tokenOf(text) })
  expect(leaving.url).toMatch(new RegExp(`^${issuer}/session/end\\?`))
  expect(leaving.url).not.toMatch(/maker|eyJ|id_token/)
  const form = /<form[^>]*action="([^"]+)"/.exec(leaving.text)![1]!
  const ended = await browser.go(form, {
    method: 'POST',
    body: new URLSearchParams({ xsrf: /name="xsrf" value="([^"]+)"/.exec(leaving.text)![1]!, logout: 'yes' }),
  })
  expect(ended.url).toBe(`${origin}/signed-out`)
  expect((await db.pool.query('select from sessions')).rowCount).toBe(before - 1)
  expect((await browser.go(`${origin}/console`)).url).toContain('/login/')
})

test('a form that another site makes the browser send changes nothing', async () => {
  const { browser, text } = await signIn('maker')
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }]) {
    const page = await browser.go(`${origin}/signin/lock`, { method: 'POST', body: new URLSearchParams({ _csrf: tokenOf(text) }), headers })
    expect(page.status).toBe(403)
  }
  expect((await browser.go(`${origin}/console`)).status).toBe(200)
})

test('a sign-in that this browser did not begin is refused, and no address of others is gone to', async () => {
  const foreign = await formBrowser().go(`${origin}/signin/callback?code=x&state=y`)
  expect(foreign.status).toBe(403)
  for (const path of ['//evil.example/x', '/\\evil.example', 'https://evil.example'])
    expect((await signIn('maker', formBrowser(), path)).url).toBe(`${origin}/console`)
})

async function clientToken(fields: Record<string, string>): Promise<Record<string, string>> {
  const response = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(fields) })
  return (await response.json()) as Record<string, string>
}

test('the device flow signs a person in for the command line; a machine has scopes and an agency, and no roles', async () => {
  const started = await fetch(`${issuer}/device/auth`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'antin-cli', scope: 'openid' }),
  })
  const device = (await started.json()) as Record<string, string>
  const end = await signInByForms(device.verification_uri_complete!, { username: 'approver', password: 'mau-approver' })
  expect(end.text).toContain('Đã đăng nhập')
  const tokens = await clientToken({
    client_id: 'antin-cli',
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: device.device_code!,
  })
  const person = await identityProvider.actorOfToken(tokens.access_token!)
  expect(person).toMatchObject({ kind: 'person', sub: 'approver', roles: new Set(['approver']), scopes: new Set(), agency: 'G09' })
  expect(Math.abs(person.steppedUpAt! - Date.now() / 1000)).toBeLessThan(60)

  await setBarred(db.pool, 'approver', 'admin', new Date())
  const barred = await fetch(`${origin}/console`, { headers: { authorization: `Bearer ${tokens.access_token}`, accept: 'text/html' } })
  expect(await barred.text()).toContain('auth.forbidden')
  await setBarred(db.pool, 'approver', null, new Date())

  const basic = { client_id: 'hr-system', client_secret: 'x'.repeat(32), grant_type: 'client_credentials', scope: 'cards:write' }
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`hr-system:${basic.client_secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'cards:write' }),
  })
  const machine = await identityProvider.actorOfToken(((await response.json()) as { access_token: string }).access_token)
  expect(machine).toMatchObject({
    kind: 'client',
    sub: 'client:hr-system',
    roles: new Set(),
    scopes: new Set(['cards:write']),
    agency: 'G09.01',
  })

  for (const bad of [tokens.id_token!, `${tokens.access_token!.slice(0, -4)}AAAA`, 'x.y.z', ''])
    expect(await rejectedCode(identityProvider.actorOfToken(bad))).toBe('auth.required')
  const answer = await fetch(`${origin}/console`, { headers: { authorization: 'Bearer x.y.z', accept: 'text/html' }, redirect: 'manual' })
  expect(answer.status).toBe(303)
})

test('while the provider is away, signing in says so and sessions go on', async () => {
  const away = createIdentityProvider(
    {
      issuer: 'http://127.0.0.1:1',
      clientId: 'a',
      publicUrl: origin,
      audience: 'urn:antin:api',
      personClients: [],
      stepUpAcr: '',
      claims: claimMapping,
    },
    async () => undefined,
  )
  expect(await rejectedCode(away.begin({ fresh: false }))).toBe('auth.unavailable')
  expect(await rejectedCode(away.actorOfToken('x.y.z'))).toBe('auth.unavailable')
})

test('over https the session’s cookie is host-only, secure and out of reach of scripts', async () => {
  const sessions = createSessions({ pool: db.pool, publicUrl: 'https://antin.example', clock: () => Date.now() / 1000 })
  const set: [string, string, object][] = []
  const res = { cookie: (name: string, value: string, options: object) => set.push([name, value, options]) } as unknown as Response
  const person = { sub: 'maker', name: 'M', roles: new Set(['maker'] as const), agency: 'G09' as AgencyCode }
  await sessions.open({ headers: {} } as Request, res, person, {})
  expect(set).toEqual([
    ['__Host-antin', expect.stringMatching(/^[\w-]{43}$/), { httpOnly: true, secure: true, sameSite: 'lax', path: '/' }],
  ])
})
