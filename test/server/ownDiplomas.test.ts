import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express, { type RequestHandler } from 'express'
import { compactVerify, importJWK, SignJWT } from 'jose'
import supertest from 'supertest'
import { sealedUrl } from '../../core/credential/qr.ts'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { Receipt } from '../../core/log/receipt.ts'
import { parseSdJwt } from '../../core/sd-jwt/parse.ts'
import { presentSdJwt } from '../../core/sd-jwt/present.ts'
import { diplomasOfHolder } from '../../server/diplomas/diplomasTable.ts'
import { requestDiplomaEnds, requestDiplomas } from '../../server/diplomas/requestDiplomas.ts'
import { jwtVcIssuerRoutes } from '../../server/http/routes/jwtVcIssuer.ts'
import { ownDiplomasRoutes } from '../../server/http/routes/ownDiplomas.ts'
import { sdJwtRoutes } from '../../server/http/routes/sdJwt.ts'
import { signEs256 } from '../../server/keys/es256.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'
import { personalNumberIndex } from '../../server/keys/personalNumberIndex.ts'
import { newestEntries } from '../../server/log/readEntries.ts'
import { approveRequest } from '../../server/requests/decideRequest.ts'
import { pendingDigest, requestById } from '../../server/requests/requestsTable.ts'
import type { Actor } from '../../server/staff/actor.ts'
import { ownTemplate } from '../support/cardFixtures.ts'
import { useDatabase } from '../support/database.ts'
import { openPublicInstallation, type PublicInstallation } from '../support/publicInstallation.ts'

/** Of the graduate in the demonstration's diplomas.csv, who is no officer. */
const number = '001177000123'
const db = useDatabase()
let world: PublicInstallation
let mine: { ref: Buffer }
let actor: Actor

beforeAll(async () => {
  world = await openPublicInstallation(db.url)
  const personIndex = personalNumberIndex(world.installation.cipher, number)
  mine = (await diplomasOfHolder(db.pool, personIndex))[0]!
  actor = holder({ personIndex })
})
afterAll(() => world.close())

function holder(more: Partial<Actor>): Actor {
  return {
    kind: 'person',
    sub: 'graduate',
    name: 'Người học',
    roles: new Set(['holder']),
    scopes: new Set(),
    agency: 'G09' as AgencyCode,
    ...more,
  }
}

function http(as: Actor | null, receipt: Receipt | null = null) {
  const { pool, cipher, signers, agencies, clock, isRestricted } = world.installation
  const common = {
    pool,
    cipher,
    signers,
    agencies,
    clock,
    isRestricted,
    origin: world.origin,
    publicUrl: world.origin,
    demonstration: true,
  }
  const app = express()
  const signedIn: RequestHandler = (req, _res, next) => {
    req.actor = as
    next()
  }
  app.use(signedIn, express.json(), sdJwtRoutes(common), jwtVcIssuerRoutes({ ...common, tree: agencies }))
  app.use(ownDiplomasRoutes({ ...common, proofFor: async () => receipt, template: ownTemplate }))
  app.use(((error, _req, res, _next) => {
    res.status(error instanceof AppError ? 400 : 500).json({ code: error instanceof AppError ? error.code : String(error) })
  }) as express.ErrorRequestHandler)
  return supertest(app)
}

const wallet = (): { key: KeyObject; jwk: P256Jwk } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  return { key: privateKey, jwk: { kty: 'EC', crv: 'P-256', x: x!, y: y! } }
}
const proofOf = ({ key, jwk }: ReturnType<typeof wallet>) =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', typ: 'openid4vci-proof+jwt', jwk: { ...jwk } })
    .setAudience(world.origin)
    .setIssuedAt()
    .sign(key)
const refText = () => mine.ref.toString('base64url')
const ask = async (as: Actor | null, keys = wallet(), ref = refText()) =>
  http(as)
    .post(`/api/own-diplomas/${ref}/sd-jwt`)
    .send({ proof: await proofOf(keys) })

