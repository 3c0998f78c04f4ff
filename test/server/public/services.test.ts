import { createHash, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import supertest from 'supertest'
import { encodeLive, liveMessage } from '../../../core/credential/live.ts'
import { liveUrl } from '../../../core/credential/qr.ts'
import type { P256Jwk } from '../../../core/crypto/coreCrypto.ts'
import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { bindingProofMessage, unbindingProofMessage } from '../../../core/live/bindingProof.ts'
import { jwkThumbprint } from '../../../core/trust/jwkThumbprint.ts'
import { suspendCards } from '../../../server/cards/changeStatus.ts'
import { signEs256 } from '../../../server/keys/es256.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { entriesByRef } from '../../../server/log/readEntries.ts'
import { serviceKey } from '../../../server/service-keys/serviceKey.ts'
import { collectEvents } from '../../../server/webhooks/collectEvents.ts'
import { deliverWebhooks, retryAfter } from '../../../server/webhooks/deliverWebhooks.ts'
import { isPublicAddress, parseWebhookUrl } from '../../../server/webhooks/guardedLookup.ts'
import { sendWebhook } from '../../../server/webhooks/sendWebhook.ts'
import { useDatabase } from '../../support/database.ts'
import { actorHeader, actorText, openPublicInstallation, type PublicInstallation } from '../../support/publicInstallation.ts'

let world: PublicInstallation
let receiver: Server
let received: { request: IncomingMessage; body: string }[] = []
let answerWith = 200
afterAll(async () => {
  receiver?.closeAllConnections()
  receiver?.close()
  await world?.close()
})
const db = useDatabase()
beforeAll(async () => {
  world = await openPublicInstallation(db.url)
  receiver = createServer((request, response) => {
    let body = ''
    request.on('data', part => {
      body += part
    })
    request.on('end', () => {
      received.push({ request, body })
      response.writeHead(answerWith, answerWith === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end('ok')
    })
  })
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
})

const admin = actorText({ roles: ['admin'], sub: 'admin' })
const as = (actor: string) => ({ [actorHeader]: actor })
const hookUrl = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
const phone = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const jwk: P256Jwk = { kty: 'EC', crv: 'P-256', x: x!, y: y! }
  return { jwk, sign: (message: Uint8Array) => signEs256(privateKey, message) }
}

async function deliver(): Promise<void> {
  const { pool, cipher, agencies, clock } = world.installation
  while ((await collectEvents({ pool, agencies })).isBehind);
  const key = await serviceKey({ pool, cipher }, 'webhook')
  while (await deliverWebhooks({ pool, key, allowPrivate: true, clock }));
}

test('what happens is told once to who asked for it, signed as RFC 9421 says', async () => {
  await deliver() // what happened before anybody listened is not told
  const { body: hook } = await supertest(world.app)
    .post('/api/webhooks')
    .set(as(admin))
    .send({ url: hookUrl(), events: ['card.status'] })
    .expect(201)
  const { pool, cipher, isRestricted } = world.installation
  const card = world.cards.all.filter(each => each.endedAs === null)[5]!
  await suspendCards(
    { pool, cipher, isRestricted },
    { actor: { sub: 'hr', name: 'HR' }, serials: [card.serial], reasonCode: 'MAT_THE', reason: 'Mất' },
  )
  received = []
  await deliver()
  await deliver()
  expect(received).toHaveLength(1)
  const [{ request, body }] = received as [{ request: IncomingMessage; body: string }]
  const event = JSON.parse(body)
  expect(event).toMatchObject({ type: 'card.status', data: { serial: card.serial, status: 'suspended', ref: encodeBase64url(card.ref) } })
  expect(body).not.toContain(card.fullName)
  expect(body).not.toContain('Mất')

  const headers = request.headers as Record<string, string>
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
  expect(headers['content-digest']).toBe(digest)
  const parameters = headers['signature-input']!.replace(/^antin=/, '')
  expect(parameters).toMatch(
    /^\("@method" "@target-uri" "content-type" "content-digest"\);created=\d+;keyid="[^"]+";alg="ed25519";tag="antin-webhook"$/,
  )
  const base = `"@method": POST\n"@target-uri": ${hookUrl()}\n"content-type": ${headers['content-type']}\n"content-digest": ${digest}\n"@signature-params": ${parameters}`
  const { body: keys } = await supertest(world.app).get('/.well-known/antin/webhook-keys').expect(200)
  const signature = Buffer.from(/^antin=:(.+):$/.exec(headers.signature!)![1]!, 'base64')
  expect(verify(null, Buffer.from(base), { key: keys.keys[0], format: 'jwk' }, signature)).toBe(true)
  expect(verify(null, Buffer.from(base.replace('POST', 'PUT')), { key: keys.keys[0], format: 'jwk' }, signature)).toBe(false)
  await supertest(world.app).delete(`/api/webhooks/${hook.id}`).set(as(admin)).expect(204)
})

