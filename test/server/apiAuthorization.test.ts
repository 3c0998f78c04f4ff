import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import express, { type RequestHandler, type Router } from 'express'
import { pino } from 'pino'
import sharp from 'sharp'
import request from 'supertest'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { loadAgencyTree } from '../../server/agencies/agencyTree.ts'
import { problemHandler } from '../../server/http/problem.ts'
import { agenciesRoutes } from '../../server/http/routes/agencies.ts'
import { cardsRoutes } from '../../server/http/routes/cards.ts'
import { diplomaChangesRoutes } from '../../server/http/routes/diplomaChanges.ts'
import { diplomaRequestRoute, diplomaRequestsRoute } from '../../server/http/routes/diplomaRequests.ts'
import { diplomasRoutes } from '../../server/http/routes/diplomas.ts'
import { importsRoutes } from '../../server/http/routes/imports.ts'
import { keysRoutes } from '../../server/http/routes/keys.ts'
import { officersRoutes } from '../../server/http/routes/officers.ts'
import { ownDiplomasRoutes } from '../../server/http/routes/ownDiplomas.ts'
import { printJobsRoutes } from '../../server/http/routes/printJobs.ts'
import { requestsRoutes } from '../../server/http/routes/requests.ts'
import { sdJwtRoutes } from '../../server/http/routes/sdJwt.ts'
import { stampedCopiesRoute } from '../../server/http/routes/stampedCopies.ts'
import { webhooksRoutes } from '../../server/http/routes/webhooks.ts'
import { keyStore } from '../../server/keys/keyStore.ts'
import { type Role, roles, type Scope, scopes } from '../../server/staff/actor.ts'
import { type Permission, permissions } from '../../server/staff/authorize.ts'
import { type ConsoleObjects, makeConsoleObjects } from '../support/consoleObjects.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry } from '../support/ministry.ts'
import { testCipher } from '../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
let app: express.Express
let ours: ConsoleObjects
let theirs: ConsoleObjects
let declared: string[]

interface Row {
  needs: readonly Permission[]
  /** Only these of the roles: what the object is decides which permission counts. */
  only?: readonly Role[]
  body?: (objects: ConsoleObjects) => object
  /** Takes nothing that belongs to an agency. */
  noObject?: true
  /** Officers reach their own by it. */
  own?: true
}

const approving = {
  needs: ['cards.approve', 'diplomas.approve', 'agencies.approve', 'templates.manage', 'keys.manage'],
  only: ['approver'],
} as const
const card: Row = { needs: ['cards.read'] }
const importing: Row = { needs: ['people.write', 'agencies.manage'], only: ['maker'] }
const importRead: Row = { needs: ['people.read', 'agencies.read'], only: ['maker', 'approver', 'printer', 'auditor'] }

