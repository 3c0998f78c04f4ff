import { hash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import express from 'express'
import { pino } from 'pino'
import request from 'supertest'
import { parseSealed, seal } from '../../../core/credential/sealed.ts'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { buildApp } from '../../../server/app.ts'
import { inTransaction } from '../../../server/db/transaction.ts'
import { problemHandler } from '../../../server/http/problem.ts'
import { requestsRoutes } from '../../../server/http/routes/requests.ts'
import { serverLimits } from '../../../server/http/serverLimits.ts'
import { logDescription } from '../../../server/installation.ts'
import { compromiseKey } from '../../../server/keys/compromiseKey.ts'
import { honestLogState } from '../../../server/keys/honestLogState.ts'
import { readKeys } from '../../../server/keys/keysTable.ts'
import { signCheckpoint } from '../../../server/log/signCheckpoint.ts'
import { openPrivate } from '../../../server/officers/officerPrivate.ts'
import { createRequest } from '../../../server/requests/createRequest.ts'
import { pendingDigest } from '../../../server/requests/requestsTable.ts'
import { republishDemonstrationTrust } from '../../../server/trust/demonstrationTrust.ts'
import { useDatabase } from '../../support/database.ts'
import { openPublicInstallation, type PublicInstallation } from '../../support/publicInstallation.ts'

const db = useDatabase()
let public_: PublicInstallation
let server: Server
let port: number
const lines: string[] = []

beforeAll(async () => {
  public_ = await openPublicInstallation(db.url)
  // The whole public application once more, with the limits of `antin serve` made short and a log that is read.
  const logger = pino({ level: 'info' }, { write: line => void lines.push(line) })
  const app = buildApp({
    logger,
    publicUrl: public_.origin,
    trustProxy: false,
    formTargets: [],
    measureRequests: (_req, _res, next) => next(),
    publicRoutes: [],
    authenticate: (_req, _res, next) => next(),
    streamRoutes: [public_.app as never],
    idempotency: (_req, _res, next) => next(),
    apiRoutes: [],
    pages: [],
  })
  server = createServer({ ...serverLimits, headersTimeout: 400, requestTimeout: 800, connectionsCheckingInterval: 100 }, app)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})

afterAll(async () => {
  server?.closeAllConnections()
  server?.close()
  await public_?.close()
})

const base = () => `http://127.0.0.1:${port}`

/** What a connection reads until the server ends it. */
function speak(first: string, then?: { every: number; piece: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(first))
    const timer = then && setInterval(() => socket.writable && socket.write(then.piece), then.every)
    let text = ''
    socket.on('data', piece => {
      text += piece
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearInterval(timer)
      resolve(text)
    })
    setTimeout(() => reject(new Error('the connection was never ended')), 45_000).unref()
  })
}

describe('insider', () => {
  const maker = { kind: 'person' as const, sub: 'maker', name: 'Người lập', agency: 'G09' as AgencyCode, scopes: new Set<never>() }
  const makeRequest = async () => {
    const { pool, cipher } = public_.installation
    const claims = { issuer: 'G09', holderName: 'X', title: 'Y', awarded: '2020', basis: 0, number: randomBytes(4).toString('hex') }
    return (await inTransaction(pool, tx =>
      createRequest(tx, cipher, { kind: 'diploma.register', agency: 'G09' as AgencyCode, maker, items: [{ claims }] }),
    ))!
  }

  test('the maker of a request who is an approver too cannot approve it by the API', async () => {
    const { pool, cipher, agencies } = public_.installation
    const app = express()
    app.use(express.json(), (req, _res, next) => {
      const roles = new Set(['maker', 'approver'] as const)
      req.actor = { ...maker, sub: req.get('x-sub') ?? 'maker', roles, steppedUpAt: Date.now() / 1000 }
      next()
    })
    app.use(requestsRoutes({ pool, cipher, agencies }), problemHandler(pino({ level: 'silent' })))
    const id = await makeRequest()
    const body = { claimsDigest: encodeBase64url(await pendingDigest(pool, id)) }
    const own = await request(app).post(`/api/requests/${id}/approve`).send(body)
    expect(own.body).toMatchObject({ code: 'request.same-person' })
    const blind = await request(app)
      .post(`/api/requests/${id}/approve`)
      .set('x-sub', 'other')
      .send({ claimsDigest: encodeBase64url(randomBytes(32)) })
    expect(blind.body).toMatchObject({ code: 'request.changed.conflict' })
    expect((await request(app).post(`/api/requests/${id}/approve`).set('x-sub', 'other').send(body)).status).toBe(202)
  })

  test('nor straight in the database', async () => {
    const id = await makeRequest()
    const approve = (who: string) =>
      db.pool.query("update requests set status = 'approved', approver = $2, approver_name = 'N' where id = $1", [id, who])
    await expect(approve('maker')).rejects.toThrow('requests')
    await expect(db.pool.query("update requests set status = 'approved' where id = $1", [id])).rejects.toThrow('requests')
  })
})

