import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express, { type Express } from 'express'
import type pg from 'pg'
import { pino } from 'pino'
import supertest from 'supertest'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { createPool } from '../../../server/db/pool.ts'
import { problemHandler } from '../../../server/http/problem.ts'
import { limitRequests } from '../../../server/http/rateLimits.ts'
import { tokensRoutes } from '../../../server/http/routes/tokens.ts'
import { createSealedByToken } from '../../../server/http/sealedByToken.ts'
import { sharedQuota } from '../../../server/http/sharedQuota.ts'
import type { Actor } from '../../../server/staff/actor.ts'
import { useDatabase } from '../../support/database.ts'
import { testCipher } from '../../support/testCipher.ts'

// Two processes' worth of the app on one database: each has its own pool and its own memory.
const db = useDatabase()
const pools: pg.Pool[] = []
let apps: [Express, Express]
const cipher = testCipher()
let now = 1_800_000_000
const clock = () => now
/** Long enough that no window ends while the test runs: windows of a caller's quota begin at multiples of it. */
const seconds = 2_000_000

beforeAll(() => {
  apps = [makeApp(), makeApp()]
})
afterAll(() => Promise.all(pools.map(pool => pool.end())))

function makeApp(): Express {
  const pool = createPool(db.url)
  pools.push(pool)
  const app = express()
  app.set('trust proxy', true)
  app.use((req, _res, next) => {
    const sub = req.get('x-actor')
    req.actor = sub ? ({ sub } as Actor) : null
    next()
  })
  app.get('/limited', limitRequests({ pool, name: 'limited', limit: 3, clientLimit: 40, seconds }), (_req, res) => res.json({}))
  const sealedByToken = createSealedByToken({ pool, cipher, clock })
  app.use(tokensRoutes({ pool, cipher, clock, sealedByToken, agencies: { get: () => undefined } }))
  app.use(problemHandler(pino({ level: 'silent' })))
  return app
}

const ask = (i: number, headers: Record<string, string>) =>
  supertest(apps[i % 2]!)
    .get('/limited')
    .set(headers)

test('a signed-in caller has one quota in all processes, also when everything comes at once', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(i, { 'x-actor': 'client:many' })))
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter(status => status === 200)).toHaveLength(40)
  expect(statuses.filter(status => status === 429)).toHaveLength(60)
  // Another caller has a quota of their own.
  await ask(0, { 'x-actor': 'client:other' }).expect(200)
})

test('the headers say what is left as all processes together have it, and when it begins anew', async () => {
  const left: number[] = []
  for (let i = 0; i < 41; i++) {
    const { headers, status, body } = await ask(i, { 'x-actor': 'client:one-by-one' })
    expect(headers['ratelimit-policy']).toMatch(/^"limited"; q=40; w=2000000; pk=:[\w+/]+=*:$/)
    const [, remaining, reset] = /^"limited"; r=(\d+); t=(\d+)$/.exec(headers.ratelimit!)!
    left.push(Number(remaining))
    expect(Number(reset)).toBeLessThanOrEqual(seconds)
    expect(status).toBe(i < 40 ? 200 : 429)
    if (i === 40) {
      expect(body.code).toBe('limit.requests')
      expect(headers['retry-after']).toBe(reset)
    }
  }
  expect(left.at(-1)).toBe(0)
  // What is said falls from one answer to the next, but for the block that the other process holds.
  for (let i = 1; i < left.length; i++) expect(left[i]!).toBeLessThanOrEqual(left[i - 1]! + 2)
})

test('a quota is taken in blocks: nothing is written while one lasts, and it comes back with the next window', async () => {
  let ticks = 7_200_000
  let writes = 0
  const [first] = pools as [pg.Pool]
  const pool = { query: (...args: Parameters<pg.Pool['query']>) => ++writes && first.query(...args) } as unknown as pg.Pool
  const quota = sharedQuota({ pool, name: 'blocks', limit: 1200, seconds: 60, ticks: () => ticks })
  for (let i = 0; i < 1200; i++) expect((await quota.increment('client:a')).totalHits).toBe(i + 1)
  expect(writes).toBe(20)
  expect((await quota.increment('client:a')).totalHits).toBe(1201)
  expect((await quota.increment('client:a')).totalHits).toBe(1201)
  expect(writes).toBe(20)
  ticks += 60_000
  expect(await quota.increment('client:a')).toEqual({ totalHits: 1, resetTime: new Date(ticks + 60_000) })
})

test('the database failing fails the request, and the next one tries again', async () => {
  let works = false
  const [first] = pools as [pg.Pool]
  const query = (...args: Parameters<pg.Pool['query']>) => (works ? first.query(...args) : Promise.reject(new Error('gone')))
  const quota = sharedQuota({ pool: { query } as unknown as pg.Pool, name: 'failing', limit: 40, seconds: 60 })
  await expect(quota.increment('client:a')).rejects.toThrow('gone')
  works = true
  expect((await quota.increment('client:a')).totalHits).toBe(1)
})

test('an address is limited in each process, against floods', async () => {
  const statuses: number[] = []
  for (let i = 0; i < 8; i++) statuses.push((await ask(i, { 'x-forwarded-for': '198.51.100.7' })).status)
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429, 429])
  // The hosts of one IPv6 /64 are one asker.
  for (let i = 0; i < 3; i++) await ask(0, { 'x-forwarded-for': `2001:db8:1:2::${i}` }).expect(200)
  await ask(0, { 'x-forwarded-for': '2001:db8:1:2:ffff::1' }).expect(429)
  await ask(0, { 'x-forwarded-for': '2001:db8:1:3::1' }).expect(200)
})

const post = (i: number, path: string, body: object, address: string) =>
  supertest(apps[i % 2]!)
    .post(path)
    .set('x-forwarded-for', address)
    .send(body)

test('misses of typed card numbers are counted over all processes, and close every process for the day', async () => {
  const codes: string[] = []
  // Turn by turn, under the flood limit of 30 in each.
  for (let i = 0; i < 52; i++) codes.push((await post(i, '/api/card-status', { serial: 'G09-26-0000000-X' }, '203.0.113.5')).body.code)
  expect(codes).toEqual([...Array(50).fill('card.not-found'), 'limit.lookups', 'limit.lookups'])
  expect((await post(0, '/api/card-status', { serial: 'G09-26-0000000-X' }, '203.0.113.6')).body.code).toBe('card.not-found')
  now += 86_400
  expect((await post(1, '/api/card-status', { serial: 'G09-26-0000000-X' }, '203.0.113.5')).body.code).toBe('card.not-found')
})

test('misses of tokens are counted over all processes', async () => {
  const codes: string[] = []
  const miss = (i: number) => post(i, '/api/tokens', { token: encodeBase64url(randomBytes(16)) }, '203.0.113.9')
  for (let i = 0; i < 203; i++) codes.push((await miss(i)).body.code)
  expect(codes).toEqual([...Array(200).fill('token.not-found'), ...Array(3).fill('limit.lookups')])
})