/** Every route of the API that is not public. A route without a row, or a row without a route, fails the test. */
const table: Record<string, Row> = {
  'get /api/agencies': { needs: [], noObject: true },
  'get /api/agencies/:code': { needs: [] },
  'post /api/agency-requests': {
    needs: ['agencies.manage'],
    body: o => ({ action: 'change', code: o.agency, nameVi: `Tên mới của ${o.agency}` }),
  },
  'post /api/card-requests': { needs: ['cards.request'], body: o => ({ officerIds: [o.officer] }) },
  'get /api/cards': { needs: ['cards.read'], noObject: true },
  'get /api/cards/:serial': card,
  'post /api/cards/:serial/status': { needs: ['cards.suspend'], body: () => ({ action: 'suspend', reasonCode: 'MAT_THE' }) },
  'get /api/cards/:serial/card.pdf': { needs: ['cards.print'] },
  'get /api/cards/:serial/card.png': { needs: ['cards.print'] },
  'get /api/cards/:serial/card.svg': { needs: ['cards.print'] },
  'get /api/cards/:serial/qr': { needs: ['cards.print'] },
  'get /api/cards/:serial/qr.svg': { needs: ['cards.print'] },
  'get /api/cards/:serial/qr.png': { needs: ['cards.print'] },
  'post /api/diploma-requests': {
    needs: ['diplomas.register'],
    body: o => ({ agency: o.agency, number: '1', holderName: 'A', title: 'B', awarded: '2020' }),
  },
  'get /api/diplomas': { needs: ['diplomas.read'], noObject: true },
  'post /api/diplomas/search': { needs: ['diplomas.read'], noObject: true, body: () => ({ query: 'a' }) },
  'post /api/diplomas/:ref/holder': { needs: ['diplomas.register'], body: () => ({ holderNumber: '001185012345' }) },
  'get /api/diplomas/:ref': { needs: ['diplomas.read'] },
  'get /api/diplomas/:ref/qr.svg': { needs: ['diplomas.read'] },
  'get /api/diplomas/:ref/qr.png': { needs: ['diplomas.read'] },
  'get /api/diplomas/:ref/diploma.pdf': { needs: ['diplomas.read'] },
  'post /api/diplomas/:ref/stamped-copy': { needs: ['diplomas.read'] },
  'post /api/diplomas/:ref/status': {
    needs: ['diplomas.register'],
    body: () => ({ action: 'end', reasonCode: 'NHAP_SAI', decision: '1/QĐ' }),
  },
  'post /api/requests/:id/withdraw': {
    needs: ['diplomas.register'],
    body: () => ({ action: 'end', reasonCode: 'NHAP_SAI', decision: '1/QĐ' }),
  },
  'post /api/imports': { needs: ['people.write', 'agencies.manage'], noObject: true },
  'get /api/imports': { needs: ['people.read', 'agencies.read'], noObject: true },
  'get /api/imports/:id': importRead,
  'get /api/imports/:id/rows': importRead,
  'get /api/imports/:id/absent': importRead,
  'get /api/imports/:id/photos': importRead,
  'get /api/imports/:id/photos/:seq': importRead,
  'put /api/imports/:id/photos/:seq': { ...importing, body: () => ({ row: 1 }) },
  'post /api/imports/:id/preview': { ...importing, body: () => ({}) },
  'post /api/imports/:id/commit': { ...importing, body: () => ({}) },
  'post /api/imports/:id/cancel': importing,
  'get /api/imports/:id/errors.xlsx': importRead,
  'get /api/keys': { needs: ['keys.read'], noObject: true },
  'post /api/key-requests': { needs: ['keys.manage'], body: o => ({ action: 'retire', kid: o.kid }) },
  'post /api/officers/search': { needs: ['people.read'], body: o => ({ query: '', agency: o.agency }) },
  'get /api/officers/:id': { needs: ['people.read'], own: true },
  'get /api/officers/:id/views': { needs: ['audit.read'], own: true },
  'get /api/officers/:id/photo.jpg': { needs: ['people.read'], own: true },
  'put /api/officers/:id/photo': { needs: ['people.write'] },
  'post /api/officers/:id/leave': { needs: ['people.write'] },
  'get /api/officers/:id/personal-data': { needs: ['people.write'], own: true },
  'delete /api/officers/:id/personal-data': { needs: ['agencies.manage'] },
  'post /api/print-jobs': { needs: ['cards.print'], body: o => ({ serials: [o.serial], agency: o.agency }) },
  'get /api/print-jobs': { needs: ['print.read'], noObject: true },
  'get /api/print-jobs/:id': { needs: ['print.read'] },
  'get /api/print-jobs/:id/print.pdf': { needs: ['cards.print'] },
  'get /api/print-jobs/:id/bureau.csv': { needs: ['cards.print'] },
  'post /api/print-jobs/plastics': {
    needs: ['cards.print'],
    noObject: true,
    body: () => ({ state: 'printed', plastics: [{ id: randomUUID() }] }),
  },
  'get /api/requests': { needs: ['requests.read'], noObject: true },
  'get /api/requests/:id': { needs: ['requests.read'] },
  'post /api/requests/:id/approve': { ...approving, body: () => ({ claimsDigest: 'A'.repeat(43), selection: 'all' }) },
  'post /api/requests/:id/refuse': { ...approving, body: () => ({ reason: 'Sai' }) },
  'post /api/requests/:id/cancel': {
    needs: ['cards.request', 'diplomas.register', 'agencies.manage', 'templates.manage', 'keys.manage'],
    only: ['maker'],
  },
  'get /api/own-diplomas': { needs: ['own.diplomas'], noObject: true },
  'get /api/own-diplomas/:ref/diploma.pdf': { needs: ['own.diplomas'], noObject: true },
  'post /api/own-diplomas/:ref/sd-jwt': { needs: ['own.diplomas'], noObject: true, body: () => ({ proof: 'x' }) },
  'post /api/own-card/sd-jwt': { needs: ['own.card'], noObject: true, body: () => ({ proof: 'x' }) },
  'get /api/webhooks': { needs: ['webhooks.read'], noObject: true },
  'post /api/webhooks': {
    needs: ['webhooks.manage'],
    body: o => ({ agency: o.agency, url: 'https://example.com/x', events: ['card.issued'] }),
  },
  'delete /api/webhooks/:id': { needs: ['webhooks.manage'] },
  'get /api/webhooks/:id/deliveries': { needs: ['webhooks.read'] },
  'post /api/webhooks/:id/replay': { needs: ['webhooks.manage'], body: () => ({ after: new Date().toISOString() }) },
}

