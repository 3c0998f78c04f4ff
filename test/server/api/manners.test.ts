import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import request from 'supertest'
import { useDatabase } from '../../support/database.ts'
import { actorHeader, actorText, openPublicInstallation, type PublicInstallation } from '../../support/publicInstallation.ts'

let world: PublicInstallation
afterAll(() => world?.close())
const db = useDatabase()
beforeAll(async () => {
  world = await openPublicInstallation(db.url)
})

const problemOf = ({ status, headers, body }: request.Response) => [status, headers['content-type'], body.code]
const problem = 'application/problem+json; charset=utf-8'

test('a wrong method is told with Allow, to everybody where everybody may ask', async () => {
  for (const [method, path, allow] of [
    ['get', '/api/verifications', 'POST'],
    ['put', '/api/diplomas/lookup', 'POST'],
    ['delete', '/.well-known/antin/trust-list', 'GET, HEAD'],
    ['post', '/healthz', 'GET, HEAD'],
  ] as const) {
    const answer = await request(world.app)[method](path)
    expect([path, ...problemOf(answer), answer.headers.allow]).toEqual([path, 405, problem, 'http.method', allow])
  }
  const auditor = { [actorHeader]: actorText({ roles: ['auditor'] }) }
  expect((await request(world.app).patch('/api/webhooks').set(auditor)).headers.allow).toBe('GET, HEAD, POST')
  expect(problemOf(await request(world.app).get('/api/nothing'))).toEqual([401, problem, 'auth.required'])
})

test('401 says where to learn how to get a token, and whether one was bad (RFC 6750, RFC 9728)', async () => {
  const metadata = `resource_metadata="${world.origin}/.well-known/oauth-protected-resource"`
  expect((await request(world.app).get('/api/webhooks')).headers['www-authenticate']).toBe(`Bearer ${metadata}`)
  const bad = await request(world.app).get('/api/webhooks').set('Authorization', 'Bearer x')
  expect(bad.headers['www-authenticate']).toBe(`Bearer error="invalid_token", ${metadata}`)
})

test('a body that is no UTF-8 is refused, however it is sent', async () => {
  const body = Buffer.concat([Buffer.from('{"credential":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])
  const send = (headers: Record<string, string>, bytes: Buffer) =>
    request(world.app)
      .post('/api/verifications')
      .set({ 'content-type': 'application/json', ...headers })
      .serialize(value => value)
      .send(bytes as never)
  for (const answer of [
    await send({}, body),
    await send({ 'content-type': 'application/json;charset=UTF-8' }, body),
    await send({ 'content-encoding': 'gzip' }, gzipSync(body)),
  ]) {
    expect(problemOf(answer)).toEqual([400, problem, 'http.invalid'])
    expect(answer.body.detail).toBe('The body is not UTF-8')
  }
  expect((await send({}, Buffer.from('\ufeff{"credential":"é"}'))).status).toBe(200)
  expect(problemOf(await send({}, Buffer.alloc(0)))).toEqual([400, problem, 'http.invalid'])
})

test('digests are taken in capitals too, and what is none is not told to be unknown', async () => {
  const file = Buffer.from('%PDF-1.7 mẫu')
  const digest = createHash('sha256').update(file).digest()
  const { pool } = world.installation
  await pool.query('update diplomas set document_digest = $1 where ref = $2', [digest, world.diplomas[0]!.ref])
  for (const text of [digest.toString('hex'), digest.toString('hex').toUpperCase()]) {
    await request(world.app).get(`/api/diplomas/by-document/${text}`).expect(200)
    const report = await request(world.app).post('/api/verifications').send({ documentSha256: text }).expect(200)
    expect(report.body.credential.ref).toBe(Buffer.from(world.diplomas[0]!.ref).toString('base64url'))
  }
  for (const text of ['zz', digest.toString('hex').slice(1)]) {
    expect(problemOf(await request(world.app).get(`/api/diplomas/by-document/${text}`))).toEqual([400, problem, 'http.invalid'])
    expect(problemOf(await request(world.app).post('/api/verifications').send({ documentSha256: text }))).toEqual([
      400,
      problem,
      'http.invalid',
    ])
  }
})

test('a form is held to the same fields as JSON: an unknown policy and a second file are told', async () => {
  const send = () => request(world.app).post('/api/verifications').attach('file', Buffer.from('%PDF-1.7'), 'a.pdf')
  expect(problemOf(await send().field('policy', 'lax'))).toEqual([400, problem, 'http.invalid'])
  expect(problemOf(await send().field('policy', 'strict'))).toEqual([404, problem, 'verification.not-found'])
  const two = await send().attach('file', Buffer.from('x'), 'b.pdf')
  expect([...problemOf(two), two.body.detail]).toEqual([413, problem, 'http.too-large', 'At most 1 file'])
})
