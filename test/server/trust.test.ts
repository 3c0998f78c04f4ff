import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import supertest from 'supertest'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { formatVerifierKey, makeVerifierKey } from '../../core/log/verifierKey.ts'
import { openRoots } from '../../core/trust/rootDocument.ts'
import { openTrustIndex } from '../../core/trust/trustIndex.ts'
import { findKey, maySign } from '../../core/trust/trustList.ts'
import { openTrustSlice } from '../../core/trust/trustSlice.ts'
import { endAgency } from '../../server/agencies/agenciesTable.ts'
import { loadAgencyTree } from '../../server/agencies/agencyTree.ts'
import { createPool } from '../../server/db/pool.ts'
import { inTransaction } from '../../server/db/transaction.ts'
import { jwtVcIssuerRoutes } from '../../server/http/routes/jwtVcIssuer.ts'
import { trustRoutes } from '../../server/http/routes/trust.ts'
import { certificateNames } from '../../server/keys/certificateNames.ts'
import { createKey } from '../../server/keys/createKey.ts'
import { verifyEndorsement } from '../../server/keys/endorsement.ts'
import { keyStore } from '../../server/keys/keyStore.ts'
import { readKeys } from '../../server/keys/keysTable.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'
import { retireKey } from '../../server/keys/retireKey.ts'
import { signerPool } from '../../server/keys/signerPool.ts'
import { newestEntries } from '../../server/log/readEntries.ts'
import { reserveStatusIndices } from '../../server/status-lists/reserveStatusIndices.ts'
import { statusListTokens } from '../../server/status-lists/statusListTokens.ts'
import {
  createDemonstrationTrust,
  type DemonstrationTrustDeps,
  republishDemonstrationTrust,
} from '../../server/trust/demonstrationTrust.ts'
import { publishTrust } from '../../server/trust/publishTrust.ts'
import { servedTrust } from '../../server/trust/servedTrust.ts'
import { readPublishedFacts, trustChanges } from '../../server/trust/trustChanges.ts'
import { readTrustFacts } from '../../server/trust/trustFacts.ts'
import { trustFindings } from '../../server/trust/trustFindings.ts'
import { createTrustOffice, type Officer, openTrustOffice, rotateRoot } from '../../server/trust/trustOffice.ts'
import { readLastPublication } from '../../server/trust/trustTable.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry } from '../support/ministry.ts'

