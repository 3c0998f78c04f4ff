import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import type pg from 'pg'
import supertest from 'supertest'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { getStatus } from '../../core/status-list/statusList.ts'
import { parseStatusListToken } from '../../core/status-list/statusListToken.ts'
import { createPool } from '../../server/db/pool.ts'
import { inTransaction } from '../../server/db/transaction.ts'
import { statusListRoutes } from '../../server/http/routes/statusLists.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'
import type { SignerPool } from '../../server/keys/signerPool.ts'
import { appendEntries } from '../../server/log/appendEntries.ts'
import { newestEntries } from '../../server/log/readEntries.ts'
import { abandonOpenLists } from '../../server/status-lists/abandonOpenLists.ts'
import { indexOrder } from '../../server/status-lists/indexOrder.ts'
import { reserveStatusIndices } from '../../server/status-lists/reserveStatusIndices.ts'
import { type StatusChange, setStatuses } from '../../server/status-lists/setStatuses.ts'
import { statusListTokens } from '../../server/status-lists/statusListTokens.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry } from '../support/ministry.ts'

const db = useDatabase()
const publicUrl = 'https://the.example'
const start = 1_800_000_000
let signers: SignerPool
let otherProcess: pg.Pool

beforeAll(async () => {
  signers = await makeMinistry(db.pool, 9)
  otherProcess = createPool(db.url)
})
afterAll(() => otherProcess.end())

const change = (changes: StatusChange[]) =>
  inTransaction(db.pool, async tx => {
    const drafts = await setStatuses(tx, changes)
    await appendEntries(tx, drafts)
    return drafts
  })
const service = (clock: () => number, pool = db.pool) => statusListTokens({ pool, signers, publicUrl, clock })
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

test('the order of a list is a permutation that its key alone decides', () => {
  const key = randomBytes(32)
  const order = indexOrder(key, 131_072)
  expect(new Set(order).size).toBe(131_072)
  expect(order.every(idx => idx < 131_072)).toBe(true)
  expect(indexOrder(key, 131_072)).toEqual(order)
  expect(indexOrder(randomBytes(32), 131_072)).not.toEqual(order)
})

