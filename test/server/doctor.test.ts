import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { readConfig } from '../../server/config.ts'
import { inTransaction } from '../../server/db/transaction.ts'
import { logDescription, openInstallation } from '../../server/installation.ts'
import { migrateJobs, startWorker, type Worker } from '../../server/jobs/worker.ts'
import { keyStore } from '../../server/keys/keyStore.ts'
import { insertKey, type NewKey } from '../../server/keys/keysTable.ts'
import { diagnose } from '../../server/operations/doctor/diagnose.ts'
import { noteLog } from '../../server/trust/trustNetworkTable.ts'
import { useDatabase } from '../support/database.ts'

const db = useDatabase()
const home = mkdtempSync(join(tmpdir(), 'antin-doctor-'))
const now = () => Math.floor(Date.now() / 1000)
let env: Record<string, string>
let worker: Worker
const servers: { close(): unknown }[] = []

/** A server of JSON answers on a port of its own. */
async function serve(answer: (body: { method?: string; id?: unknown }) => unknown): Promise<string> {
  const server = createServer((req, res) => {
    let text = ''
    req.on('data', chunk => (text += chunk))
    req.on('end', () => res.end(JSON.stringify(answer(text ? JSON.parse(text) : {}))))
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const hex = (n: number) => `0x${n.toString(16)}`
const node = (chainId: number, blockTime = now()) =>
  serve(({ id, method }) => ({
    jsonrpc: '2.0',
    id,
    result:
      method === 'eth_chainId' ? hex(chainId) : method === 'eth_getBlockByNumber' ? { number: '0x1', timestamp: hex(blockTime) } : '0x',
  }))

beforeAll(async () => {
  let issuer = ''
  issuer = await serve(() => ({ issuer }))
  env = { ANTIN_HOME: home, DATABASE_URL: db.url, PUBLIC_URL: 'http://localhost:3118', OIDC_ISSUER: issuer, CHAIN: 'none' }
  await migrateJobs(db.pool)
  const installation = await openInstallation(readConfig(env), pino({ level: 'silent' }), { makeSecrets: true })
  await noteLog(db.pool, logDescription(installation, now()))
  await installation.close()
  worker = await startWorker({ pool: db.pool, logger: pino({ level: 'silent' }), tasks: {}, crontab: '' })
  for (let i = 0; i < 600 && (await find({}))('workers')?.state !== 'ok'; i++) await new Promise(resolve => setTimeout(resolve, 50))
})
afterAll(async () => {
  await worker.stop()
  for (const server of servers) server.close()
  rmSync(home, { recursive: true })
})

/** Findings by name, after a change of the settings; each that is not ok says how to mend it. */
async function find(changes: Record<string, string>, clock = now) {
  const findings = await diagnose(readConfig({ ...env, ...changes }), clock)
  for (const { state, mend } of findings) if (state !== 'ok') expect(mend).toBeTruthy()
  return (what: string) =>
    findings.find(finding => finding.what === what && finding.state !== 'ok') ?? findings.find(finding => finding.what === what)
}

test('a sound installation has no fault but what a new one lacks, and what a test database leaves out', async () => {
  const findings = await diagnose(readConfig(env), now)
  expect(findings.filter(finding => finding.state === 'wrong').map(finding => finding.what)).toEqual(['durability', 'trust-list'])
  expect(findings.map(finding => finding.what)).toEqual(
    expect.arrayContaining(['secrets', 'disk', 'clock', 'schema', 'keys', 'workers', 'log']),
  )
})

test.each<[string, Record<string, string>, RegExp]>([
  ['database', { DATABASE_URL: 'postgres://antin@127.0.0.1:9/x' }, /does not run at that address/],
  ['database', { DATABASE_URL: 'postgres://antin@no-such-host.invalid/x' }, /does not resolve|Check DATABASE_URL/],
  ['agency-keys', { PKCS11_MODULE: '/no/such/library.so' }, /PKCS11_MODULE/],
  ['secrets', { PKCS11_PIN_FILE: '/no/such/pin' }, /correct the setting/],
  ['sign-in', { OIDC_ISSUER: 'http://127.0.0.1:9' }, /cards verify all the same/],
  ['address', { PUBLIC_URL: 'http://localhost:4000' }, /set PUBLIC_URL back/],
  ['address', { PUBLIC_URL: 'http://the.example.vn' }, /must be https/],
  ['chain', { CHAIN: 'evm' }, /CHAIN=none/],
  ['contract', { CHAIN: 'evm', CHAIN_RPC_URLS: 'http://127.0.0.1:9' }, /Deploy it/],
  ['chain', { CHAIN: 'evm', CHAIN_RPC_URLS: 'http://127.0.0.1:9', CHAIN_ID: '5', CHAIN_CONTRACT: `0x${'1'.repeat(40)}` }, /Is the node up/],
])('%s: %j', async (what, changes, mend) => {
  const finding = (await find(changes))(what)!
  expect(finding.state).toBe('wrong')
  expect(finding.mend).toMatch(mend)
})

test('a database that is not there, and one that refuses the role, are told apart', async () => {
  const nowhere = new URL(db.url)
  nowhere.pathname = '/no_such_database'
  expect((await find({ DATABASE_URL: nowhere.href }))('database')?.mend).toMatch('create database')
  const nobody = new URL(db.url)
  nobody.username = 'no_such_role'
  expect((await find({ DATABASE_URL: nobody.href }))('database')?.mend).toMatch('pg_hba.conf')
  const empty = new URL(db.url)
  empty.searchParams.set('options', '-c search_path=nowhere')
  expect((await find({ DATABASE_URL: empty.href }))('database')?.mend).toMatch('antin migrate')
})

test.each(['localhost/antin', 'postgres://antin:p@ss/w@127.0.0.1/antin', 'mysql://antin@127.0.0.1/antin'])(
  'a DATABASE_URL that names no database is refused, and without its password: %s',
  url => {
    expect(() => readConfig({ DATABASE_URL: url })).toThrow('DATABASE_URL (postgres://ROLE:PASSWORD@HOST/DATABASE')
    expect(() => readConfig({ DATABASE_URL: url })).not.toThrow('p@ss')
  },
)

test('agency keys: a file that is missing, and one that others can read', async () => {
  await db.pool.query("insert into agencies (code, name_vi, valid_from) values ('G09', 'Bộ Nội vụ', '2020-01-01')")
  const store = keyStore({ dir: join(home, 'keys', 'agencies'), passphrase: 'of the test' })
  const { signer, location } = await store.create('card', 'G09 card')
  const window = { x5c: [], notBefore: now(), notAfter: now() + 86_400 }
  const { kid, thumbprint, jwk } = signer
  const row = { kid, thumbprint, jwk, agency: 'G09', use: 'card', form: 'file', location, ...window } as unknown as NewKey
  await inTransaction(db.pool, tx => insertKey(tx, row))
  expect((await find({}))('agency-keys')?.state).toBe('ok')
  const file = join(home, 'keys', 'agencies', location)
  chmodSync(file, 0o640)
  expect((await find({}))('agency-keys')?.mend).toMatch('chmod 600')
  rmSync(file)
  expect((await find({}))('agency-keys')?.detail).toMatch('1 of 1 files are missing')
  await db.pool.query('update signing_keys set retired_at = now()')
  expect((await find({}))('agency-keys')).toBeUndefined()
})

test('secrets: missing, readable by others, of another installation', async () => {
  const file = (name: string) => join(home, 'keys', name)
  renameSync(file('log.p8'), file('away'))
  expect((await find({}))('secrets')).toMatchObject({ state: 'wrong', detail: expect.stringContaining('log.p8 is missing') })
  renameSync(file('away'), file('log.p8'))
  chmodSync(file('passphrase'), 0o644)
  expect((await find({}))('secrets')?.mend).toMatch('chmod 600')
  chmodSync(file('passphrase'), 0o600)
  const other = join(home, 'other.key')
  writeFileSync(other, 'ab'.repeat(32), { mode: 0o600 })
  expect((await find({ MASTER_KEY_FILE: other }))('keys')).toMatchObject({ state: 'wrong', detail: expect.stringContaining('master key') })
  expect((await find({ KEY_PASSPHRASE_FILE: other }))('keys')?.state).toBe('wrong')
  expect((await find({ LOG_ORIGIN: 'other.example/log' }))('keys')?.detail).toMatch('not the one that was published')
  expect((await find({}))('keys')?.state).toBe('ok')
})

test('a certificate that expired, is about to, or is not that of the key', async () => {
  const pem = (name: string, days: number) => {
    const [key, cert] = [join(home, `${name}.key`), join(home, `${name}.pem`)]
    const what = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj', '/CN=x', '-days', String(days)]
    execFileSync('openssl', ['req', '-x509', ...what, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    chmodSync(key, 0o600)
    return { TLS_CERT_FILE: cert, TLS_KEY_FILE: key }
  }
  const good = pem('good', 100)
  expect((await find(good))('certificate')?.state).toBe('ok')
  expect((await find(pem('short', 5)))('certificate')).toMatchObject({ state: 'warning', detail: expect.stringContaining('days') })
  const later = () => now() + 200 * 86_400
  expect((await find(good, later))('certificate')).toMatchObject({ state: 'wrong', detail: expect.stringContaining('expired') })
  expect((await find({ ...good, TLS_KEY_FILE: pem('other', 9).TLS_KEY_FILE }))('certificate')?.detail).toMatch('not the key')
})

test('an identity provider whose certificate is not to be trusted', async () => {
  const [key, cert] = [join(home, 'provider.key'), join(home, 'provider.pem')]
  const what = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj', '/CN=localhost']
  execFileSync('openssl', ['req', '-x509', ...what, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_req, res) => res.end('{}'))
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const found = (await find({ OIDC_ISSUER: `https://localhost:${(server.address() as AddressInfo).port}` }))('sign-in')!
  expect(found.mend).toMatch("Renew the provider's certificate")
})

test('a contract whose code is not what was published', async () => {
  const address = `0x${'1'.repeat(40)}`
  await db.pool.query('insert into anchor_contracts (chain_id, address, code_hash, deploy_block, from_size) values (5, $1, $2, 1, 0)', [
    address,
    `0x${'ab'.repeat(32)}`,
  ])
  const results: Record<string, unknown> = {
    eth_chainId: hex(5),
    eth_getBlockByNumber: { number: '0x1', timestamp: hex(now()) },
    eth_getCode: '0x6001',
  }
  const url = await serve(({ id, method }) => ({ jsonrpc: '2.0', id, result: results[method!] ?? '0x' }))
  const found = (await find({ CHAIN: 'evm', CHAIN_RPC_URLS: url }))('contract')!
  expect(found).toMatchObject({ state: 'wrong', detail: expect.stringContaining('other code') })
  await db.pool.query('delete from anchor_contracts')
})

test('clocks: ours against the database, and against the chain', async () => {
  expect((await find({}, () => now() + 400))('clock')?.detail).toMatch("database's clock differs")
  const contract = { CHAIN: 'evm', CHAIN_ID: '5', CHAIN_CONTRACT: `0x${'1'.repeat(40)}` }
  const ahead = await find({ ...contract, CHAIN_RPC_URLS: await node(5, now() + 900) })
  expect(ahead('clock')?.detail).toMatch('newest block')
  expect(ahead('contract')?.detail).toMatch('no code')
  expect((await find({ ...contract, CHAIN_RPC_URLS: await node(6) }))('chain')?.detail).toMatch('of chain 6')
})

test('a closed log, a schema that is behind, and an installation without workers', async () => {
  await db.pool.query("update log_head set closed = 'for a test'")
  expect((await find({}))('log')).toMatchObject({ state: 'wrong', detail: 'for a test' })
  await db.pool.query('update log_head set closed = null')
  const { rows } = await db.pool.query("delete from migrations where name like '0085%' returning *")
  expect((await find({}))('schema')?.mend).toMatch('antin migrate')
  const { name, at, digest } = rows[0]!
  await db.pool.query('insert into migrations (name, at, digest) values ($1, $2, sha256($3))', [name, at, 'another text'])
  expect((await find({}))('schema')?.detail).toMatch(`its ${name} was another`)
  await db.pool.query('update migrations set digest = $2 where name = $1', [name, digest])
  await worker.stop()
  expect((await find({}))('workers')?.mend).toMatch('antin work')
  worker = { stop: async () => {} }
})