test('a holder who is no officer sees their diplomas, the personal number masked', async () => {
  const { body, headers } = await http(actor).get('/api/own-diplomas').expect(200)
  expect(headers['cache-control']).toBe('no-store')
  expect(body.diplomas).toMatchObject([{ ref: refText(), status: 'active', holderNumber: '001***000123' }])
  expect(JSON.stringify(body)).not.toContain(number)
  expect((await http(holder({})).get('/api/own-diplomas').expect(200)).body).toEqual({ diplomas: [] })
})

test('a wallet gets a diploma as SD-JWT VC that a stranger to our code verifies by issuer metadata alone, and we by nine checks', async () => {
  const keys = wallet()
  const { status, body } = await ask(actor, keys)
  expect(status).toBe(201)
  const credential = body.credential as string
  const { payload } = parseSdJwt(credential).jwt
  // jose, as another wallet would: the key by the metadata of iss.
  const metadata = (
    await http(null)
      .get(`/.well-known/jwt-vc-issuer${new URL(payload.iss as string).pathname}`)
      .expect(200)
  ).body
  const jwt = credential.split('~')[0]!
  const { protectedHeader } = await compactVerify(jwt, async header =>
    importJWK(metadata.jwks.keys.find((key: { kid: string }) => key.kid === header.kid)),
  )
  expect([metadata.issuer, protectedHeader.typ]).toEqual([payload.iss, 'dc+sd-jwt'])
  expect(payload).toMatchObject({ vct: `${world.origin}/vct/diploma/1`, cnf: { jwk: keys.jwk } })
  const type = (await http(null).get('/vct/diploma/1').expect(200)).body
  expect(type.claims.map((claim: { path: string[] }) => claim.path[0])).toEqual(
    expect.arrayContaining(['holder_name', 'title', 'document']),
  )

  const [newest] = await newestEntries(db.pool, 1)
  expect(newest!.entry).toMatchObject({ type: 'sd-jwt.issued', ref: refText(), agency: 'G09.22', kid: protectedHeader.kid })
  expect(newest!.entry!.at).toBeGreaterThanOrEqual(payload.iat as number)
  const { rows } = await db.pool.query("select subject, leaf_index from audit where action = 'sd-jwt.issued'")
  expect(rows).toEqual([{ subject: `diploma:${refText()}`, leaf_index: newest!.leafIndex }])

  const binding = { aud: 'https://checker.example', nonce: 'n' }
  const presented = await presentSdJwt(credential, ['holder_name', 'title'], {
    ...binding,
    iat: Math.floor(Date.now() / 1000),
    sign: bytes => signEs256(keys.key, bytes),
    crypto: nodeCrypto,
  })
  const report = await supertest(world.app).post('/api/verifications').send({ credential: presented, binding }).expect(200)
  expect(report.body).toMatchObject({
    verdict: 'valid',
    credential: { form: 'sd-jwt', kind: 'diploma', holderBound: true, disclosed: { holder_name: 'Đỗ Thị Ngọc Hằng' } },
  })
  expect(JSON.stringify(report.body)).not.toContain('1977')
  const other = await supertest(world.app)
    .post('/api/verifications')
    .send({ credential: presented, binding: { ...binding, nonce: 'm' } })
  expect(other.body.checks[1]).toMatchObject({ outcome: 'failed', code: 'signature.holder-binding' })
  const file = await supertest(world.app)
    .post('/api/verifications')
    .attach('file', Buffer.from(`${credential}\n`), 'van-bang.sd-jwt')
    .expect(200)
  expect(file.body).toMatchObject({ verdict: 'valid', credential: { holderBound: false } })
})

