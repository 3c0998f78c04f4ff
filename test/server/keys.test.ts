import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes, verify, X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { CardClaims } from '../../core/credential/card.ts'
import { refOf } from '../../core/credential/ref.ts'
import { parseSealed, seal } from '../../core/credential/sealed.ts'
import { decodeBase64url, encodeBase64url } from '../../core/encoding/base64url.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { makeCardSerial } from '../../core/identity/cardSerial.ts'
import { gatherEvidence } from '../../core/verification/gatherEvidence.ts'
import { verifyCard } from '../../core/verification/verifyCard.ts'
import { loadAgencyTree } from '../../server/agencies/agencyTree.ts'
import { readAudit } from '../../server/audit/auditTable.ts'
import { inTransaction } from '../../server/db/transaction.ts'
import { migrateJobs } from '../../server/jobs/worker.ts'
import { applyKeyChange } from '../../server/keys/applyKeyChange.ts'
import { certificateWindow } from '../../server/keys/certificateWindow.ts'
import { compromiseEffect, compromiseKey } from '../../server/keys/compromiseKey.ts'
import { createKey, importPkcs12Key } from '../../server/keys/createKey.ts'
import { honestLogState } from '../../server/keys/honestLogState.ts'
import { type KeyChangeDeps, requestKeyChange } from '../../server/keys/keyChanges.ts'
import { keyStore } from '../../server/keys/keyStore.ts'
import { type KeyRow, readKeys } from '../../server/keys/keysTable.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'
import { retireKey } from '../../server/keys/retireKey.ts'
import { type SignerPool, signerPool } from '../../server/keys/signerPool.ts'
import { appendEntries } from '../../server/log/appendEntries.ts'
import { readHead } from '../../server/log/logTable.ts'
import { proofFor } from '../../server/log/proofFor.ts'
import { newestEntries } from '../../server/log/readEntries.ts'
import { approveRequest } from '../../server/requests/decideRequest.ts'
import { pendingDigest, requestById } from '../../server/requests/requestsTable.ts'
import type { Actor } from '../../server/staff/actor.ts'
import { reserveStatusIndices } from '../../server/status-lists/reserveStatusIndices.ts'
import { setStatuses } from '../../server/status-lists/setStatuses.ts'
import { statusListTokens } from '../../server/status-lists/statusListTokens.ts'
import {
  createDemonstrationTrust,
  type DemonstrationTrustDeps,
  republishDemonstrationTrust,
} from '../../server/trust/demonstrationTrust.ts'
import { servedTrust } from '../../server/trust/servedTrust.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry } from '../support/ministry.ts'
import { testCipher } from '../support/testCipher.ts'

