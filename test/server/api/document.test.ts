import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { apiExamples } from '../../../server/http/apiExamples.ts'
import { forPrograms } from '../../../server/http/forPrograms.ts'
import { type ApiWorld, openApiWorld } from '../../support/api/apiWorld.ts'
import { askTwice, creationsOf, startAnew } from '../../support/api/askTwice.ts'
import { askWithoutDatabase } from '../../support/api/askWithoutDatabase.ts'
import { examplesOf, sameShape } from '../../support/api/examplesOf.ts'
import { fuzzApi } from '../../support/api/fuzzApi.ts'
import { askOf, crowd, listsOf, readThrough } from '../../support/api/readLists.ts'
import { askNewInstallation, askRefusals, askTooOften, askWithoutProvider } from '../../support/api/refusals.ts'
import { createWalk } from '../../support/api/walk.ts'
import { walkCards } from '../../support/api/walkCards.ts'
import { walkDiplomas } from '../../support/api/walkDiplomas.ts'
import { walkOperators } from '../../support/api/walkOperators.ts'
import { walkPeople } from '../../support/api/walkPeople.ts'
import { useDatabase } from '../../support/database.ts'
import { useStoppablePostgres } from '../../support/stoppablePostgres.ts'

let world: ApiWorld
let walk: ReturnType<typeof createWalk>
afterAll(() => world?.close())
const db = useStoppablePostgres()
const empty = useDatabase()
beforeAll(async () => {
  world = await openApiWorld(db.url)
  walk = createWalk(world)
})

/** What the answers so far had beside the document, once each. */
const disagreements = () => [...new Set(world.disagreements.splice(0))]

test('a ministry does all that the API is for, and every answer is as documented', async () => {
  const { newcomers } = await walkPeople(walk)
  await walkCards(walk, newcomers)
  await walkDiplomas(walk)
  await walkOperators(walk)
  expect(disagreements()).toEqual([])
})

test('each operation shows an exchange that took place and that its schemas take', () => {
  const taken = examplesOf(walk.client.exchanges, world.public.origin)
  const path = new URL('../../../server/http/apiExamples.json', import.meta.url)
  if (process.env.UPDATE === '1') writeFileSync(path, `${JSON.stringify(taken, null, 2)}\n`)
  expect(Object.keys(apiExamples)).toEqual(Object.keys(taken))
  const wrong: string[] = []
  for (const { id, body, responses } of world.document.operations) {
    const contents = [
      { at: `${id} request`, content: body['application/json'], now: taken[id]?.request },
      ...Object.entries(responses)
        .filter(([status]) => Number(status) < 300)
        .map(([status, { content }]) => ({
          at: `${id} ${status}`,
          content: content?.['application/json'],
          now: taken[id]?.responses?.[status],
        })),
    ]
    for (const { at, content, now } of contents) {
      if (!content || id === 'getOpenapiJson') continue
      if (content.example === undefined) wrong.push(`${at} has none`)
      else if (!sameShape(content.example, now)) wrong.push(`${at} is another today`)
      else wrong.push(...world.document.faults(content.schema, content.example).map(fault => `${at} ${fault}`))
    }
  }
  expect(wrong).toEqual([])
})