const db = useDatabase()
const home = mkdtempSync(join(tmpdir(), 'antin-trust-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const publicUrl = 'https://the.example'
const office = join(home, 'trust-office')
let now = Math.floor(Date.now() / 1000)
let deps: DemonstrationTrustDeps
let pin: string
let tree: Awaited<ReturnType<typeof loadAgencyTree>>

const http = () => {
  const app = express().disable('etag')
  app.use(trustRoutes(db), jwtVcIssuerRoutes({ pool: db.pool, tree, publicUrl, clock: () => now }))
  app.use(((error, _req, res, _next) => {
    res.status(404).json({ code: error instanceof AppError ? error.code : String(error) })
  }) as express.ErrorRequestHandler)
  return supertest(app)
}
const fetchText = async (path: string): Promise<string> => {
  const response = await http()
    .get(path)
    .buffer(true)
    .parse((res, done) => {
      let text = ''
      res.on('data', chunk => (text += chunk)).on('end', () => done(null, text))
    })
  expect([path, response.status]).toEqual([path, 200])
  return response.body as string
}
const fetchRoot = async (epochs: number) =>
  openRoots(await Promise.all(Array.from({ length: epochs }, (_, i) => fetchText(`/.well-known/antin/root/${i + 1}`))), pin, nodeCrypto)

beforeAll(async () => {
  await makeMinistry(db.pool, 3)
  await db.pool.query(`insert into agencies (code, name_vi, valid_from) values ('G12', 'Bộ Kế hoạch', '2020-01-01'), ('G12.01', 'Vụ cũ', '2020-01-01'),
    ('G20', 'Bộ mới', '2020-01-01')`)
  await db.pool.query("insert into agency_parents (code, parent_code, valid_from) values ('G12.01', 'G12', '2020-01-01')")
  await inTransaction(db.pool, tx => endAgency(tx, 'G12' as AgencyCode, new Date((now - 1000) * 1000), 'G20' as AgencyCode))
  const logKey = await makeVerifierKey('the.example/log', 'note', new Uint8Array(32).fill(9), nodeCrypto)
  const logs = [{ origin: 'the.example/log', vkey: formatVerifierKey(logKey), url: `${publicUrl}/log`, from: now - 5000 }]
  deps = {
    pool: db.pool,
    store: keyStore({ dir: join(home, 'keys'), passphrase: 'p' }),
    home,
    publicUrl,
    network: () => ({ logs, anchors: [], witnesses: [], quorum: 0 }),
    clock: () => now,
    agencies: [
      { code: 'G09' as AgencyCode },
      { code: 'G12' as AgencyCode, uses: ['card'] },
      { code: 'G20' as AgencyCode, uses: ['card', 'status'] },
    ],
  }
  tree = await loadAgencyTree(db.pool)
})

test('the demonstration sets up root, trust keys, agency keys and a publication, once', async () => {
  const first = await createDemonstrationTrust(deps)
  pin = first.pin
  expect(first).toMatchObject({ epoch: 1, seq: 1 })
  const keys = await readKeys(db.pool)
  expect(keys.map(key => `${key.agency} ${key.use}`).sort()).toEqual(
    ['G09 card', 'G09 diploma', 'G09 document', 'G09 status', 'G12 card', 'G20 card', 'G20 status'].sort(),
  )
  expect(await createDemonstrationTrust(deps)).toEqual(first)
  expect(await readKeys(db.pool)).toEqual(keys)
  const entries = await newestEntries(db.pool, 100)
  expect(entries.filter(({ entry }) => entry?.type === 'key.added')).toHaveLength(7)
  expect(entries[0]!.entry).toMatchObject({ type: 'trust.published', epoch: 1, seq: 1 })
})

test('it is signed anew after 12 hours, or when anything changed, under the next seq', async () => {
  const republished = async (changes: Partial<DemonstrationTrustDeps> = {}) => {
    await republishDemonstrationTrust({ ...deps, ...changes })
    const { epoch, seq } = (await readLastPublication(db.pool))!
    return { epoch, seq }
  }
  now += 11 * 3600
  expect(await republished()).toEqual({ epoch: 1, seq: 1 })
  now += 3600
  expect(await republished()).toEqual({ epoch: 1, seq: 2 })
  expect(
    await republished({
      network: async () => ({
        ...(await deps.network()),
        quorum: 0,
        witnesses: [],
        anchors: [{ chainId: 31337, address: `0x${'a'.repeat(40)}`, codeHash: `0x${'b'.repeat(64)}`, deployBlock: 1, fromSize: 0 }],
      }),
    }),
  ).toEqual({ epoch: 1, seq: 3 })
  expect(await republished()).toEqual({ epoch: 1, seq: 4 })
})

test('what is served verifies under the pin: root, slice, index, and the index names the slices', async () => {
  const root = await fetchRoot(1)
  expect(await fetchText('/.well-known/antin/root')).toBe(await fetchText('/.well-known/antin/root/1'))
  const index = await openTrustIndex(await fetchText('/.well-known/antin/trust-list'), root, nodeCrypto)
  const slice = await openTrustSlice(await fetchText('/.well-known/antin/trust/G09.01'), root, nodeCrypto)
  expect(index).toMatchObject({ epoch: 1, seq: 4, iat: now, exp: now + 7 * 86_400, quorum: 0 })
  expect(slice).toMatchObject({ epoch: 1, seq: 4, iat: now, exp: now + 7 * 86_400 })
  expect(index.slices.get('G09.01')).toBe(slice.digest)
  expect([...index.slices.keys()].sort()).toEqual(['G09', 'G09.01', 'G09.02', 'G09.03', 'G12', 'G12.01', 'G20'])
  await expect(openRoots([await fetchText('/.well-known/antin/root/1')], '0'.repeat(64), nodeCrypto)).rejects.toThrow('trust.root-unpinned')
})

test('a slice is closed under parents and successors, and small', async () => {
  const root = await fetchRoot(1)
  const text = await fetchText('/.well-known/antin/trust/G12.01')
  const slice = await openTrustSlice(text, root, nodeCrypto)
  expect([...slice.agencies.keys()]).toEqual(['G12.01', 'G12', 'G20'])
  expect(maySign(slice, 'G12', 'G12.01', now)).toBe(true)
  expect(maySign(slice, 'G20', 'G12', now)).toBe(true)
  expect(maySign(slice, 'G20', 'G12.01', now)).toBe(false)
  expect(text.length).toBeLessThan(8000)
  expect((await fetchText('/.well-known/antin/trust/G09.01')).length).toBeLessThan(8000)
})

test('headers: content type, ETag and 304, any origin, short-lived lists, immutable roots; unknown is 404', async () => {
  const list = await http().get('/.well-known/antin/trust-list')
  expect(list.headers).toMatchObject({
    'content-type': 'application/trust-list+jwt',
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
  })
  await http().get('/.well-known/antin/trust-list').set('If-None-Match', list.headers.etag!).expect(304)
  const root = await http().get('/.well-known/antin/root/1')
  expect(root.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  for (const path of ['root/2', 'root/0', 'root/x', 'trust/G99', 'endorsements/00', `endorsements/${'0'.repeat(64)}`])
    await http().get(`/.well-known/antin/${path}`).expect(404)
})

test('agency keys have X.509 certificates whose URI is the issuer, and are in the SD-JWT VC issuer metadata', async () => {
  const authority = new X509Certificate(await fetchText('/.well-known/antin/agency-ca'))
  const [card] = await readKeys(db.pool, { agency: 'G09', use: 'card' })
  const leaf = new X509Certificate(Buffer.from(card!.x5c[0]!, 'base64'))
  expect(leaf.subjectAltName).toBe('URI:https://the.example/agencies/G09')
  expect(certificateNames(card!.x5c[0]!, 'https://the.example/agencies/G09')).toBe(true)
  expect(certificateNames(card!.x5c[0]!, 'https://the.example/agencies/G0')).toBe(false)
  expect(leaf.verify(authority.publicKey) && leaf.checkIssued(authority)).toBe(true)
  expect(leaf.publicKey.export({ format: 'jwk' })).toMatchObject({ x: (card!.jwk as { x: string }).x })
  const metadata = JSON.parse(await fetchText('/.well-known/jwt-vc-issuer/agencies/G09'))
  expect(metadata.issuer).toBe('https://the.example/agencies/G09')
  expect(metadata.jwks.keys.map((key: { kid: string }) => key.kid)).toContain(card!.kid.toString('base64url'))
  // An agency without keys has those of the agency above it sign, and a wallet finds them under the issuer's own name.
  const below = JSON.parse(await fetchText('/.well-known/jwt-vc-issuer/agencies/G09.01'))
  expect(below).toEqual({ issuer: 'https://the.example/agencies/G09.01', jwks: metadata.jwks })
  await http().get('/.well-known/jwt-vc-issuer/agencies/G55').expect(404)
  const type = JSON.parse(await fetchText('/vct/civil-servant-card/1'))
  expect(type.vct).toBe('https://the.example/vct/civil-servant-card/1')
  await http().get('/vct/other/1').expect(404)
})

test('an endorsement by the state certificate is fetched by the digest in the slice and verifies with node:crypto', async () => {
  const slice = await openTrustSlice(await fetchText('/.well-known/antin/trust/G09'), await fetchRoot(1), nodeCrypto)
  const key = slice.agencies.get('G09')!.keys.find(({ use }) => use === 'card')!
  const jws = await fetchText(`/.well-known/antin/endorsements/${Buffer.from(key.endorsement!, 'base64url').toString('hex')}`)
  const { openStateCa } = await import('../../server/keys/demonstrationStateCa.ts')
  const root = new X509Certificate((await openStateCa(join(home, 'demonstration'), 'mau')).certificate)
  const claims = verifyEndorsement(jws, [root], now)
  expect(claims).toMatchObject({
    use: 'card',
    code: 'G09',
    notBefore: key.notBefore,
    notAfter: key.notAfter,
    thumbprint: Buffer.from(key.thumbprint).toString('base64url'),
  })
  const stranger = new X509Certificate((await openStateCa(join(home, 'stranger'), 'x')).certificate)
  expect(() => verifyEndorsement(jws, [stranger], now)).toThrow('key.endorsement')
  expect(() => verifyEndorsement(jws, [root], now + 20 * 365 * 86_400)).toThrow('key.endorsement')
  const [header, payload, signature] = jws.split('.') as [string, string, string]
  const other = Buffer.from(payload, 'base64url').toString().replace('"use":"card"', '"use":"status"')
  expect(() => verifyEndorsement(`${header}.${Buffer.from(other).toString('base64url')}.${signature}`, [root], now)).toThrow(
    'key.endorsement',
  )
  const document = slice.agencies.get('G09')!.keys.find(({ use }) => use === 'document')!
  expect(document.jwk.kty).toBe('RSA')
  expect(new X509Certificate(Buffer.from(document.x5c![0]!, 'base64')).verify(root.publicKey)).toBe(true)
})

test('signerFor: own key, else the nearest above, else the successor; only once published and served for the waiting time', async () => {
  const tree = await loadAgencyTree(db.pool)
  const pool = (waitSeconds: number) => signerPool({ pool: db.pool, store: deps.store, tree, waitSeconds })
  const signers = pool(0)
  expect((await signers.signerFor('G09.01' as AgencyCode, 'card', now)).agency).toBe('G09')
  expect((await signers.signerFor('G12' as AgencyCode, 'status', now)).agency).toBe('G20')
  await expect(signers.signerFor('G20' as AgencyCode, 'diploma', now)).rejects.toThrow('key.none')
  await expect(signers.signerFor('G12.01' as AgencyCode, 'card', now)).rejects.toThrow('key.none') // G12 has ended; its successor is not above G12.01
  const own = await createKey(deps, { agency: 'G09.01' as AgencyCode, use: 'card', notAfter: now + 86_400 * 365 }, 'system')
  expect((await pool(0).signerFor('G09.01' as AgencyCode, 'card', now)).agency).toBe('G09')
  await republishDemonstrationTrust(deps)
  expect((await pool(0).signerFor('G09.01' as AgencyCode, 'card', now)).kid).toEqual(Uint8Array.from(own.kid))
  expect((await pool(86_400).signerFor('G09.01' as AgencyCode, 'card', now + 86_399)).agency).toBe('G09')
  expect((await pool(86_400).signerFor('G09.01' as AgencyCode, 'card', now + 86_400)).agency).toBe('G09.01')
  const slice = await openTrustSlice(await fetchText('/.well-known/antin/trust/G09.01'), await fetchRoot(1), nodeCrypto)
  expect(findKey(slice, own.kid)?.agency.code).toBe('G09.01')
  const document = await signers.documentSigner('G09.02' as AgencyCode, now)
  expect(document).toMatchObject({ agency: 'G09', algorithm: 'RS256' })
  expect(document.certificates.length).toBeGreaterThan(0)
})

const people = (names: string[]): Officer[] => names.map(name => ({ name, passphrase: `khẩu lệnh của ${name}` }))

test('the trust key opens to two people together and to nobody else', async () => {
  const dir = join(home, 'office-2')
  await createTrustOffice(dir, people(['an', 'binh', 'chi']), { threshold: 2, years: 2, at: now }, 'CA')
  const [an, binh, chi] = people(['an', 'binh', 'chi']) as [Officer, Officer, Officer]
  for (const pair of [
    [an, binh],
    [chi, an],
    [binh, chi],
  ])
    expect((await openTrustOffice(dir, pair)).epoch).toBe(1)
  await expect(openTrustOffice(dir, [an])).rejects.toThrow('trust.two-people')
  await expect(openTrustOffice(dir, [an, an])).rejects.toThrow('trust.two-people')
  await expect(openTrustOffice(dir, [an, { ...binh, passphrase: an.passphrase }])).rejects.toThrow('trust.office')
  await expect(openTrustOffice(dir, [an, { ...an, name: 'dung' }])).rejects.toThrow('trust.office')
  await expect(openTrustOffice(join(home, 'none'), [an, binh])).rejects.toThrow('trust.office')
  await expect(createTrustOffice(dir, [an, binh], { threshold: 2, years: 2, at: now }, 'CA')).rejects.toThrow('trust.office')
  await expect(createTrustOffice(`${dir}x`, [an], { threshold: 1, years: 2, at: now }, 'CA')).rejects.toThrow('trust.office')
  for (const file of readdirSync(dir).filter(name => name.endsWith('.p8')))
    expect(readFileSync(join(dir, file), 'utf8')).toContain('ENCRYPTED')
})

test('rotation of the root, rehearsed: old threshold and new threshold sign; new people and keys take over; the old ones sign no more', async () => {
  const officers = JSON.parse(readFileSync(join(home, 'demonstration', 'trust-officers.json'), 'utf8')) as Officer[]
  const [an, binh, chi] = officers as [Officer, Officer, Officer]
  const dung = { name: 'dung', passphrase: 'mới' }
  const before = await openTrustOffice(office, [an, binh])
  await expect(rotateRoot(office, [an], [an, binh, dung], { threshold: 2, years: 2, at: now })).rejects.toThrow('trust.two-people')
  await expect(rotateRoot(office, [an, { ...chi, passphrase: 'sai' }], [an, dung], { threshold: 2, years: 2, at: now })).rejects.toThrow(
    'trust.office',
  )
  await rotateRoot(office, [an, chi], [an, binh, dung], { threshold: 2, years: 2, at: now })
  const after = await openTrustOffice(office, [an, dung])
  expect(after.epoch).toBe(2)
  expect(after.pin).toBe(pin)
  await expect(openTrustOffice(office, [an, chi])).rejects.toThrow('trust.office')

  const seqBefore = (await openTrustIndex(await fetchText('/.well-known/antin/trust-list'), await fetchRoot(1), nodeCrypto)).seq
  const published = await publishTrust({ ...deps, office: after })
  expect(published).toEqual({ epoch: 2, seq: seqBefore + 1 })
  const root = await fetchRoot(2)
  expect(root.epoch).toBe(2)
  const slice = await openTrustSlice(await fetchText('/.well-known/antin/trust/G09'), root, nodeCrypto)
  expect(slice.epoch).toBe(2)
  // The office of the old epoch, kept by someone, can publish nothing any more.
  await expect(publishTrust({ ...deps, office: before })).rejects.toThrow('trust.office')
  // A root that the old threshold did not sign is refused by verifiers.
  const strange = join(home, 'strange')
  await createTrustOffice(strange, people(['x', 'y']), { threshold: 2, years: 2, at: now }, 'CA')
  await rotateRoot(strange, people(['x', 'y']), people(['x', 'y']), { threshold: 2, years: 2, at: now })
  const roots = [await fetchText('/.well-known/antin/root/1'), readFileSync(join(strange, 'roots', '2.json'), 'utf8')]
  await expect(openRoots(roots, pin, nodeCrypto)).rejects.toThrow('trust.root-skipped-threshold')
})

test('a rotation that was cut off before its end changes nothing and can be done again', async () => {
  const dir = join(home, 'office-3')
  const two = people(['an', 'binh'])
  await createTrustOffice(dir, two, { threshold: 2, years: 2, at: now }, 'CA')
  const office3 = readFileSync(join(dir, 'office.json'), 'utf8')
  await rotateRoot(dir, two, two, { threshold: 2, years: 2, at: now })
  // As if the machine had stopped just before the last write.
  const { writeFileSync } = await import('node:fs')
  writeFileSync(join(dir, 'office.json'), office3)
  expect((await openTrustOffice(dir, two)).epoch).toBe(1)
  await rotateRoot(dir, two, two, { threshold: 2, years: 2, at: now })
  expect((await openTrustOffice(dir, two)).epoch).toBe(2)
})

test('(epoch, seq) goes on from what the office signed, also over a database put back from a backup', async () => {
  const officers = JSON.parse(readFileSync(join(home, 'demonstration', 'trust-officers.json'), 'utf8')) as Officer[]
  const opened = await openTrustOffice(office, officers.slice(0, 2))
  await opened.markUsed(2, 500)
  expect(await publishTrust({ ...deps, office: await openTrustOffice(office, officers.slice(0, 2)) })).toEqual({ epoch: 2, seq: 501 })
})

test('while the database is away trust documents are served from memory', async () => {
  const pool = createPool(db.url)
  const trust = servedTrust(pool)
  const before = await trust.read('trust/G09')
  await pool.end()
  expect(await trust.read('trust/G09')).toBe(before)
  await expect(trust.read('trust/G20')).rejects.toThrow()
})

test('an operator is told what needs doing before verdicts turn amber', async () => {
  const names = async (at: number) => (await trustFindings(db.pool, at)).map(({ name, level }) => `${level} ${name}`)
  expect(await names(now)).toEqual([])
  const late = await createKey(deps, { agency: 'G09.03' as AgencyCode, use: 'card', notAfter: now + 86_400 * 365 }, 'system')
  expect(await names(now)).toEqual(['warning keys'])
  await retireKey(deps, late.kid, 'system')
  expect(await trustFindings(db.pool, now + 2 * 86_400)).toMatchObject([{ name: 'trust-list', amberInSeconds: 5 * 86_400 }])
  expect(await names(now + 8 * 86_400)).toEqual(['fault trust-list'])
  // Two years on: the root and the keys end, and nobody has published since.
  expect(await names(now + 730 * 86_400)).toContain('warning root')
  expect(await names(now + 740 * 86_400)).toContain('fault root')
  expect(await names(now + 6 * 366 * 86_400)).toContain('fault keys')
  const [list] = await reserveStatusIndices(db.pool, 'G09', 1)
  expect(await names(now)).toEqual(['fault status-lists'])
  const signers = signerPool({ pool: db.pool, store: deps.store, tree: await loadAgencyTree(db.pool), waitSeconds: 0 })
  await statusListTokens({ pool: db.pool, signers, publicUrl, clock: () => now }).tokenOf(list!.list)
  expect(await names(now)).toEqual([])
})

test('a list whose agency has no key is unavailable, which is no verdict', async () => {
  const [list] = await reserveStatusIndices(db.pool, 'G12.01', 1)
  const signers = signerPool({ pool: db.pool, store: deps.store, tree: await loadAgencyTree(db.pool), waitSeconds: 0 })
  await expect(statusListTokens({ pool: db.pool, signers, publicUrl, clock: () => now }).tokenOf(list!.list)).rejects.toThrow(
    'status-list.unavailable',
  )
})

test('an office with another root cannot publish over one that verifiers have pinned', async () => {
  const dir = join(home, 'office-4')
  const two = people(['an', 'binh'])
  await createTrustOffice(dir, two, { threshold: 2, years: 2, at: now }, 'CA')
  await rotateRoot(dir, two, two, { threshold: 2, years: 2, at: now })
  await expect(publishTrust({ ...deps, office: await openTrustOffice(dir, two) })).rejects.toThrow('trust.office')
})

test('what two people agreed to is published, also when more has changed meanwhile', async () => {
  const officers = JSON.parse(readFileSync(join(home, 'demonstration', 'trust-officers.json'), 'utf8')) as Officer[]
  const opened = await openTrustOffice(office, officers.slice(0, 2))
  const facts = { agencies: await readTrustFacts(db.pool, publicUrl), network: await deps.network() }
  const late = await createKey(deps, { agency: 'G09.02' as AgencyCode, use: 'card', notAfter: now + 86_400 * 365 }, 'system')
  await publishTrust({ ...deps, office: opened }, { facts })
  const slice = await openTrustSlice(await fetchText('/.well-known/antin/trust/G09.02'), await fetchRoot(2), nodeCrypto)
  expect(findKey(slice, late.kid)).toBeUndefined()
  expect((await readKeys(db.pool, { agency: 'G09.02' }))[0]!.servedAt).toBeNull()
  const after = { agencies: await readTrustFacts(db.pool, publicUrl), network: { ...facts.network, quorum: 1 } }
  expect(trustChanges(await readPublishedFacts(db.pool), after).map(({ how, what }) => `${how} ${what}`)).toEqual([
    'new key',
    'changed quorum',
  ])
})

test('two publications at once get two numbers, and what is served is of one publication', async () => {
  const officers = JSON.parse(readFileSync(join(home, 'demonstration', 'trust-officers.json'), 'utf8')) as Officer[]
  const opened = await openTrustOffice(office, officers.slice(0, 2))
  const results = await Promise.all([1, 2, 3].map(() => publishTrust({ ...deps, office: opened })))
  expect(new Set(results.map(({ seq }) => seq)).size).toBe(3)
  const root = await fetchRoot(2)
  const index = await openTrustIndex(await fetchText('/.well-known/antin/trust-list'), root, nodeCrypto)
  expect(index.seq).toBe(Math.max(...results.map(({ seq }) => seq)))
  for (const [code, digest] of index.slices)
    expect((await openTrustSlice(await fetchText(`/.well-known/antin/trust/${code}`), root, nodeCrypto)).digest).toBe(digest)
})
