import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type ApiWorld, openApiWorld } from '../../support/api/apiWorld.ts'
import { fuzzApi } from '../../support/api/fuzzApi.ts'
import { askNewInstallation, askRefusals, askTooOften, askWithoutProvider } from '../../support/api/refusals.ts'
import { createWalk } from '../../support/api/walk.ts'
import { walkCards } from '../../support/api/walkCards.ts'
import { walkDiplomas } from '../../support/api/walkDiplomas.ts'
import { walkOperators } from '../../support/api/walkOperators.ts'
import { walkPeople } from '../../support/api/walkPeople.ts'
import { useDatabase } from '../../support/database.ts'

let world: ApiWorld
let walk: ReturnType<typeof createWalk>
afterAll(() => world?.close())
const db = useDatabase()
const empty = useDatabase()
beforeAll(async () => {
  world = await openApiWorld(db.url)
  walk = createWalk(world)
}, 180_000)

/** What the answers so far had beside the document, once each. */
const disagreements = () => [...new Set(world.disagreements.splice(0))]

test('a ministry does all that the API is for, and every answer is as documented', async () => {
  const { newcomers } = await walkPeople(walk)
  await walkCards(walk, newcomers)
  await walkDiplomas(walk)
  await walkOperators(walk)
  expect(disagreements()).toEqual([])
}, 120_000)

test('what is refused before an operation runs is refused by every operation that says so', async () => {
  expect(await askRefusals(world)).toEqual([])
  expect(disagreements()).toEqual([])
}, 120_000)

test('every limit is reached, and says when to come back', async () => {
  expect(await askTooOften(world)).toEqual([])
  expect(disagreements()).toEqual([])
}, 60_000)

test('without its identity provider no operation that names a caller is available', async () => {
  expect(await askWithoutProvider(world)).toEqual([])
  expect(disagreements()).toEqual([])
}, 60_000)

test('before anything is published there is nothing', async () => {
  await askNewInstallation(world, empty.pool)
  expect(disagreements()).toEqual([])
})

test(
  'whatever is sent, by whomever, is answered as documented and never fails',
  async () => {
    const seconds = Number(process.env.API_FUZZ_SECONDS ?? 15)
    const { seed = 0 } = fc.readConfigureGlobal()
    const sent = await fuzzApi(world, walk.known, { seconds, seed })
    expect(disagreements()).toEqual([])
    expect(sent).toBeGreaterThan(world.document.operations.length)
  },
  Number(process.env.API_FUZZ_SECONDS ?? 15) * 1000 + 60_000,
)

test('every documented status was reached', () => {
  const unreached = world.document.operations.flatMap(({ id, responses }) => {
    const statuses = Object.keys(responses).filter(status => !world.reached.get(id)?.has(Number(status)))
    return statuses.length > 0 ? [`${id}: ${statuses.join(' ')}`] : []
  })
  expect(unreached).toEqual([])
})
