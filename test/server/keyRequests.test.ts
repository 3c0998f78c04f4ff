import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import request from 'supertest'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { migrateJobs } from '../../server/jobs/worker.ts'
import { applyKeyChange } from '../../server/keys/applyKeyChange.ts'
import { createKey } from '../../server/keys/createKey.ts'
import { openEndorsement } from '../../server/keys/endorsement.ts'
import { type KeyChangeDeps, requestKeyChange } from '../../server/keys/keyChanges.ts'
import { keyStore } from '../../server/keys/keyStore.ts'
import { type KeyRow, readKeys, readNewestEndorsement } from '../../server/keys/keysTable.ts'
import { openPkcs12InThread } from '../../server/keys/openPkcs12InThread.ts'
import { openPkcs12 } from '../../server/keys/pkcs12.ts'
import { approveRequest, cancelRequest, refuseRequest } from '../../server/requests/decideRequest.ts'
import { itemsOf, pendingDigest, requestById } from '../../server/requests/requestsTable.ts'
import type { Actor } from '../../server/staff/actor.ts'
import { asActor, type ConsoleWorld, makeConsole } from '../support/consoleWorld.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry } from '../support/ministry.ts'
import { makeStateCertificate } from '../support/stateCertificate.ts'
import { testCipher } from '../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
const dir = mkdtempSync(join(tmpdir(), 'antin-key-requests-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const keyFolder = join(dir, 'keys')
const now = Math.floor(Date.now() / 1000)
const agency = 'G09.01' as AgencyCode
let deps: KeyChangeDeps
let world: ConsoleWorld
const ended = Buffer.from(makeStateCertificate({ from: '2020-01-01', to: '2021-01-01' }).pkcs12)

beforeAll(async () => {
  await makeMinistry(db.pool)
  await migrateJobs(db.pool)
  const store = keyStore({ dir: keyFolder, passphrase: 'p' })
  deps = { pool: db.pool, cipher, clock: () => Math.floor(Date.now() / 1000), logOrigin: 'the.example/log', store }
  world = await makeConsole({ pool: db.pool, cipher, store })
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-subj',
    '/CN=CA thu',
    '-days',
    '900',
  )
})

const at = (name: string) => join(dir, name)
const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })

/** A PKCS#12 file as OpenSSL makes them, of a key that the test's authority certified. */
function makeP12(
  name: string,
  { key = ['-newkey', 'rsa:2048'], usage = 'digitalSignature,nonRepudiation', passphrase = 'abc', exporting = [] as string[] } = {},
): Buffer {
  const [keyFile, csr, certificate, extensions, file] = ['key', 'csr', 'crt', 'ext', 'p12'].map(ending => at(`${name}.${ending}`)) as [
    string,
    string,
    string,
    string,
    string,
  ]
  openssl('req', ...key, '-nodes', '-keyout', keyFile, '-out', csr, '-utf8', '-subj', `/CN=Đơn vị ${name}/C=VN`)
  writeFileSync(extensions, `keyUsage=critical,${usage}\nbasicConstraints=CA:FALSE\n`)
  const signing = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '700']
  openssl('x509', '-req', '-in', csr, ...signing, '-extfile', extensions, '-out', certificate)
  openssl(
    'pkcs12',
    '-export',
    '-inkey',
    keyFile,
    '-in',
    certificate,
    '-certfile',
    at('ca.crt'),
    '-out',
    file,
    '-passout',
    `pass:${passphrase}`,
    ...exporting,
  )
  return readFileSync(file)
}

const admin = (sub: string): Actor => ({
  kind: 'person',
  sub,
  name: sub,
  roles: new Set(['admin']),
  scopes: new Set(),
  agency: 'G09' as AgencyCode,
  steppedUpAt: now,
})
const ask = (change: Parameters<typeof requestKeyChange>[1]['change']) => requestKeyChange(deps, { maker: admin('a'), change })
const decide = async (id: string) =>
  approveRequest({ pool: db.pool }, { actor: admin('b'), id, claimsDigest: await pendingDigest(db.pool, id), selection: 'all' })