test('every index is equally likely to be handed out first', () => {
  const counts = new Array<number>(8).fill(0)
  for (let i = 0; i < 8000; i++) counts[indexOrder(randomBytes(32), 8)[0]!]!++
  // Chi-squared with 7 degrees of freedom: 29.9 is passed once in 10,000 times.
  expect(counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(29.9)
})

test('no index is handed out twice, whoever asks at the same time, over as many lists as it takes', async () => {
  const agency = 'G09.01'
  const counts = Array.from({ length: 60 }, (_, i) => 1 + ((i * 7) % 23))
  const taken = (
    await Promise.all(counts.map((count, i) => reserveStatusIndices(i % 2 ? db.pool : otherProcess, agency, count, 200)))
  ).flat()
  expect(taken).toHaveLength(counts.reduce((sum, count) => sum + count, 0))
  expect(new Set(taken.map(({ list, idx }) => `${list}/${idx}`)).size).toBe(taken.length)
  for (const { idx } of taken) expect(idx >= 0 && idx < 200).toBe(true)
  const { rows } = await db.pool.query('select number, reserved, size from status_lists where agency_code = $1 order by number', [agency])
  expect(rows.reduce((sum, row) => sum + row.reserved, 0)).toBe(taken.length)
  // The next list is open before the last is full, and never more than one ahead.
  expect(rows.filter(row => row.reserved < row.size).length).toBeGreaterThanOrEqual(1)
  expect(rows.filter(row => row.reserved === 0).length).toBeLessThanOrEqual(1)
})

test('a batch larger than what is left goes on in the next list; a new list is open before the old is full', async () => {
  const lists = async () =>
    (await db.pool.query('select number, reserved from status_lists where agency_code = $1 order by number', ['G09.02'])).rows
  await reserveStatusIndices(db.pool, 'G09.02', 80, 100)
  expect((await lists()).map(row => row.reserved)).toEqual([80])
  await reserveStatusIndices(db.pool, 'G09.02', 11, 100)
  expect((await lists()).map(row => row.reserved)).toEqual([91, 0])
  const taken = await reserveStatusIndices(db.pool, 'G09.02', 50, 100)
  expect((await lists()).map(row => row.reserved).reduce((a, b) => a + b)).toBe(141)
  expect(taken).toHaveLength(50)
  const large = await reserveStatusIndices(db.pool, 'G09.02', 350, 100)
  expect(new Set(large.map(({ list, idx }) => `${list}/${idx}`)).size).toBe(350)
})

test('the database itself refuses to hand out an index again', async () => {
  const { list } = (await reserveStatusIndices(db.pool, 'G09.03', 3))[0]!
  await expect(db.pool.query('update status_lists set reserved = 1 where number = $1', [list])).rejects.toThrow('never handed out twice')
  await expect(db.pool.query('delete from status_lists where number = $1', [list])).rejects.toThrow()
})

test('after a restore nothing is handed out from the lists of before, and list numbers leave a gap', async () => {
  const before = (await reserveStatusIndices(db.pool, 'G09.03', 3)).map(({ list }) => list)
  expect(await abandonOpenLists(db.pool)).toBeGreaterThan(0)
  const after = (await reserveStatusIndices(db.pool, 'G09.03', 3)).map(({ list }) => list)
  expect(Math.min(...after)).toBeGreaterThanOrEqual(Math.max(...before) + 1000)
  expect((await db.pool.query('select from status_lists where number = any($1) and reserved < size', [before])).rowCount).toBe(0)
})

test('issued, suspended and back, revoked for good; never issued stays 3', async () => {
  const [a, b, c] = (await reserveStatusIndices(db.pool, 'G09.03', 3)) as [StatusChange, StatusChange, StatusChange]
  await expect(change([{ ...a, status: 2 }])).rejects.toThrow('status-list.not-issued')
  await expect(change([{ ...a, status: 1 }])).rejects.toThrow('status-list.not-issued')
  await change([
    { ...a, status: 0 },
    { ...b, status: 0 },
  ])
  await change([{ ...a, status: 2 }])
  await change([
    { ...a, status: 0 },
    { ...b, status: 1 },
  ])
  await expect(change([{ ...b, status: 0 }])).rejects.toThrow('status-list.final')
  await expect(change([{ ...b, status: 2 }])).rejects.toThrow('status-list.final')
  expect(await change([{ ...b, status: 1 }])).toEqual([])
  await expect(change([{ list: 999_999, idx: 0, status: 0 }])).rejects.toThrow('status-list.not-found')
  await expect(change([{ ...a, idx: 131_072, status: 0 }])).rejects.toThrow('status-list.not-found')
  const { bits } = await parseStatusListToken((await service(() => start).tokenOf(a.list)).token)
  expect([a, b, c].map(({ idx }) => getStatus(bits, idx))).toEqual([0, 1, 3])
  expect(bits).toHaveLength(131_072 / 4)
})

test('a refused change of one index changes none', async () => {
  const [a, b] = (await reserveStatusIndices(db.pool, 'G09.03', 2)) as [StatusChange, StatusChange]
  await expect(
    change([
      { ...a, status: 0 },
      { ...b, status: 2 },
    ]),
  ).rejects.toThrow('status-list.not-issued')
  const { bits } = await parseStatusListToken((await service(() => start).tokenOf(a.list)).token)
  expect(getStatus(bits, a.idx)).toBe(3)
})

test('each changed list gives one entry with the digest of its uncompressed bytes', async () => {
  const [a] = (await reserveStatusIndices(db.pool, 'G09.04', 1)) as [StatusChange]
  const [b] = (await reserveStatusIndices(db.pool, 'G09.05', 1)) as [StatusChange]
  const drafts = await change([
    { ...b, status: 0 },
    { ...a, status: 0 },
  ])
  expect(drafts.map(draft => draft.type === 'status-list.changed' && [draft.agency, draft.list])).toEqual([
    ['G09.04', a.list],
    ['G09.05', b.list],
  ])
  const { bits } = await parseStatusListToken((await service(() => start).tokenOf(a.list)).token)
  const [entryB, entryA] = await newestEntries(db.pool, 2)
  expect(entryA!.entry).toMatchObject({ list: a.list, digest: encodeBase64url(nodeCrypto.sha256(bits)) })
  expect(entryB!.entry).toMatchObject({ list: b.list })
})

test('the token is what formats 3 says, signed by the status key of the agency', async () => {
  const { list } = (await reserveStatusIndices(db.pool, 'G09', 1))[0]!
  const { token } = await service(() => start + 7).tokenOf(list)
  const parsed = await parseStatusListToken(token)
  expect(parsed).toMatchObject({ sub: `https://the.example/status-lists/${list}`, iat: start + 7, exp: start + 7 + 86_400, ttl: 300 })
  const signer = await signers.signerFor('G09.04' as AgencyCode, 'status', start)
  expect(parsed.jws.kid).toEqual(Uint8Array.from(signer.kid))
  const jwk = (signer as unknown as { jwk?: P256Jwk }).jwk
  if (jwk) expect(nodeCrypto.verifyEs256(jwk, parsed.jws.signingInput, parsed.jws.signature)).toBe(true)
  expect(token.length).toBeLessThan(256 * 1024)
})

test('a change shows within a second in every process, and iat never goes backwards between them', async () => {
  const [a] = (await reserveStatusIndices(db.pool, 'G09.06', 1)) as [StatusChange]
  let now = start
  const one = service(() => now)
  // A process whose clock is behind by a minute.
  const two = service(() => now - 60, otherProcess)
  await change([{ ...a, status: 0 }])
  let last = 0
  for (const status of [2, 0, 2, 1] as const) {
    now += 1
    for (const tokens of [one, two]) await tokens.tokenOf(a.list)
    await change([{ ...a, status }])
    for (const tokens of [one, two]) {
      const { iat, bits } = await parseStatusListToken((await tokens.tokenOf(a.list)).token)
      expect(getStatus(bits, a.idx)).toBe(status)
      expect(iat).toBeGreaterThanOrEqual(last)
      last = iat
    }
  }
})

test('an unchanged list is signed anew at least every 10 minutes, and not more often than it must', async () => {
  const [a] = (await reserveStatusIndices(db.pool, 'G09.07', 1)) as [StatusChange]
  let now = start
  const first = await service(() => now).tokenOf(a.list)
  now += 300
  expect((await service(() => now).tokenOf(a.list)).token).toBe(first.token)
  now += 290
  const second = await service(() => now).tokenOf(a.list)
  expect(second.iat).toBe(start + 590)
  expect(second.version).toBe(first.version)
  now += 600
  expect(await service(() => now).signDue()).toBeGreaterThan(5)
  expect((await service(() => now).tokenOf(a.list)).iat).toBe(now)
  expect(await service(() => now).signDue()).toBe(0)
})

test('a token that a clock far ahead signed does not hold the list in the future', async () => {
  const [a] = (await reserveStatusIndices(db.pool, 'G09.08', 1)) as [StatusChange]
  await service(() => start + 86_400).tokenOf(a.list)
  expect((await service(() => start).tokenOf(a.list)).iat).toBe(start)
})

test('while the database cannot be reached the last token is served for a quarter of an hour, then none', async () => {
  const [a] = (await reserveStatusIndices(db.pool, 'G09.08', 1)) as [StatusChange]
  const pool = createPool(db.url)
  let now = start + 5000
  const tokens = service(() => now, pool)
  const { token } = await tokens.tokenOf(a.list)
  await pool.end()
  await pause(300)
  now += 890
  expect((await tokens.tokenOf(a.list)).token).toBe(token)
  now += 20
  await expect(tokens.tokenOf(a.list)).rejects.toThrow()
})

test('many changes at once to one list all land', async () => {
  const taken = await reserveStatusIndices(db.pool, 'G09.09', 200)
  await Promise.all(taken.map(({ list, idx }) => change([{ list, idx, status: 0 }])))
  const { bits } = await parseStatusListToken((await service(() => start).tokenOf(taken[0]!.list)).token)
  for (const { idx } of taken) expect(getStatus(bits, idx)).toBe(0)
})

test('the route: content type, ETag, max-age of the ttl, any origin, 304, HEAD, 404', async () => {
  const { list } = (await reserveStatusIndices(db.pool, 'G09.04', 1))[0]!
  const app = express().disable('etag')
  app.use(statusListRoutes({ pool: db.pool, statusLists: service(() => start), publicUrl }))
  const http = supertest(app)
  const response = await http
    .get(`/status-lists/${list}`)
    .buffer(true)
    .parse((res, done) => {
      const chunks: Buffer[] = []
      res.on('data', chunk => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks).toString()))
    })
  expect(response.status).toBe(200)
  expect(response.headers).toMatchObject({
    'content-type': 'application/statuslist+jwt',
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  })
  expect((await parseStatusListToken(response.body)).sub).toBe(`${publicUrl}/status-lists/${list}`)
  await http.get(`/status-lists/${list}`).set('If-None-Match', response.headers.etag!).expect(304)
  await http.get(`/status-lists/${list}`).set('If-None-Match', '"other"').expect(200)
  await http.head(`/status-lists/${list}`).expect(200)
  expect((await http.get('/status-lists')).body.status_lists).toContain(`${publicUrl}/status-lists/${list}`)
  for (const path of ['999999', '-1', '01', 'x', '99999999999']) expect((await http.get(`/status-lists/${path}`)).status).not.toBe(200)
})