test('a receiver that fails is tried again later and later, becomes a dead letter, and is replayed', async () => {
  const { body: hook } = await supertest(world.app)
    .post('/api/webhooks')
    .set(as(admin))
    .send({ url: hookUrl(), events: ['card.status'] })
    .expect(201)
  const { pool, cipher, isRestricted } = world.installation
  const card = world.cards.all.filter(each => each.endedAs === null)[6]!
  await suspendCards(
    { pool, cipher, isRestricted },
    { actor: { sub: 'hr', name: 'HR' }, serials: [card.serial], reasonCode: 'MAT_THE', reason: '' },
  )
  answerWith = 500
  received = []
  const waits: number[] = []
  for (let attempt = 0; attempt <= retryAfter.length; attempt++) {
    await deliver()
    const { rows } = await pool.query<{ state: string; wait: number }>(
      'select state, round(extract(epoch from next_at - now()))::int as wait from webhook_deliveries where webhook_id = $1',
      [hook.id],
    )
    if (rows[0]!.state === 'pending') waits.push(rows[0]!.wait)
    await pool.query("update webhook_deliveries set next_at = now() where webhook_id = $1 and state = 'pending'", [hook.id])
  }
  expect(waits.map((wait, i) => Math.abs(wait - retryAfter[i]!) <= 2)).toEqual(retryAfter.map(() => true))
  expect(received).toHaveLength(retryAfter.length + 1)
  const dead = await supertest(world.app).get(`/api/webhooks/${hook.id}/deliveries?state=dead`).set(as(admin)).expect(200)
  expect(dead.body.deliveries).toMatchObject([{ type: 'card.status', lastStatus: 500, attempts: retryAfter.length + 1 }])
  answerWith = 204
  await supertest(world.app).post(`/api/webhooks/${hook.id}/replay`).set(as(admin)).send({}).expect(202, { count: 1 })
  await deliver()
  expect((await supertest(world.app).get(`/api/webhooks/${hook.id}/deliveries`).set(as(admin))).body.deliveries[0].state).toBe('delivered')
  // A redirect is an answer, not a way.
  answerWith = 302
  expect(await sendWebhook({ url: hookUrl(), headers: {}, body: '{}', allowPrivate: true })).toEqual({ status: 302, error: null })
  answerWith = 200
  await supertest(world.app).delete(`/api/webhooks/${hook.id}`).set(as(admin)).expect(204)
  // What was removed is called no more, not even again.
  await supertest(world.app).post(`/api/webhooks/${hook.id}/replay`).set(as(admin)).send({}).expect(404)
  const { rows } = await pool.query('select action from audit where subject = $1 order by id', [`webhook:${hook.id}`])
  expect(rows.map(row => row.action)).toEqual(['webhook.added', 'webhook.replayed', 'webhook.removed'])
})