describe('outsider at the line', () => {
  test('slow headers and slow bodies are cut off, and others are served meanwhile', async () => {
    const slow = [
      ...Array.from({ length: 20 }, () => speak('GET / HTTP/1.1\r\nHost: x\r\n', { every: 100, piece: 'X-A: b\r\n' })),
      speak('POST /api/verifications HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{', {
        every: 100,
        piece: ' ',
      }),
    ]
    const served = await fetch(`${base()}/api/verifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"credential":"x"}',
    })
    expect(served.status).toBe(200)
    for (const text of await Promise.all(slow)) expect(text === '' || /^HTTP\/1\.1 40[08]/.test(text)).toBe(true)
  })

  test('oversized headers and bodies, bodies that nest or repeat, are refused and cost nothing', async () => {
    expect(await speak(`GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431/)
    const post = (body: string, type = 'application/json') =>
      fetch(`${base()}/api/verifications`, { method: 'POST', headers: { 'content-type': type }, body })
    expect((await post(JSON.stringify({ credential: 'a'.repeat(70_000) }))).status).toBe(413)
    for (const body of ['['.repeat(30_000), '{"credential":'.repeat(3000), '{"a":1,"a":2}', '"', 'null', '[]', '\u0000'])
      expect([400, 422]).toContain((await post(body)).status)
    expect((await post('x', 'application/json; charset=utf-7')).status).toBeLessThan(500)
    const deflated = await fetch(`${base()}/api/verifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'br' },
      body: 'x',
    })
    expect(deflated.status).toBeLessThan(500)
  })

  test('a body cannot reach the prototype of objects', async () => {
    const hostile = '{"credential":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
    for (const path of ['/api/verifications', '/api/tokens', '/api/card-status', '/api/diplomas/lookup', '/api/live-cards/bind']) {
      const { status } = await fetch(base() + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: hostile })
      expect(status).toBeLessThan(500)
    }
    const form = new FormData()
    form.set('__proto__', 'x')
    form.set('__proto__[polluted]', '1')
    form.set('file', new Blob(['%PDF-1.7']), '__proto__')
    expect((await fetch(`${base()}/api/verifications`, { method: 'POST', body: form })).status).toBeLessThan(500)
    expect((await fetch(`${base()}/v?__proto__[polluted]=1&constructor.prototype.polluted=1`)).status).toBeLessThan(500)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('hostile text comes back as text: no page carries markup of a request', async () => {
    const markup = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
    const form = (path: string, body: Record<string, string>) =>
      fetch(base() + path, { method: 'POST', headers: { accept: 'text/html' }, body: new URLSearchParams(body) }).then(answer =>
        answer.text(),
      )
    const pages = await Promise.all([
      form('/v', { credential: markup, serial: markup }),
      form('/v', { serial: markup }),
      form('/diplomas/verify', { agency: markup, soHieu: markup, ngaySinh: markup, credential: markup }),
      fetch(`${base()}/${encodeURIComponent(markup)}`, { headers: { accept: 'text/html' } }).then(answer => answer.text()),
      fetch(`${base()}/log?ref=${encodeURIComponent(markup)}`, { headers: { accept: 'text/html' } }).then(answer => answer.text()),
    ])
    for (const page of pages) expect(page).not.toMatch(/<img src=x|<script>alert/)
  })

  test('tokens and numbers cannot be tried one after the other', async () => {
    const answers = async (path: string, body: () => object, times: number) => {
      const statuses = new Map<number, number>()
      for (let i = 0; i < times; i++) {
        const { status } = await fetch(public_.origin + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body()),
        })
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
      return statuses
    }
    const tokens = await answers('/api/tokens', () => ({ token: encodeBase64url(randomBytes(16)) }), 125)
    expect(tokens.get(404)).toBeLessThanOrEqual(120)
    expect(tokens.get(429)).toBeGreaterThanOrEqual(5)
    expect([...tokens.keys()].toSorted()).toEqual([404, 429])
    const { serial } = public_.cards.genuine
    const serials = await answers('/api/card-status', () => ({ serial }), 33)
    expect(serials.get(429)).toBeGreaterThanOrEqual(3)
    // Misses of typed numbers are counted in the database, for all processes, under a keyed hash of who asks.
    const [diploma] = public_.diplomas
    const miss = { agency: 'G09', soHieu: `${diploma!.number}0`, ngaySinh: '1990' }
    await answers('/api/verifications', () => miss, 1)
    const { rows } = await db.pool.query<{ key: Buffer; count: number }>('select key, count from lookup_counts')
    expect(rows.length).toBeGreaterThan(0)
    for (const { key } of rows)
      expect([hash('sha256', '127.0.0.1', 'hex'), Buffer.from('127.0.0.1').toString('hex')]).not.toContain(key.toString('hex'))
  })

  test('a log line is one line of JSON, without control characters, tokens, addresses or what people typed', async () => {
    lines.length = 0
    const token = encodeBase64url(public_.cards.genuine.token)
    await speak(`GET /t/${token}?name=Nguyen%0a%0dINJECTED HTTP/1.1\r\nHost: x\r\nUser-Agent: INJECTED\r\nConnection: close\r\n\r\n`)
    await fetch(`${base()}/api/verifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'a\\nINJECTED' },
      body: JSON.stringify({ credential: '001190012345\n{"level":60,"msg":"INJECTED"}' }),
    })
    await fetch(`${base()}/api/verifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"001190012345\\n": INJECTED',
    })
    await sleep(100)
    expect(lines.length).toBeGreaterThanOrEqual(3)
    for (const line of lines) {
      expect(() => JSON.parse(line)).not.toThrow()
      expect(line.slice(0, -1)).not.toMatch(/\p{Cc}/u)
      for (const secret of [token, 'INJECTED', '001190012345', '127.0.0.1']) expect(line).not.toContain(secret)
    }
  })
})

describe('thief of the database', () => {
  test('every column as text holds no personal number, birth date, e-mail, sealed credential, token or photo', async () => {
    const { pool, cipher } = public_.installation
    const secrets = new Map<string, string>()
    const add = (what: string, ...values: (string | undefined)[]) => {
      for (const value of values) if (value) secrets.set(value.toLowerCase(), what)
    }
    const officers = await pool.query<{ private: Buffer }>('select private from officers')
    expect(officers.rows.length).toBeGreaterThan(30)
    for (const row of officers.rows) {
      const { personalNumber, birthDate, email } = openPrivate(cipher, row.private)
      const [year, month, day] = birthDate.split('-')
      add('personal number', personalNumber, Buffer.from(personalNumber).toString('hex'))
      add('birth date', birthDate, `${day}/${month}/${year}`, Buffer.from(birthDate).toString('hex'))
      add('e-mail', email, email && Buffer.from(email).toString('hex'))
    }
    for (const { sealedBytes, token } of public_.cards.all) {
      add('sealed card', Buffer.from(sealedBytes).toString('hex').slice(40, 104), encodeBase64url(sealedBytes).slice(24, 64))
      add('token', Buffer.from(token).toString('hex'), encodeBase64url(token))
      const { claims } = parseSealed(sealedBytes)
      add('cti', Buffer.from(claims.cti).toString('hex'), encodeBase64url(claims.cti))
    }
    for (const { sealedBytes } of public_.diplomas) add('sealed diploma', Buffer.from(sealedBytes).toString('hex').slice(40, 104))
    add('photo', 'ffd8ffe0', 'ffd8ffdb')

    const tables = await pool.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')`,
    )
    let rowsRead = 0
    const found: string[] = []
    const searched = [...secrets]
    for (const { name } of tables.rows) {
      const { rows } = await pool.query<{ text: string }>(`select lower(t::text) as text from ${name} t`)
      rowsRead += rows.length
      const text = rows.map(row => row.text).join('\n')
      for (const [secret, what] of searched) if (text.includes(secret)) found.push(`${what} in ${name}`)
    }
    expect(rowsRead).toBeGreaterThan(200)
    // The day on which a diploma was awarded, or a card ends, may be somebody's birthday.
    expect([...new Set(found)]).toEqual([])
  })
})