test('each PDF that was downloaded is found by its digest, not the newest alone', async () => {
  const receipt: Receipt = (await supertest(world.app).get(`/api/diplomas/${refText()}/receipt`).expect(200)).body
  const digests = await Promise.all(
    [null, receipt].map(async inside => {
      const { body } = await http(actor, inside).get(`/api/own-diplomas/${refText()}/diploma.pdf`).responseType('blob').expect(200)
      return hash('sha256', body as Buffer)
    }),
  )
  expect(new Set(digests).size).toBe(2)
  for (const digest of digests)
    expect((await supertest(world.app).get(`/api/diplomas/by-document/${digest}`).expect(200)).body.ref).toBe(refText())
})

test('nobody gets another person’s diploma, and no form of the number leaves by a look-up', async () => {
  const other = holder({ personIndex: personalNumberIndex(world.installation.cipher, '001177000124') })
  expect((await ask(other)).body.code).toBe('diploma.not-found')
  expect((await ask(holder({}))).body.code).toBe('diploma.not-found')
  expect((await ask(null)).body.code).toBe('auth.required')
  expect((await ask({ ...actor, roles: new Set(['maker', 'approver']) })).body.code).toBe('auth.forbidden')
  expect((await http(other).get(`/api/own-diplomas/${refText()}/diploma.pdf`)).body.code).toBe('diploma.not-found')
  const diploma = world.diplomas.find(one => one.ref.equals(mine.ref))!
  const app = supertest(world.app)
  const answers = [
    await app.post('/api/diplomas/lookup').send({ agency: 'G09.22', soHieu: diploma.number, ngaySinh: '21/05/1977' }).expect(200),
    await app
      .post('/api/verifications')
      .send({ credential: sealedUrl(world.origin, diploma.sealedBytes) })
      .expect(200),
    await app.get(`/api/diplomas/${refText()}/receipt`).expect(200),
  ]
  for (const { text } of answers) expect(text).not.toMatch(/001177000123|001\*\*\*|holderNumber/)
})

test('a diploma that was corrected or ended gives none, and what was given before ends with it', async () => {
  const given = (await ask(actor)).body.credential as string
  const approve = async (id: string) => {
    const approver: Actor = { ...actor, sub: 'approver', roles: new Set(['approver']) }
    await approveRequest({ pool: db.pool }, { actor: approver, id, claimsDigest: await pendingDigest(db.pool, id), selection: 'all' })
    for (let tries = 0; (await requestById(db.pool, id))?.status !== 'done' && tries < 1000; tries++)
      await new Promise(next => setTimeout(next, 50))
  }
  const maker = { sub: 'maker', name: 'Lập' }
  const diploma = world.diplomas.find(one => one.ref.equals(mine.ref))!
  const { claims, issuerCode } = diploma
  const { status: _status, document: _document, ...fields } = claims.diploma
  const corrected = await requestDiplomas(world.installation, {
    maker,
    agency: 'G09' as AgencyCode,
    rows: [{ diploma: { ...fields, issuer: issuerCode, classification: 'Giỏi' } }],
    decision: 'QĐ 9',
  })
  await approve(corrected.correctionId!)
  expect((await ask(actor)).body.code).toBe('diploma.ended.conflict')
  // The list is served anew within a second.
  await new Promise(next => setTimeout(next, 1100))
  const report = await world.verifier.verifySdJwt({ text: given })
  expect([report.verdict, report.checks.find(check => check.name === 'status')!.code]).toEqual(['invalid', 'status.revoked'])
  // The new one is theirs too.
  const [now] = await diplomasOfHolder(db.pool, actor.personIndex!)
  expect(now!.classification).toBe('Giỏi')
  expect((await ask(actor, wallet(), now!.ref.toString('base64url'))).status).toBe(201)

  const end = { maker, agency: 'G09' as AgencyCode, refs: [now!.ref], reasonCode: 'QUYET_DINH' as const, decision: 'QĐ 10', reason: '' }
  await approve(await requestDiplomaEnds(world.installation, end))
  expect((await ask(actor, wallet(), now!.ref.toString('base64url'))).body.code).toBe('diploma.ended.conflict')
})