const claimsOf = async (id: string) => {
  const [item] = await itemsOf(db.pool, id)
  return { claims: JSON.parse(cipher.open(item!.claims).toString('utf8')), warnings: item!.warnings, outcome: item!.outcome }
}
const waiting = async () => (await db.pool.query('select from pending_keys')).rowCount
const files = () => {
  try {
    return readdirSync(keyFolder).length
  } catch {
    return 0
  }
}
const documentKeys = async () => (await readKeys(db.pool, { agency, use: 'document' })) as KeyRow[]

test('a PKCS#12 certificate waits sealed for the second administrator, who sees whose it is, and signs from then on', async () => {
  const file = makeP12('state')
  const id = await ask({ action: 'import', agency, file, passphrase: 'abc' })
  expect(await documentKeys()).toEqual([])
  expect([await waiting(), files()]).toEqual([1, 0])
  const { claims, warnings } = await claimsOf(id)
  expect(warnings).toEqual([])
  expect(claims).toMatchObject({
    action: 'import',
    agency,
    use: 'document',
    subject: 'CN=Đơn vị state, C=VN',
    issuer: 'CN=CA thu',
    key: 'RSA 2048',
    serial: expect.stringMatching(/^[0-9A-F]{8,}$/),
  })
  // In the database there is neither the key nor our own file of it in clear.
  const { rows } = await db.pool.query<{ sealed: Buffer }>('select sealed from pending_keys')
  expect(rows[0]!.sealed.toString('latin1')).not.toContain('PRIVATE KEY')
  expect(cipher.open(rows[0]!.sealed).toString('utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/)

  await decide(id)
  await Promise.all([applyKeyChange(deps, id), applyKeyChange(deps, id)].map(run => run.catch(() => {})))
  await applyKeyChange(deps, id)
  expect(await requestById(db.pool, id)).toMatchObject({ status: 'done', done: 1, failed: 0 })
  const [key, another] = await documentKeys()
  expect(another).toBeUndefined()
  expect(encodeBase64url(key!.thumbprint)).toBe(claims.thumbprint)
  expect([await waiting(), files()]).toEqual([0, 1])
  const signer = await deps.store.open('file', key!.location, 'document')
  expect(await signer.sign({ kind: 'document', bytes: Buffer.from('310102', 'hex') })).toHaveLength(256)
  await expect(ask({ action: 'import', agency, file, passphrase: 'abc' })).rejects.toThrow('key.conflict')
})

test('a request that is refused or taken back leaves nothing of the key', async () => {
  const file = makeP12('refused')
  const refused = await ask({ action: 'import', agency, file, passphrase: 'abc' })
  await refuseRequest({ pool: db.pool, cipher }, { actor: admin('b'), id: refused, reason: 'x' })
  const cancelled = await ask({ action: 'import', agency, file, passphrase: 'abc' })
  await cancelRequest({ pool: db.pool }, { actor: admin('a'), id: cancelled })
  expect([await waiting(), files()]).toEqual([0, 1])
})

test('what cannot sign for an agency is refused at once, each for its own reason', async () => {
  const importing = (file: Uint8Array, passphrase = 'abc') => ask({ action: 'import', agency, file, passphrase })
  const good = makeP12('good')
  await expect(importing(good, 'abd')).rejects.toThrow('key.passphrase')
  await expect(importing(good.subarray(0, 900))).rejects.toThrow('key.pkcs12')
  await expect(importing(Buffer.from('none'))).rejects.toThrow('key.pkcs12')
  await expect(importing(ended)).rejects.toThrow('key.window')
  await expect(importing(makeP12('weak', { key: ['-newkey', 'rsa:1024'] }))).rejects.toThrow('key.weak')
  await expect(importing(makeP12('crypt', { usage: 'keyEncipherment' }))).rejects.toThrow('key.certificate')
  const p384 = makeP12('p384', { key: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'] })
  await expect(importing(p384)).rejects.toThrow('key.wrong-use')
  openssl('pkcs12', '-export', '-nokeys', '-in', at('good.crt'), '-out', at('nokey.p12'), '-passout', 'pass:abc')
  await expect(importing(readFileSync(at('nokey.p12')))).rejects.toThrow('key.pkcs12')
  expect(await waiting()).toBe(0)
})

test('a passphrase with Vietnamese letters opens the file, and a wrong one does not', async () => {
  const file = makeP12('dau', { passphrase: 'mật khẩu rất dài' })
  const { x5c } = await deps.store.sealPkcs12(file, 'mật khẩu rất dài', 'document')
  expect(x5c).toHaveLength(1)
  await expect(deps.store.sealPkcs12(file, 'mật khẩu', 'document')).rejects.toThrow('key.passphrase')
})

test('a passphrase with Vietnamese letters also opens a file whose parts seem to decrypt under the wrong bytes of it', () => {
  const file = readFileSync('test/vectors/pkcs12/utf8-passphrase.p12')
  expect(openPkcs12(file, 'mật khẩu rất dài').x5c).toHaveLength(1)
  expect(() => openPkcs12(file, 'mật khẩu')).toThrow('key.passphrase')
})

test('a file with as many iterations as Firefox and NSS ask for opens in time', async () => {
  const file = makeP12('firefox', { exporting: ['-iter', '1000000', '-nomaciter'] })
  expect((await openPkcs12InThread(file, 'abc')).x5c).toHaveLength(1)
})

test('a file that asks for millions of iterations is given up; the process goes on meanwhile', async () => {
  const file = makeP12('slow', { exporting: ['-iter', '2000000'] })
  let turns = 0
  const timer = setInterval(() => turns++, 100)
  await expect(openPkcs12InThread(file, 'abc', 1500)).rejects.toThrow('too many iterations')
  clearInterval(timer)
  expect(turns).toBeGreaterThan(5)
})

test('a self-signed or ending certificate is taken, with a warning', async () => {
  makeP12('own')
  openssl('req', '-x509', '-key', at('own.key'), '-out', at('own.crt'), '-subj', '/CN=Tu ky', '-days', '20')
  openssl('pkcs12', '-export', '-inkey', at('own.key'), '-in', at('own.crt'), '-out', at('own.p12'), '-passout', 'pass:abc')
  const id = await ask({ action: 'import', agency, file: readFileSync(at('own.p12')), passphrase: 'abc' })
  expect((await claimsOf(id)).warnings.map(one => one.code)).toEqual(['certificate.self-signed', 'certificate.ends-soon'])
  await cancelRequest({ pool: db.pool }, { actor: admin('a'), id })
})

test('an endorsement is asked for by a registered certificate or a file, and named once two agreed', async () => {
  const made = await createKey(deps, { agency, use: 'card', notAfter: now + 86_400 * 400 }, 'system')
  const kid = encodeBase64url(made.kid)
  const [document] = await documentKeys()
  const byKey = await ask({ action: 'endorse', kid, by: encodeBase64url(document!.kid) })
  expect((await claimsOf(byKey)).claims).toMatchObject({ action: 'endorse', kid, subject: 'CN=Đơn vị state, C=VN', keyAgency: agency })
  expect(await readNewestEndorsement(db.pool, made.kid)).toBeUndefined()
  await decide(byKey)
  await applyKeyChange(deps, byKey)
  const first = await readNewestEndorsement(db.pool, made.kid)
  expect(openEndorsement(first!.jws).claims).toEqual({
    thumbprint: encodeBase64url(made.thumbprint),
    use: 'card',
    code: agency,
    notBefore: made.notBefore,
    notAfter: made.notAfter,
  })

  const byFile = await ask({ action: 'endorse', kid, by: { file: makeP12('other'), passphrase: 'abc' } })
  expect([await waiting(), JSON.stringify((await claimsOf(byFile)).claims).includes('PRIVATE')]).toEqual([0, false])
  await decide(byFile)
  await applyKeyChange(deps, byFile)
  expect(openEndorsement((await readNewestEndorsement(db.pool, made.kid))!.jws).chain[0].subject).toContain('Đơn vị other')

  await expect(ask({ action: 'endorse', kid, by: kid })).rejects.toThrow('key.wrong-use')
  const ec = makeP12('ec', { key: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] })
  await expect(ask({ action: 'endorse', kid, by: { file: ec, passphrase: 'abc' } })).rejects.toThrow('key.wrong-use')
})

test('the console form: a fault keeps the agency and the note, never the passphrase or the file; a good one leads to the request', async () => {
  const signedIn = asActor('admin', 'G09', { steppedUpAt: Date.now() / 1000 })
  const post = (file: Buffer | null, fields: Record<string, string>) => {
    const form = request(world.app)
      .post('/console/keys/import')
      .set(signedIn)
      .set('accept', 'text/html')
      .field({ _csrf: 'token', agency, reason: 'Gia hạn 2026', ...fields })
    return file ? form.attach('file', file, 'a.p12') : form
  }
  const good = readFileSync(at('good.p12'))
  for (const [file, passphrase, text] of [
    [good, 'sai-mat-khau', 'Mật khẩu không mở được tệp này.'],
    [good, '', 'Hãy nhập mật khẩu của tệp'],
    [null, 'abc-def', 'Hãy chọn tệp PKCS#12'],
    [Buffer.alloc(64 * 1024 + 1), 'abc-def', 'Tệp lớn hơn 64 kB'],
    [ended, 'abc', 'Chứng thư trong tệp đã hết hạn.'],
    [readFileSync(at('weak.p12')), 'abc', 'Khóa RSA quá ngắn'],
  ] as const) {
    const answer = await post(file, { passphrase })
    expect([text, answer.status]).toEqual([text, 422])
    expect(answer.text).toContain(text)
    expect(answer.text).toContain('Gia hạn 2026')
    expect(answer.text).toMatch(new RegExp(`value="${agency}" selected`))
    if (passphrase.length > 3) expect(answer.text).not.toContain(passphrase)
  }
  expect((await post(good, { passphrase: 'abc', _csrf: 'other' })).status).toBe(403)
  expect((await post(Buffer.alloc(2 << 20), { passphrase: 'abc' })).status).toBe(422)
  const made = await post(good, { passphrase: 'abc' })
  expect(made.status).toBe(303)
  const shown = await request(world.app).get(made.headers.location!).set(signedIn).set('accept', 'text/html')
  for (const text of ['CN=Đơn vị good, C=VN', 'CN=CA thu', 'RSA 2048', 'Tệp PDF', 'Gia hạn 2026', 'Bạn là người trình'])
    expect(shown.text).toContain(text)
})

test('a form with a file is filled in again after step-up; its file never waits anywhere', async () => {
  const stale = asActor('admin', 'G09', { steppedUpAt: 1 })
  const opened = await request(world.app).get('/console/keys/import').set(stale).set('accept', 'text/html')
  expect(opened.headers.location).toBe('/signin/step-up?return=%2Fconsole%2Fkeys%2Fimport')
  const sent = await request(world.app)
    .post('/console/keys/import')
    .set(stale)
    .set({ accept: 'text/html', host: 'the.example', referer: 'http://the.example/console/keys/import' })
    .field({ _csrf: 'token', agency })
  expect(sent.headers.location).toBe('/signin/step-up?return=%2Fconsole%2Fkeys%2Fimport%3Funsent%3D1')
  expect((await db.pool.query('select from kept_forms')).rowCount).toBe(0)
})

test('the page of a key says where it stands: endorsed by whom, published or not, and what happened to it', async () => {
  const signedIn = asActor('admin', 'G09', {})
  const page = async (kid: string) => (await request(world.app).get(`/console/keys/${kid}`).set(signedIn).set('accept', 'text/html')).text
  const card = (await readKeys(db.pool, { agency, use: 'card' })).at(-1)!
  const kid = encodeBase64url(card.kid)
  const before = await page(kid)
  for (const text of [
    'CN=Đơn vị other, C=VN',
    'Sau khi được công bố và chờ 24 giờ',
    'Chờ công bố',
    'Xác nhận khóa bằng chứng thư',
    'Thêm khóa ký',
  ])
    expect(before).toContain(text)
  await db.pool.query('update signing_keys set served_at = now() where kid = $1', [card.kid])
  const after = await page(kid)
  expect(after).toContain('Đã công bố, đang chờ')
  expect(after).toContain('24 giờ sau khi công bố')
  const [document] = await documentKeys()
  expect(await page(encodeBase64url(document!.kid))).toContain('Tệp mã hóa, nhập từ PKCS#12')
})

const softHsm = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/pkcs11/libsofthsm2.so'].find(existsSync)
if (!softHsm) console.info('PKCS#11 is not tested here: SoftHSM2 (libsofthsm2.so) is not installed')

;(softHsm ? test : test.skip)('PKCS#11 (SoftHSM2): two people make a key on a token, take up its certificate, and endorse with it', () => {
  const env = { ...process.env, SOFTHSM2_CONF: at('softhsm2.conf'), DATABASE_URL: db.url }
  mkdirSync(at('tokens'))
  writeFileSync(env.SOFTHSM2_CONF, `directories.tokendir = ${at('tokens')}\nobjectstore.backend = file\n`)
  const util = (...args: string[]) => execFileSync('softhsm2-util', args, { env, stdio: 'pipe' })
  util('--init-token', '--free', '--label', 'bo-noi-vu', '--pin', '1234', '--so-pin', '5678')
  util('--init-token', '--free', '--label', 'pin-khac', '--pin', '9999', '--so-pin', '5678')
  makeP12('hsm')
  openssl('pkcs8', '-topk8', '-nocrypt', '-in', at('hsm.key'), '-out', at('hsm.pk8'))
  util('--import', at('hsm.pk8'), '--token', 'bo-noi-vu', '--label', 'state', '--id', 'a1', '--pin', '1234')
  const script = join(import.meta.dirname, '../support/pkcs11Requests.ts')
  const result = JSON.parse(execFileSync(process.execPath, ['--no-warnings', script, softHsm!, at('hsm.crt')], { env, encoding: 'utf8' }))
  expect(result.tokens).toEqual([
    { label: 'bo-noi-vu', state: 'ready' },
    { label: 'pin-khac', state: 'ready' },
  ])
  expect(result.wrongPin).toBe('key.pkcs11')
  expect(result.created).toMatchObject({
    form: 'pkcs11',
    use: 'card',
    status: 'done',
    location: expect.stringMatching(/^pkcs11:token=bo-noi-vu;id=/),
  })
  expect(result.onToken.sort()).toEqual(['P-256', 'RSA 2048'])
  expect(result.adoptedClaims).toMatchObject({
    action: 'adopt',
    subject: 'CN=Đơn vị hsm, C=VN',
    tokenLabel: 'bo-noi-vu',
    id: 'a1',
    key: 'RSA 2048',
  })
  expect(result.adopted).toMatchObject({ form: 'pkcs11', use: 'document', status: 'done' })
  expect(result.again).toBe('key.conflict')
  expect(result.endorsedBy).toContain('Đơn vị hsm')
  expect(result.withoutCertificate).toBe('key.certificate')
})