test('no request goes to loopback, private, link-local or mapped addresses', async () => {
  const inner = [
    '127.0.0.1',
    '10.1.2.3',
    '192.168.0.1',
    '172.20.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
  ]
  const inner6 = [
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '::7f00:1',
    '::a00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'ff02::1',
  ]
  for (const address of [...inner, ...inner6]) expect([address, isPublicAddress(address)]).toEqual([address, false])
  for (const address of ['8.8.8.8', '2606:4700::1111']) expect(isPublicAddress(address)).toBe(true)
  for (const url of [
    'http://example.org/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://localhost/',
    'https://a.internal/',
    'https://u:p@example.org/',
    'ftp://example.org/',
    'x',
  ]) {
    expect(() => parseWebhookUrl(url, false)).toThrow('webhook.url')
  }
  received = []
  // A name that leads inside is refused when it is connected to, whatever it said before.
  const attempt = await sendWebhook({
    url: hookUrl().replace('http:', 'https:').replace('127.0.0.1', 'localhost.localdomain'),
    headers: {},
    body: '{}',
    allowPrivate: false,
  })
  expect(attempt.status).toBeNull()
  expect(received).toHaveLength(0)
})

test('webhooks are managed by an admin of the agency, nobody else', async () => {
  const body = { url: hookUrl(), events: ['card.issued'] }
  await supertest(world.app).post('/api/webhooks').send(body).expect(401)
  await supertest(world.app)
    .post('/api/webhooks')
    .set(as(actorText({ roles: ['maker'] })))
    .send(body)
    .expect(403)
  await supertest(world.app)
    .post('/api/webhooks')
    .set(as(actorText({ roles: ['admin'], agency: 'G09.19' })))
    .send({ ...body, agency: 'G09' })
    .expect(403)
  await supertest(world.app)
    .post('/api/webhooks')
    .set(as(admin))
    .send({ ...body, url: 'file:///etc/passwd' })
    .expect(422)
})

test('a live card is bound once by link, shown with a fresh code, stale as a copy, and unbound', async () => {
  const card = world.cards.genuine
  const holder = as(actorText({ roles: ['holder'], officerId: card.officerId, sub: 'holder' }))
  await supertest(world.app)
    .post(`/api/cards/${card.serial}/live-links`)
    .set(as(actorText({ roles: ['holder'], officerId: card.ref.toString('hex') })))
    .expect(404)
  const { body: link } = await supertest(world.app).post(`/api/cards/${card.serial}/live-links`).set(holder).expect(201)
  const token = decodeBase64url(link.url.split('#')[1])
  const { host } = new URL(world.origin)
  const { jwk, sign } = phone()
  const time = world.installation.clock()
  const proof = encodeBase64url(sign(bindingProofMessage(host, nodeCrypto.sha256(token), time)))
  const bindBody = { token: encodeBase64url(token), key: jwk, time, proof }
  await supertest(world.app)
    .post('/api/live-cards/bind')
    .send({ ...bindBody, key: phone().jwk })
    .expect(422)
  const { body: bound } = await supertest(world.app).post('/api/live-cards/bind').send(bindBody).expect(201)
  await supertest(world.app).post('/api/live-cards/bind').send(bindBody).expect(422)

  const sealed = decodeBase64url(bound.credential)
  const show = async (at: number, by = sign) => {
    const signature = by(liveMessage(host, nodeCrypto.sha256(sealed), at))
    const bytes = encodeLive({ sealed, binding: decodeBase64url(bound.binding), time: at, signature })
    const { body } = await supertest(world.app)
      .post('/api/verifications')
      .send({ credential: liveUrl(world.origin, bytes) })
      .expect(200)
    return [body.verdict, body.live]
  }
  expect(await show(time)).toEqual(['valid', 'live'])
  expect(await show(time - 200)).toEqual(['valid', 'stale'])
  expect(await show(time, phone().sign)).toEqual(['valid', 'wrong'])
  const thumbprint = Buffer.from(await jwkThumbprint(jwk, nodeCrypto))
  await supertest(world.app)
    .get(`/live-bindings/${thumbprint.toString('hex')}`)
    .expect(200)

  const unproof = encodeBase64url(sign(unbindingProofMessage(host, thumbprint, time)))
  await supertest(world.app).post('/api/live-cards/unbind').send({ key: jwk, time, proof: unproof }).expect(204)
  expect(await show(time)).toEqual(['valid', 'ended'])
  await supertest(world.app)
    .get(`/live-bindings/${thumbprint.toString('hex')}`)
    .expect(404)
  const types = (await entriesByRef(world.installation.pool, card.ref)).map(each => each.entry?.type)
  expect(types).toEqual(['card.issued', 'holder.bound', 'holder.unbound'])
})