const webhookOf = new Map<string, string>()

beforeAll(async () => {
  const signers = await makeMinistry(db.pool)
  await db.pool.query("insert into agencies (code, name_vi, valid_from) values ('G10', 'Bộ khác', '2020-01-01')")
  ours = await makeConsoleObjects(db.pool, cipher, 'G09.01')
  theirs = await makeConsoleObjects(db.pool, cipher, 'G10')
  for (const objects of [ours, theirs]) {
    const id = randomUUID()
    webhookOf.set(objects.agency, id)
    await db.pool.query(
      "insert into webhooks (id, agency_code, url, events, description, created_by) values ($1, $2, 'https://example.com/', '{card.issued}', '', 'x')",
      [id, objects.agency],
    )
  }
  const agencies = await loadAgencyTree(db.pool)
  const clock = () => Math.floor(Date.now() / 1000)
  const template = () => {
    throw new Error('nothing is rendered here')
  }
  const common = {
    pool: db.pool,
    cipher,
    agencies,
    clock,
    origin: 'http://localhost',
    publicUrl: 'http://localhost',
    demonstration: true,
    termYears: 5,
    isRestricted: () => false,
    signers,
    template,
  }
  const routers = [
    diplomaRequestsRoute(common),
    stampedCopiesRoute({ ...common, proofFor: async () => null }),
    importsRoutes(common),
    officersRoutes(common),
    requestsRoutes(common),
    agenciesRoutes(common),
    cardsRoutes(common),
    printJobsRoutes(common),
    diplomaRequestRoute(common),
    diplomaChangesRoutes(common),
    ownDiplomasRoutes({ ...common, proofFor: async () => null, timestamp: undefined } as unknown as Parameters<
      typeof ownDiplomasRoutes
    >[0]),
    diplomasRoutes({ ...common, proofFor: async () => null, timestamp: undefined } as unknown as Parameters<typeof diplomasRoutes>[0]),
    keysRoutes({ ...common, store: keyStore({ dir: '/nowhere', passphrase: 'unused' }), logOrigin: 'localhost/log' }),
    sdJwtRoutes(common),
    webhooksRoutes({ ...common, allowPrivate: false, key: {} } as unknown as Parameters<typeof webhooksRoutes>[0]),
  ]
  declared = routers.flatMap(routesOf).filter(route => route.includes(' /api/'))
  app = express()
  app.use(actorOfHeader)
  app.use(...(routers.slice(0, 4) as [Router]))
  app.use('/api', express.json())
  app.use(...(routers.slice(4) as [Router]))
  app.use(problemHandler(pino({ level: 'silent' })))
})

function routesOf(router: Router): string[] {
  const layers = router.stack as unknown as { route?: { path: string; methods: Record<string, boolean> } }[]
  return layers.flatMap(({ route }) => (route ? Object.keys(route.methods).map(method => `${method} ${route.path}`) : []))
}