describe('thief of a signing key', () => {
  test('a forged card is never valid: its index was never given; after the compromise only what the log proves is', async () => {
    const { installation, verifier, cards } = public_
    const { pool, store } = installation
    const genuine = cards.genuine
    const known = parseSealed(genuine.sealedBytes)
    const key = (await readKeys(pool)).find(one => Buffer.from(one.kid).equals(Buffer.from(known.kid)))!
    const stolen = await store.open(key.form, key.location, 'card')
    const forge = (idx: number) => {
      const claims = known.claims
      if (!('card' in claims)) throw new Error('no card')
      const card = { ...claims.card, fullName: 'Kẻ Giả Mạo', status: { ...claims.card.status, idx } }
      return seal({
        kid: known.kid,
        claims: { ...claims, cti: randomBytes(16), card },
        sign: bytes => stolen.sign({ kind: 'sign1', bytes }),
      })
    }
    if (!('card' in known.claims)) throw new Error('no card')
    const { rows } = await pool.query<{ idx: number }>('select idx from cards where list = $1', [known.claims.card.status.list])
    const taken = new Set(rows.map(row => row.idx))
    const free = Array.from({ length: 1000 }, (_, i) => i).find(i => !taken.has(i))!
    expect((await verifier.verify({ sealed: await forge(free) })).verdict).toBe('invalid')
    // With the index of a valid card it passes the list, but not the log: strict sees it at once.
    const copied = await forge(known.claims.card.status.idx)
    await signCheckpoint(installation)
    expect((await verifier.verify({ sealed: copied }, 'strict')).verdict).not.toBe('valid')

    const { rows: head } = await pool.query<{ size: number }>('select size from log_head')
    const at = installation.clock()
    const state = await honestLogState(pool, { origin: installation.logKey.name, at, lastHonest: { logSize: head[0]!.size } })
    await compromiseKey(installation, known.kid, state, { sub: 'admin', name: 'Quản trị' })
    await republishDemonstrationTrust({
      ...installation,
      home: installation.config.ANTIN_HOME,
      publicUrl: installation.origin,
      network: async () => ({ logs: [logDescription(installation, 1_500_000_000)], anchors: [], witnesses: [], quorum: 0 }),
    })
    await signCheckpoint(installation)
    await sleep(800)
    expect((await verifier.verify({ sealed: genuine.sealedBytes })).verdict).toBe('valid')
    expect((await verifier.verify({ sealed: copied })).verdict).not.toBe('valid')
  })
})
