import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readConfig } from '../../../server/config.ts'
import { freePort } from '../../../server/db/freePort.ts'
import { authenticate } from '../../../server/staff/authenticate.ts'
import { personOfClaims } from '../../../server/staff/claims.ts'
import { signInByForms } from '../../../server/staff/demonstration/followForms.ts'
import { startDemonstrationProvider } from '../../../server/staff/demonstration/provider.ts'
import { createIdentityProvider } from '../../../server/staff/identityProvider.ts'
import { parseRoleNames } from '../../../server/staff/roleNames.ts'
import { claimMapping, makeConsole } from '../../support/consoleWorld.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
const stateDir = mkdtempSync(join(tmpdir(), 'antin-roles-'))
const closing: (() => unknown)[] = []
let origin: string

/** A provider whose words for roles are its own: it also calls people `admin` of something else. */
const users = [
  { username: 'an', roles: ['hr-duyet', 'hr-lap'] },
  { username: 'binh', roles: ['admin', 'CN=in thẻ,OU=nhân sự'] },
  { username: 'chi', roles: ['admin', 'approver'] },
].map(user => ({ ...user, password: `mau-${user.username}`, name: user.username, agency: 'G09' }))

beforeAll(async () => {
  await makeMinistry(db.pool)
  const [port, providerPort] = [await freePort(), await freePort()]
  origin = `http://localhost:${port}`
  const issuer = `http://localhost:${providerPort}`
  const provider = await startDemonstrationProvider({
    port: providerPort,
    issuer,
    publicUrl: origin,
    stateDir,
    users,
    clients: { console: { clientId: 'antin-console', clientSecret: 'secret' }, cli: { clientId: 'antin-cli' }, machines: [] },
  })
  closing.push(() => provider.close())
  const { OIDC_ROLE_NAMES } = readConfig({
    OIDC_ROLE_NAMES: '{"hr-duyet": "approver", "hr-lap": "maker", "CN=in thẻ,OU=nhân sự": "printer"}',
  })
  const claims = { ...claimMapping, roleNames: OIDC_ROLE_NAMES }
  const identityProvider = createIdentityProvider(
    {
      issuer,
      clientId: 'antin-console',
      clientSecret: 'secret',
      publicUrl: origin,
      audience: 'urn:antin:api',
      personClients: ['antin-cli'],
      stepUpAcr: 'urn:antin:mfa',
      claims,
    },
    async () => undefined,
  )
  const world = await makeConsole({ pool: db.pool, cipher: testCipher(), identityProvider, publicUrl: origin, claims }, sessions =>
    authenticate({
      actorOfToken: identityProvider.actorOfToken,
      actorOfSession: sessions.actorOfSession,
      isBarred: async () => false,
    }),
  )
  const server: Server = createServer(world.app)
  await new Promise<void>(listening => server.listen(port, '127.0.0.1', listening))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise(closed => server.close(closed))
  })
})

afterAll(async () => {
  for (const close of closing.reverse()) await close()
  rmSync(stateDir, { recursive: true, force: true })
})

const signIn = (username: string) => signInByForms(`${origin}/signin`, { username, password: `mau-${username}` })

test('a provider’s own words for roles open a session with ours; a word that is not named is none, even where it is ours', async () => {
  await signIn('an')
  await signIn('binh')
  const { rows } = await db.pool.query<{ sub: string; roles: string[] }>('select sub, roles from sessions order by sub')
  expect(rows).toEqual([
    { sub: 'an', roles: expect.arrayContaining(['approver', 'maker']) },
    { sub: 'binh', roles: ['printer'] },
  ])
  expect((await signIn('chi')).text).toContain('auth.forbidden')
})

test('without names the claim holds our own words', () => {
  const claims = { sub: 'x', agency: 'G09', roles: ['admin', 'boss'] }
  expect([...personOfClaims(claims, claimMapping).roles]).toEqual(['admin'])
  expect(readConfig({}).OIDC_ROLE_NAMES).toBeUndefined()
  expect(parseRoleNames(' ')).toBeUndefined()
})

test('names are pairs or JSON; what cannot be meant stops the start with the variable’s name', () => {
  expect(parseRoleNames('hr-duyet=approver, CN=in=printer')).toEqual({ 'hr-duyet': 'approver', 'CN=in': 'printer' })
  expect(parseRoleNames('__proto__=admin')).toEqual(Object.fromEntries([['__proto__', 'admin']]))
  for (const [text, reason] of [
    ['hr-duyet=duyet', '"duyet" is no role'],
    ['hr-duyet', 'is not NAME=ROLE'],
    ['=admin', 'a name is missing'],
    ['a=admin,a=maker', 'is there twice'],
    ['{"a": 1}', '"1" is no role'],
    ['{a}', 'not a JSON object'],
  ] as const) {
    expect(() => parseRoleNames(text)).toThrow(reason)
    expect(() => readConfig({ OIDC_ROLE_NAMES: text })).toThrow(/^Configuration cannot be used: OIDC_ROLE_NAMES \(/)
  }
})