test('every address for programs is in the document', () => {
  const known = new Set(world.document.operations.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, ':')}`))
  const said = routesOf(world.app)
    .filter(route => forPrograms.test(route.split(' ')[1]!))
    .map(route => route.replace('/log/tile/*path', '/log/tile/:level/:index').replace(/:\w+/g, ':'))
  expect(said.length).toBeGreaterThan(80)
  expect(said.filter(route => !known.has(route))).toEqual([])
  expect(world.document.operations.filter(({ path }) => !forPrograms.test(path))).toEqual([])
})

test('what creates something does so once for an Idempotency-Key, whenever and wherever it is sent again', async () => {
  const restarted = await startAnew(walk)
  const wrong: string[] = []
  for (const creation of await creationsOf(walk)) wrong.push(...(await askTwice(walk, creation, restarted.port)))
  restarted.close()
  expect(wrong).toEqual([])
  expect(disagreements()).toEqual([])
})

test('each list gives everything once while it grows, in pages of the size asked for', async () => {
  const { pool } = world.public.installation
  await crowd(walk)
  let grown = 0
  const grow = async () => {
    const change = { action: 'add', code: `G09.${800 + grown++}`, parent: 'G09', nameVi: 'Đơn vị mẫu' }
    await walk.want(202, 'POST /api/agency-requests', { as: 'admin', json: change })
    await pool.query("update requests set created_at = date_trunc('second', created_at) where kind = 'agency.change'")
  }
  for (const list of listsOf(walk)) {
    const all = await readThrough(walk, list, 200, async () => undefined)
    const seen = await readThrough(walk, list, Math.max(1, Math.floor(all.length / 3)), grow)
    expect([list.key, new Set(seen).size, all.filter(each => !seen.includes(each))]).toEqual([list.key, seen.length, []])
    expect(all.length).toBeGreaterThan(2)
  }
})

test('a limit out of bounds, garbage and the cursor of another list are refused', async () => {
  const cursors = walk.known.cursor as string[]
  for (const list of listsOf(walk)) {
    for (const limit of [0, -1, 1001, 'x', 1.5]) await walk.want(400, list.key, askOf(list, limit, null))
    const foreign = cursors.filter(each => JSON.parse(Buffer.from(each, 'base64url').toString())[0] !== list.of)
    expect(foreign.length).toBeGreaterThan(2)
    if (list.cursor === 'cursor') await walk.want(400, list.key, askOf(list, 2, ''))
    for (const next of ['x', ...foreign]) {
      const { status } = await walk.client.call(list.key, askOf(list, 2, next))
      expect([list.key, next, status]).toEqual([list.key, next, list.key.endsWith('/search') && list.of === 'officers' ? 422 : 400])
    }
  }
  expect(disagreements()).toEqual([])
})

test('what is refused before an operation runs is refused by every operation that says so', async () => {
  expect(await askRefusals(world)).toEqual([])
  expect(disagreements()).toEqual([])
})

test('every limit is reached, and says when to come back', async () => {
  expect(await askTooOften(world)).toEqual([])
  expect(disagreements()).toEqual([])
})

test('without its identity provider no operation that names a caller is available', async () => {
  expect(await askWithoutProvider(world)).toEqual([])
  expect(disagreements()).toEqual([])
})

test('while its database is stopped everything says so and when to come back, and nothing is lost by it', async () => {
  const anew = await startAnew(walk)
  await db.stop()
  try {
    expect(await askWithoutDatabase(world, anew.port)).toEqual([])
  } finally {
    await db.start()
    anew.close()
  }
  expect(disagreements()).toEqual([])
  const cards = await walk.want(200, 'GET /api/cards', { as: 'maker' })
  expect(cards.json.cards.length).toBeGreaterThan(2)
})

test('before anything is published there is nothing', async () => {
  await askNewInstallation(world, empty.pool)
  expect(disagreements()).toEqual([])
})

test(
  'whatever is sent, by whomever, is answered as documented and never fails',
  async () => {
    const seconds = Number(process.env.API_FUZZ_SECONDS ?? 10)
    const { seed = 0 } = fc.readConfigureGlobal()
    const sent = await fuzzApi(world, walk.known, { seconds, seed })
    expect(disagreements()).toEqual([])
    expect(sent).toBeGreaterThan(world.document.operations.length)
  },
  Number(process.env.API_FUZZ_SECONDS ?? 10) * 1000 + 60_000,
)

test('every documented status was reached', () => {
  const unreached = world.document.operations.flatMap(({ id, responses }) => {
    const statuses = Object.keys(responses).filter(status => !world.reached.get(id)?.has(Number(status)))
    return statuses.length > 0 ? [`${id}: ${statuses.join(' ')}`] : []
  })
  expect(unreached).toEqual([])
})

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }
  readonly handle: { readonly stack?: readonly Layer[] }
}

/** `GET /api/cards` of every route that an app or a router has, at any depth. */
function routesOf(app: unknown): string[] {
  const { stack = [] } = (app as { router?: { stack: readonly Layer[] } }).router ?? (app as { stack?: readonly Layer[] })
  return stack.flatMap(({ route, handle }) =>
    route ? Object.keys(route.methods).map(method => `${method.toUpperCase()} ${route.path}`) : routesOf(handle),
  )
}