test('a second phone takes the place of the first; HR may unbind', async () => {
  const card = world.cards.all.filter(each => each.endedAs === null)[8]!
  const { host } = new URL(world.origin)
  const bind = async () => {
    const holder = as(actorText({ roles: ['holder'], officerId: card.officerId, sub: 'holder2' }))
    const { body: link } = await supertest(world.app).post(`/api/cards/${card.serial}/live-links`).set(holder).expect(201)
    const { jwk, sign } = phone()
    const token = decodeBase64url(link.url.split('#')[1])
    const time = world.installation.clock()
    const proof = encodeBase64url(sign(bindingProofMessage(host, nodeCrypto.sha256(token), time)))
    await supertest(world.app)
      .post('/api/live-cards/bind')
      .send({ token: encodeBase64url(token), key: jwk, time, proof })
      .expect(201)
    return Buffer.from(await jwkThumbprint(jwk, nodeCrypto)).toString('hex')
  }
  const first = await bind()
  const second = await bind()
  await supertest(world.app).get(`/live-bindings/${first}`).expect(404)
  await supertest(world.app).get(`/live-bindings/${second}`).expect(200)
  await supertest(world.app)
    .delete(`/api/cards/${card.serial}/live-binding`)
    .set(as(actorText({ roles: ['auditor'] })))
    .expect(403)
  await supertest(world.app)
    .delete(`/api/cards/${card.serial}/live-binding`)
    .set(as(actorText({ roles: ['maker'] })))
    .expect(204)
  await supertest(world.app).get(`/live-bindings/${second}`).expect(404)
})

test('the same Idempotency-Key gives the same answer, another request is refused, and nothing is done twice', async () => {
  const key = randomBytes(8).toString('hex')
  const body = { url: hookUrl(), events: ['card.issued'] }
  const post = (sent: object, actor = admin) =>
    supertest(world.app).post('/api/webhooks').set(as(actor)).set('Idempotency-Key', key).send(sent)
  const [first, second] = await Promise.all([post(body), post(body)])
  const done = [first, second].filter(answer => answer.status === 201)
  expect(done.length).toBeGreaterThan(0)
  for (const answer of [first, second]) expect([201, 409]).toContain(answer.status)
  const again = await post(body).expect(201)
  expect(again.body).toEqual(done[0]!.body)
  expect(again.headers['idempotent-replayed']).toBe('true')
  expect(again.headers.location).toBe(done[0]!.headers.location)
  await post({ ...body, description: 'other' }).expect(422)
  // Another caller's key is another key.
  const other = await post(body, actorText({ roles: ['admin'], sub: 'admin2' })).expect(201)
  expect(other.body.id).not.toBe(again.body.id)
  await supertest(world.app).post('/api/webhooks').set(as(admin)).set('Idempotency-Key', 'a b').send(body).expect(422)
})

test('the OpenAPI document is served to every origin, with an ETag', async () => {
  const first = await supertest(world.app).get('/openapi.json').expect(200)
  expect(first.body.openapi).toBe('3.1.0')
  expect(first.headers['access-control-allow-origin']).toBe('*')
  await supertest(world.app).get('/openapi.json').set('If-None-Match', first.headers.etag!).expect(304)
  const page = await supertest(world.app).get('/docs').set('Accept-Language', 'vi').expect(200)
  expect(page.text).toContain('/api/verifications/bulk')
  expect(page.headers['content-security-policy']).toContain("default-src 'none'")
})