const actorOfHeader: RequestHandler = (req, _res, next) => {
  const given = req.headers['x-actor']
  req.actor = null
  if (typeof given === 'string') {
    const { roles: held, scopes: granted, ...rest } = JSON.parse(given)
    req.actor = { ...rest, name: 'x', agency: 'G09' as AgencyCode, roles: new Set(held), scopes: new Set(granted) }
  }
  next()
}

const person = (role: Role) => ({
  kind: 'person',
  sub: role === 'maker' ? 'maker-G09' : role,
  roles: [role],
  scopes: [],
  steppedUpAt: Date.now() / 1000,
  ...(role === 'holder' ? { officerId: ours.officer } : {}),
})
const machine = (scope: Scope) => ({
  kind: 'client',
  sub: `client:${scope}`,
  roles: [...roles],
  scopes: [scope],
  steppedUpAt: Date.now() / 1000,
})

async function ask(route: string, objects: ConsoleObjects, actor: object | null): Promise<number> {
  const [method, path] = route.split(' ') as [string, string]
  const id = /webhooks/.test(path)
    ? webhookOf.get(objects.agency)!
    : /officers/.test(path)
      ? objects.officer
      : /imports/.test(path)
        ? objects.import
        : /print-jobs/.test(path)
          ? objects.printJob
          : /withdraw/.test(path)
            ? objects.diplomaRequest
            : objects.request
  const address = path
    .replace(':code', objects.agency)
    .replace(':serial', objects.serial)
    .replace(':ref', objects.diploma)
    .replace(':seq', '1')
    .replace(':id', id)
  const asked = request(app)[method as 'get'](address).set('accept', 'application/json')
  if (actor) asked.set('x-actor', encodeHeader(actor))
  if (route === 'put /api/officers/:id/photo') return (await asked.attach('photo', await portrait, 'photo.jpg')).status
  const body = table[route]!.body?.(objects)
  return (body === undefined ? await asked : await asked.send(body)).status
}

const portrait = sharp({ create: { width: 360, height: 480, channels: 3, background: '#cba' } })
  .jpeg()
  .toBuffer()
const encodeHeader = (actor: object) => JSON.stringify(actor)
const allowedRoles = ({ needs, only }: Row) => new Set<string>(only ?? needs.flatMap(one => [...permissions[one].roles]))
const allowedScopes = ({ needs }: Row) => new Set<string>(needs.flatMap(one => [...permissions[one].scopes]))

test('the table names every route of the API, and no other', () => {
  expect([...new Set(declared)].sort()).toEqual(Object.keys(table).sort())
})

test('nobody gets anywhere without a token', async () => {
  for (const route of Object.keys(table)) expect([route, await ask(route, ours, null)]).toEqual([route, 401])
})

describe.each([...roles])('%s', role => {
  test('reaches exactly what the table grants', async () => {
    for (const [route, row] of Object.entries(table)) {
      const status = await ask(route, ours, person(role))
      const granted = row.needs.length === 0 || allowedRoles(row).has(role) || (row.own === true && role === 'holder')
      expect([route, status, status !== 401 && status !== 403]).toEqual([route, status, granted])
    }
  })

  test('gets nothing of a foreign agency', async () => {
    for (const [route, row] of Object.entries(table)) {
      if (row.noObject || !(row.needs.length === 0 || allowedRoles(row).has(role))) continue
      const status = await ask(route, theirs, person(role))
      expect([route, status, status === 403 || status === 404 || status === 422]).toEqual([route, status, true])
    }
  })
})

describe.each([...scopes])('a machine with %s', scope => {
  test('reaches exactly what its scope grants, whatever roles its token claims, and nothing foreign', async () => {
    for (const [route, row] of Object.entries(table)) {
      const status = await ask(route, ours, machine(scope))
      // What depends on the object is refused to machines at the latest there.
      const granted = row.needs.length === 0 || allowedScopes(row).has(scope)
      if (!granted || !row.only) expect([route, status, status !== 401 && status !== 403]).toEqual([route, status, granted])
      if (granted && !row.noObject) {
        const foreign = await ask(route, theirs, machine(scope))
        expect([route, foreign, foreign === 403 || foreign === 404 || foreign === 422]).toEqual([route, foreign, true])
      }
    }
  })
})
