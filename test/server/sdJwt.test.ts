import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import { SignJWT } from 'jose'
import supertest from 'supertest'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { parseSdJwt } from '../../core/sd-jwt/parse.ts'
import { presentSdJwt } from '../../core/sd-jwt/present.ts'
import { verifySdJwt } from '../../core/sd-jwt/verify.ts'
import { getStatus } from '../../core/status-list/statusList.ts'
import { parseStatusListToken } from '../../core/status-list/statusListToken.ts'
import { loadAgencyTree } from '../../server/agencies/agencyTree.ts'
import { cardsOfOfficer } from '../../server/cards/cardsTable.ts'
import { suspendCards } from '../../server/cards/changeStatus.ts'
import { issueCards } from '../../server/cards/issueCards.ts'
import type { IssueDeps } from '../../server/cards/prepareCards.ts'
import { requestCards } from '../../server/cards/requestCards.ts'
import { sdJwtRoutes } from '../../server/http/routes/sdJwt.ts'
import { signEs256 } from '../../server/keys/es256.ts'
import { keyStore } from '../../server/keys/keyStore.ts'
import { readKeys } from '../../server/keys/keysTable.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'
import { signerPool } from '../../server/keys/signerPool.ts'
import { newestEntries } from '../../server/log/readEntries.ts'
import { approveRequest } from '../../server/requests/decideRequest.ts'
import { pendingDigest } from '../../server/requests/requestsTable.ts'
import type { Actor } from '../../server/staff/actor.ts'
import { statusListTokens } from '../../server/status-lists/statusListTokens.ts'
import { createDemonstrationTrust } from '../../server/trust/demonstrationTrust.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry, makeOfficers } from '../support/ministry.ts'
import { testCipher } from '../support/testCipher.ts'