const db = useDatabase()
const home = mkdtempSync(join(tmpdir(), 'antin-keys-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const publicUrl = 'https://the.example'
const logOrigin = 'the.example/log'
const g09 = 'G09' as AgencyCode
const day = 86_400
let now = Math.floor(Date.now() / 1000)
let deps: DemonstrationTrustDeps
let signers: SignerPool
let pin: string
let sequence = 0

beforeAll(async () => {
  await makeMinistry(db.pool, 2)
  await migrateJobs(db.pool)
  deps = {
    pool: db.pool,
    store: keyStore({ dir: join(home, 'keys', 'agencies'), passphrase: 'p' }),
    home,
    publicUrl,
    network: () => ({ logs: [], anchors: [], witnesses: [], quorum: 0 }),
    clock: () => now,
    agencies: [{ code: g09, uses: ['card', 'diploma', 'status'] }],
  }
  pin = (await createDemonstrationTrust(deps)).pin
  // A production installation waits; the first keys have waited already.
  now += 2 * day
  await republishDemonstrationTrust(deps)
  await seeChanges()
})

async function seeChanges(): Promise<void> {
  signers = signerPool({ pool: db.pool, store: deps.store, tree: await loadAgencyTree(db.pool), waitSeconds: day })
}

/** Issues a card of G09 as the issuing job does: index, signature, then entry and status bit in one transaction. */
async function issueCard(): Promise<{ sealed: Uint8Array; kid: string }> {
  const signer = await signers.signerFor('G09.01' as AgencyCode, 'card', now)
  const [status] = await reserveStatusIndices(db.pool, signer.agency, 1)
  const claims: CardClaims = {
    iss: signer.agency,
    iat: now,
    exp: now + 365 * day,
    cti: randomBytes(16),
    card: {
      serial: makeCardSerial(g09, 2026, ++sequence),
      fullName: 'Người Mẫu',
      position: 'Chuyên viên',
      usingAgency: 'G09.01' as AgencyCode,
      category: 1,
      status: status!,
    },
  }
  const sealed = await seal({ kid: signer.kid, claims, sign: signer.sign })
  await inTransaction(db.pool, async tx => {
    const drafts = await setStatuses(tx, [{ ...status!, status: 0 }])
    const ref = encodeBase64url(await refOf(claims.cti, nodeCrypto))
    const digest = encodeBase64url(nodeCrypto.sha256(parseSealed(sealed).payload))
    await appendEntries(tx, [{ type: 'card.issued', ref, digest, agency: claims.iss, kid: encodeBase64url(signer.kid) }, ...drafts])
  })
  return { sealed, kid: encodeBase64url(signer.kid) }
}

async function check(sealed: Uint8Array) {
  const trust = servedTrust(db.pool)
  const lists = statusListTokens({ pool: db.pool, signers, publicUrl, clock: () => now })
  const read = async (path: string): Promise<string | undefined> => {
    const url = new URL(path, publicUrl)
    if (url.pathname.startsWith('/.well-known/antin/')) return (await trust.read(url.pathname.slice('/.well-known/antin/'.length)))?.body
    if (url.pathname.startsWith('/status-lists/')) return (await lists.tokenOf(Number(url.pathname.slice('/status-lists/'.length)))).token
    const size = url.searchParams.get('size')
    const receipt = await proofFor({ pool: db.pool }, decodeBase64url(url.searchParams.get('ref')!), size ? Number(size) : undefined)
    return receipt ? JSON.stringify(receipt) : undefined
  }
  const fetchFile = async (path: string) => {
    const text = await read(path)
    return text === undefined ? { kind: 'absent' as const } : { kind: 'found' as const, bytes: Buffer.from(text), online: true }
  }
  const evidence = await gatherEvidence({ sealed }, { fetchFile }, { trustRoot: pin, policy: 'standard', now }, nodeCrypto)
  const report = await verifyCard({ sealed }, evidence, 'standard', now, nodeCrypto)
  const outcome = (name: string) => {
    const found = report.checks.find(one => one.name === name)!
    return `${found.outcome} ${found.code}`
  }
  return { verdict: report.verdict, issuer: outcome('issuer'), signature: outcome('signature'), status: outcome('status') }
}

const keyOf = async (use: string): Promise<KeyRow> => (await readKeys(db.pool, { agency: 'G09' })).findLast(key => key.use === use)!
const kidOf = async (use: string) => encodeBase64url((await keyOf(use)).kid)

test('rotation: at no step is a card refused, old or new, and the new key takes over by itself', async () => {
  const cards: { sealed: Uint8Array; kid: string }[] = []
  const step = async (): Promise<string> => {
    // A process sees within a second of real time what others changed; the time of this test jumps.
    await seeChanges()
    cards.push(await issueCard())
    for (const { sealed } of cards) expect((await check(sealed)).verdict).toBe('valid')
    return cards.at(-1)!.kid
  }
  const old = await kidOf('card')
  expect(await step()).toBe(old)
  const next = await createKey(deps, { agency: g09, use: 'card', notAfter: now + 365 * day }, 'system')
  const fresh = encodeBase64url(next.kid)
  now += 2 * day // made, but never published: it signs nothing, however long one waits
  expect(await step()).toBe(old)
  await republishDemonstrationTrust(deps)
  expect(await step()).toBe(old)
  now += day - 1
  await republishDemonstrationTrust(deps)
  expect(await step()).toBe(old)
  now += 1
  expect(await step()).toBe(fresh)
  await retireKey(deps, decodeBase64url(old), 'system')
  expect(await step()).toBe(fresh)
  await republishDemonstrationTrust(deps)
  now += 3600
  expect(await step()).toBe(fresh)
  expect(cards.map(card => card.kid)).toEqual([old, old, old, old, fresh, fresh, fresh])
})

test('a retired key signs no more; retirement leaves every process a minute to hear of it, and is said once', async () => {
  const key = await createKey(deps, { agency: g09, use: 'diploma', notAfter: now + 100 * day }, 'system')
  const retired = await retireKey(deps, key.kid, 'system', now - 5000)
  expect(retired.retiredAt).toBe(now + 60)
  await expect(retireKey(deps, key.kid, 'system')).rejects.toThrow('key.retired')
  await expect(retireKey(deps, randomBytes(8), 'system')).rejects.toThrow('key.not-found')
})

test('a status key is replaced the same way: the list is signed by the new key as soon as it may', async () => {
  const card = await issueCard()
  const { list } = (parseSealed(card.sealed).claims as CardClaims).card.status
  const lists = statusListTokens({ pool: db.pool, signers, publicUrl, clock: () => now })
  const before = (await lists.tokenOf(list)).kid
  const next = await createKey(deps, { agency: g09, use: 'status', notAfter: now + 365 * day }, 'system')
  await republishDemonstrationTrust(deps)
  expect((await lists.tokenOf(list)).kid).toEqual(before)
  now += day
  await republishDemonstrationTrust(deps)
  await new Promise(resolve => setTimeout(resolve, 600))
  expect((await lists.tokenOf(list)).kid).toEqual(next.kid)
  expect((await check(card.sealed)).verdict).toBe('valid')
})

test('compromise keeps what was logged before it, shown with its proof; what came later is undetermined; the key signs no more', async () => {
  const kept = await issueCard()
  const lastHonest = (await readHead(db.pool)).range.size
  const lost = await issueCard()
  const kid = decodeBase64url(kept.kid)
  const state = await honestLogState(db.pool, { origin: logOrigin, at: now, lastHonest: { logSize: lastHonest } })
  const entriesBefore = (await readHead(db.pool)).range.size
  await compromiseKey(deps, kid, state, { sub: 'admin', name: 'Quản trị' })
  const [{ entry } = { entry: null }] = await newestEntries(db.pool, 1)
  expect(entry).toMatchObject({
    type: 'key.compromised',
    kid: kept.kid,
    use: 'card',
    agency: 'G09',
    logSize: lastHonest,
    rootHash: state.rootHash,
  })
  expect((await readHead(db.pool)).range.size).toBe(entriesBefore + 1)

  now += 10
  await republishDemonstrationTrust(deps)
  expect(await check(kept.sealed)).toMatchObject({ verdict: 'valid', signature: expect.stringContaining('passed') })
  expect(await check(lost.sealed)).toMatchObject({ verdict: 'undetermined', issuer: expect.stringContaining('unavailable') })
  await new Promise(resolve => setTimeout(resolve, 600))
  await expect(issueCard()).rejects.toThrow('key.none')

  const audit = await readAudit(db.pool, { actions: ['key.compromised'] })
  expect(audit[0]).toMatchObject({ actor: 'admin', agencyCode: 'G09', subject: `key:${kept.kid}`, leafIndex: entriesBefore })
  // The size may be lowered when more is known, never raised.
  await expect(compromiseKey(deps, kid, state, 'system')).rejects.toThrow('key.retired')
  const earlier = await honestLogState(db.pool, { origin: logOrigin, at: now, lastHonest: { logSize: lastHonest - 1 } })
  expect((await compromiseKey(deps, kid, earlier, 'system')).compromise!.logSize).toBe(lastHonest - 1)
})

test('a compromise is named by time as well: the size is the number of entries up to it', async () => {
  const { range } = await readHead(db.pool)
  const all = await honestLogState(db.pool, { origin: logOrigin, at: now, lastHonest: Math.floor(Date.now() / 1000) + 5 })
  expect(all.logSize).toBe(range.size)
  const [, second] = await newestEntries(db.pool, 2, 5)
  const early = await honestLogState(db.pool, { origin: logOrigin, at: now, lastHonest: second!.entry!.at })
  expect(early.logSize).toBeGreaterThanOrEqual(4)
  expect((await honestLogState(db.pool, { origin: logOrigin, at: now, lastHonest: 5 })).logSize).toBe(0)
  await expect(honestLogState(db.pool, { origin: logOrigin, at: now, lastHonest: { logSize: range.size + 1 } })).rejects.toThrow(
    'key.window',
  )
})

test('key rows cannot become other keys, nor go', async () => {
  const { kid } = await keyOf('status')
  for (const sql of [
    "update signing_keys set use = 'card' where kid = $1",
    "update signing_keys set not_after = not_after + interval '1 day' where kid = $1",
    'delete from signing_keys where kid = $1',
  ])
    await expect(db.pool.query(sql, [kid])).rejects.toThrow()
})

test('windows that are empty or past are refused, and document keys need a certificate', async () => {
  await expect(createKey(deps, { agency: g09, use: 'card', notAfter: now - 1 }, 'system')).rejects.toThrow('key.window')
  await expect(createKey(deps, { agency: g09, use: 'card', notBefore: now + 10, notAfter: now + 10 }, 'system')).rejects.toThrow(
    'key.window',
  )
  await expect(createKey(deps, { agency: g09, use: 'document', notAfter: now + 10 }, 'system')).rejects.toThrow('key.wrong-use')
  const files = () => readdirSync(join(home, 'keys', 'agencies')).length
  const before = files()
  const nowhere = 'G99' as AgencyCode
  await expect(createKey(deps, { agency: nowhere, use: 'card', notAfter: now + 10 }, 'system')).rejects.toThrow('agency.not-found')
  expect(files()).toBe(before)
})

test('a PKCS#12 key is brought in once, within its certificate’s window; what is refused leaves no file behind', async () => {
  const { openStateCa } = await import('../../server/keys/demonstrationStateCa.ts')
  const file = await (await openStateCa(join(home, 'demonstration'), 'mau')).issue('Đơn vị', 'abc')
  const files = () => readdirSync(join(home, 'keys', 'agencies')).length
  const before = files()
  const input = { agency: 'G09.01' as AgencyCode, use: 'document' as const, file, passphrase: 'abc' }
  const key = await importPkcs12Key(deps, { ...input, notAfter: now + 50 * 365 * day }, 'system')
  expect(key).toMatchObject({ use: 'document', jwk: { kty: 'RSA' }, notAfter: certificateWindow(key.x5c[0]!).notAfter })
  await expect(importPkcs12Key(deps, input, 'system')).rejects.toThrow('key.conflict')
  await expect(importPkcs12Key(deps, { ...input, passphrase: 'x' }, 'system')).rejects.toThrow('key.passphrase')
  await expect(importPkcs12Key(deps, { ...input, use: 'card' }, 'system')).rejects.toThrow('key.wrong-use')
  expect(files()).toBe(before + 1)
  await republishDemonstrationTrust(deps)
  const pool = signerPool({ pool: db.pool, store: deps.store, tree: await loadAgencyTree(db.pool), waitSeconds: 0 })
  const attributes = Buffer.from('310102', 'hex')
  const signer = await pool.documentSigner('G09.01' as AgencyCode, now)
  const certificate = new X509Certificate(signer.certificates[0]!)
  expect(verify('sha256', attributes, certificate.publicKey, await signer.signAttributes(attributes))).toBe(true)
})

test('two administrators: one asks for a key, the other agrees, and it is made once', async () => {
  const cipher = testCipher()
  const changes: KeyChangeDeps = { ...deps, cipher, logOrigin }
  const admin = (sub: string): Actor => ({
    kind: 'person',
    sub,
    name: sub,
    roles: new Set(['admin']),
    scopes: new Set(),
    agency: g09,
    steppedUpAt: now,
  })
  const decide = async (id: string, sub: string) =>
    approveRequest({ pool: db.pool }, { actor: admin(sub), id, claimsDigest: await pendingDigest(db.pool, id), selection: 'all' })
  const id = await requestKeyChange(changes, {
    maker: admin('a'),
    change: { action: 'create', agency: g09, use: 'card', notAfter: '2099-12-31' },
  })
  await expect(decide(id, 'a')).rejects.toThrow('request.same-person')
  await decide(id, 'b')
  const before = (await readKeys(db.pool)).length
  await Promise.all([applyKeyChange(changes, id), applyKeyChange(changes, id)].map(run => run.catch(() => {})))
  await applyKeyChange(changes, id)
  expect((await readKeys(db.pool)).length).toBe(before + 1)
  expect(await requestById(db.pool, id)).toMatchObject({ status: 'done', done: 1, failed: 0 })

  const kid = await kidOf('card')
  const retire = await requestKeyChange(changes, { maker: admin('b'), change: { action: 'retire', kid } })
  await decide(retire, 'a')
  await applyKeyChange(changes, retire)
  expect((await keyOf('card')).retiredAt).toBe(now + 60)
  await expect(requestKeyChange(changes, { maker: admin('b'), change: { action: 'retire', kid } })).rejects.toThrow('key.retired')
  const steal = await requestKeyChange(changes, {
    maker: admin('b'),
    change: { action: 'compromise', kid, lastHonest: Math.floor(Date.now() / 1000) + 5 },
  })
  await decide(steal, 'a')
  await applyKeyChange(changes, steal)
  expect((await keyOf('card')).compromise).toMatchObject({ origin: logOrigin })
})

test('what a compromise would do is counted before anyone says yes', async () => {
  const kid = (await keyOf('status')).kid
  const state = await honestLogState(db.pool, { origin: logOrigin, at: now, lastHonest: { logSize: 5 } })
  expect(await compromiseEffect(db.pool, kid, state)).toMatchObject({ cards: 0, diplomas: 0, lost: 0, statusLists: 1 })
  expect((await keyOf('status')).compromise).toBeNull()
})

test('no private key is in clear below ANTIN_HOME, and files are for their owner only', () => {
  const walk = (dir: string): string[] =>
    readdirSync(dir, { withFileTypes: true }).flatMap(one => (one.isDirectory() ? walk(join(dir, one.name)) : [join(dir, one.name)]))
  const files = walk(home)
  expect(files.filter(file => file.endsWith('.p8')).length).toBeGreaterThan(8)
  for (const file of files) {
    const text = readFileSync(file, 'latin1')
    expect([file, /BEGIN (?:EC |RSA )?PRIVATE KEY/.test(text), text.includes('"d":')]).toEqual([file, false, false])
  }
})

const run = promisify(execFile)

test('antin keys and antin trust on the command line: make, publish by two, list, show what a compromise affects, disown', async () => {
  const cliHome = join(home, 'cli')
  const secret = join(home, 'secret')
  const words = join(home, 'words')
  writeFileSync(secret, `${randomBytes(32).toString('hex')}\n`)
  writeFileSync(words, 'an:khẩu lệnh thứ nhất\nbinh:khẩu lệnh thứ hai\nchi:khẩu lệnh thứ ba\n')
  const env = { PATH: process.env.PATH, DATABASE_URL: db.url, ANTIN_HOME: cliHome, KEY_PASSPHRASE_FILE: secret, PUBLIC_URL: publicUrl }
  const antin = async (...args: string[]) => {
    const main = join(import.meta.dirname, '../../cli/main.ts')
    const done = await run(process.execPath, ['--no-warnings', main, ...args], { env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
    return done
  }
  const made = await antin('keys', 'create', '--agency', 'G09.02', '--use', 'card', '--years', '3', '--json')
  expect([made.code, made.stderr]).toEqual([0, ''])
  const { kid } = JSON.parse(made.stdout) as { kid: string }
  expect((await antin('keys', 'list', '--agency', 'G09.02')).stdout).toContain(`${kid}  G09.02`)

  // The office of another root cannot take over what this one published: a new installation is needed for that.
  const two = ['--passphrases', words]
  const office = await antin('trust', 'init', '--officers', 'an,binh,chi', ...two, '--json')
  expect(JSON.parse(office.stdout).pin).toMatch(/^[0-9a-f]{64}$/)
  expect((await antin('trust', 'publish', '--officers', 'an', ...two, '--yes')).stderr).toContain('trust.two-people')
  const noTerminal = await antin('trust', 'publish', '--officers', 'an,chi', ...two)
  expect(noTerminal.code).toBe(64)
  expect(noTerminal.stderr).toContain(`new      key      ${kid} of G09.02 for card`)

  const refused = await antin('keys', 'compromise', kid, '--log-size', '3')
  expect(refused.code).toBe(64)
  expect(refused.stderr).toContain('It signed 0 cards')
  expect((await antin('keys', 'compromise', kid, '--log-size', '3', '--yes')).code).toBe(0)
  expect((await antin('keys', 'list', '--json')).stdout).toContain('"logSize":3')
  expect((await antin('keys', 'compromise', kid)).code).toBe(64)
  expect((await antin('keys')).code).toBe(64)
  expect((await antin('keys', 'retire', 'AAAAAAAAAAA', '--yes')).stderr).toContain('key.not-found')
  expect((await antin('trust', 'show', '--json')).stdout).toContain(pin)
})

test('a holder’s key that is no point of the curve is refused', async () => {
  const { issueCardSdJwt } = await import('../../server/sd-jwt/issueCardSdJwt.ts')
  const { issueSdJwtVc } = await import('../../server/sd-jwt/issueSdJwtVc.ts')
  const sdJwt = { pool: db.pool, cipher: testCipher(), signers, publicUrl, clock: () => now, isRestricted: () => false }
  const zero = encodeBase64url(new Uint8Array(32))
  await expect(
    issueSdJwtVc(sdJwt, {} as Parameters<typeof issueSdJwtVc>[1], { kty: 'EC', crv: 'P-256', x: zero, y: zero }, 'system'),
  ).rejects.toThrow('sd-jwt.holder-key')
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  const holderKey = { kty: 'EC' as const, crv: 'P-256' as const, x: jwk.x!, y: jwk.y! }
  await expect(issueCardSdJwt(sdJwt, { officerId: '00000000-0000-7000-8000-000000000000', holderKey }, 'system')).rejects.toThrow(
    'sd-jwt.no-card',
  )
})