const db = useDatabase()
const home = mkdtempSync(join(tmpdir(), 'antin-sdjwt-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const publicUrl = 'https://the.example'
const cipher = testCipher()
const agency = 'G09' as AgencyCode
const clock = () => Math.floor(Date.now() / 1000)
let deps: IssueDeps
let officerId: string
let serial: string
let tree: Awaited<ReturnType<typeof loadAgencyTree>>

const wallet = (): { key: KeyObject; jwk: P256Jwk } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  return { key: privateKey, jwk: { kty: 'EC', crv: 'P-256', x: x!, y: y! } }
}
const proofOf = ({ key, jwk }: ReturnType<typeof wallet>, changes: { typ?: string; aud?: string; iat?: number } = {}) =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', typ: changes.typ ?? 'openid4vci-proof+jwt', jwk: { ...jwk } })
    .setAudience(changes.aud ?? publicUrl)
    .setIssuedAt(changes.iat ?? clock())
    .sign(key)
const holder = (id: string | undefined): Actor => ({
  kind: 'person',
  sub: 'holder',
  name: 'Người giữ thẻ',
  roles: new Set(['holder']),
  scopes: new Set(),
  agency: 'G09.01' as AgencyCode,
  ...(id === undefined ? {} : { officerId: id }),
})
const http = (actor: Actor | null) => {
  const app = express()
  app.use((req, _res, next) => {
    req.actor = actor
    next()
  })
  app.use(express.json(), sdJwtRoutes({ ...deps, publicUrl, agencies: tree }))
  app.use(((error, _req, res, _next) => {
    res.status(error instanceof AppError ? 400 : 500).json({ code: error instanceof AppError ? error.code : String(error) })
  }) as express.ErrorRequestHandler)
  return supertest(app)
}

beforeAll(async () => {
  await makeMinistry(db.pool)
  const store = keyStore({ dir: join(home, 'keys'), passphrase: 'p' })
  const network = () => ({ logs: [], anchors: [], witnesses: [], quorum: 0 })
  await createDemonstrationTrust({
    pool: db.pool,
    store,
    home,
    publicUrl,
    network,
    clock,
    agencies: [{ code: agency, uses: ['card', 'status'] }],
  })
  tree = await loadAgencyTree(db.pool)
  const signers = signerPool({ pool: db.pool, store, tree, waitSeconds: 0 })
  deps = { pool: db.pool, cipher, signers, origin: publicUrl, clock, termYears: 5, isRestricted: () => false }
  officerId = (await makeOfficers(db.pool, cipher, 1))[0]!
  const { requestId } = await requestCards(deps, { maker: { sub: 'maker', name: 'Lập' }, agency, officerIds: [officerId] })
  const actor: Actor = { kind: 'person', sub: 'approver', name: 'Duyệt', roles: new Set(['approver']), scopes: new Set(), agency }
  await approveRequest(deps, { actor, id: requestId!, claimsDigest: await pendingDigest(db.pool, requestId!), selection: 'all' })
  await issueCards(deps, requestId!)
  serial = (await cardsOfOfficer(db.pool, officerId))[0]!.serial
})

test('a holder gets an SD-JWT VC of their own card, bound to the wallet’s key, with an entry in the log', async () => {
  const mine = wallet()
  const response = await http(holder(officerId))
    .post('/api/own-card/sd-jwt')
    .send({ proof: await proofOf(mine) })
  expect([response.status, response.headers['cache-control']]).toEqual([201, 'no-store'])
  const { credential } = response.body as { credential: string }
  const parsed = parseSdJwt(credential)
  const [card] = await cardsOfOfficer(db.pool, officerId)
  const { payload } = parsed.jwt
  const header = JSON.parse(Buffer.from(credential.split('.')[0]!, 'base64url').toString()) as { kid: string; x5c: string[]; typ: string }
  expect(payload).toMatchObject({
    iss: `${publicUrl}/agencies/G09`,
    vct: `${publicUrl}/vct/civil-servant-card/1`,
    agency_code: 'G09',
    cnf: { jwk: mine.jwk },
    status: { status_list: { idx: card!.idx, uri: `${publicUrl}/status-lists/${card!.list}` } },
  })
  expect(header.typ).toBe('dc+sd-jwt')
  // The leaf's URI equals iss, and its key is the one that signed.
  const leaf = new X509Certificate(Buffer.from(header.x5c[0]!, 'base64'))
  expect(leaf.subjectAltName).toBe(`URI:${payload.iss}`)
  const [key] = await readKeys(db.pool, { agency: 'G09', use: 'card' })
  expect(header.kid).toBe(encodeBase64url(key!.kid))
  expect(leaf.publicKey.export({ format: 'jwk' })).toMatchObject({ x: (key!.jwk as P256Jwk).x })

  const presented = await presentSdJwt(credential, ['serial', 'full_name'], {
    aud: 'cổng',
    nonce: 'n',
    iat: clock(),
    sign: bytes => signEs256(mine.key, bytes),
    crypto: nodeCrypto,
  })
  const verdict = await verifySdJwt(parseSdJwt(presented), {
    key: key!.jwk as P256Jwk,
    now: clock(),
    binding: { aud: 'cổng', nonce: 'n' },
    crypto: nodeCrypto,
  })
  expect(verdict).toMatchObject({ verified: true, holderBound: true, claims: { serial } })
  expect(JSON.stringify(verdict)).not.toContain('birth_date')

  const [newest] = await newestEntries(db.pool, 1)
  expect(newest!.entry).toMatchObject({ type: 'sd-jwt.issued', agency: 'G09', ref: encodeBase64url(card!.ref), kid: header.kid })
  const signedPayload = Buffer.from(credential.split('.')[1]!, 'base64url')
  expect((newest!.entry as { digest: string }).digest).toBe(encodeBase64url(nodeCrypto.sha256(signedPayload)))
  // Nothing personal in the entry, and nothing that links two wallet credentials but the card's ref.
  expect(Buffer.from(newest!.bytes).toString()).not.toContain('Nguyễn')
})

test('a proof of possession for another audience, of another type, too old, or by another key is refused', async () => {
  const mine = wallet()
  const send = async (proof: string) => (await http(holder(officerId)).post('/api/own-card/sd-jwt').send({ proof })).body.code
  expect(await send(await proofOf(mine, { aud: 'https://other.example' }))).toBe('sd-jwt.holder-key')
  expect(await send(await proofOf(mine, { typ: 'JWT' }))).toBe('sd-jwt.holder-key')
  expect(await send(await proofOf(mine, { iat: clock() - 3600 }))).toBe('sd-jwt.holder-key')
  expect(await send(await proofOf({ key: wallet().key, jwk: mine.jwk }))).toBe('sd-jwt.holder-key')
  expect(await send('x.y.z')).toBe('sd-jwt.holder-key')
})

test('of a restricted agency the entry names neither agency nor key', async () => {
  deps = { ...deps, isRestricted: () => true }
  const response = await http(holder(officerId))
    .post('/api/own-card/sd-jwt')
    .send({ proof: await proofOf(wallet()) })
  deps = { ...deps, isRestricted: () => false }
  expect(response.status).toBe(201)
  const { rows } = await db.pool.query<{ entry: Buffer }>('select entry from log_entries order by leaf_index desc limit 1')
  expect(Object.keys(JSON.parse(rows[0]!.entry.toString()) as object).sort()).toEqual(['at', 'digest', 'ref', 'type', 'v'])
})

test('only the holder asks, for their own valid card; it shares the card’s status', async () => {
  const proof = await proofOf(wallet())
  expect((await http(null).post('/api/own-card/sd-jwt').send({ proof })).body.code).toBe('auth.required')
  const maker = { ...holder(officerId), roles: new Set(['maker'] as const) }
  expect((await http(maker).post('/api/own-card/sd-jwt').send({ proof })).body.code).toBe('auth.forbidden')
  expect((await http(holder(undefined)).post('/api/own-card/sd-jwt').send({ proof })).body.code).toBe('sd-jwt.no-card.not-found')

  const actor: Actor = { ...holder(undefined), roles: new Set(['maker']) }
  await suspendCards(deps, { serials: [serial], actor, agency, maker: actor, reasonCode: 'MAT_THE', reason: '' } as never)
  expect((await http(holder(officerId)).post('/api/own-card/sd-jwt').send({ proof })).body.code).toBe('sd-jwt.no-card.not-found')
  const [card] = await cardsOfOfficer(db.pool, officerId)
  const lists = statusListTokens({ pool: db.pool, signers: deps.signers, publicUrl, clock })
  const { bits } = await parseStatusListToken((await lists.tokenOf(card!.list)).token)
  expect(getStatus(bits, card!.idx)).toBe(2)
})
