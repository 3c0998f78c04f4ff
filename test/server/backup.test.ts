import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { issueCards } from '../../server/cards/issueCards.ts'
import { requestCards } from '../../server/cards/requestCards.ts'
import { schemaText } from '../../server/db/catalogueTable.ts'
import { createPool } from '../../server/db/pool.ts'
import { backup, restore } from '../../server/operations/backup.ts'
import { approveRequest } from '../../server/requests/decideRequest.ts'
import { pendingDigest } from '../../server/requests/requestsTable.ts'
import { reserveStatusIndices } from '../../server/status-lists/reserveStatusIndices.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry, makeOfficers } from '../support/ministry.ts'
import { testCipher } from '../support/testCipher.ts'

const source = useDatabase()
const target = useDatabase()
const dir = mkdtempSync(join(tmpdir(), 'antin-backup-test-'))
const passphrase = 'một mật khẩu đủ dài'
const cipher = testCipher()
const name = 'MẪU-TÊN-KHÔNG-MÃ-HÓA'

beforeAll(async () => {
  const agency = 'G09' as AgencyCode
  const signers = await makeMinistry(source.pool)
  const officerIds = await makeOfficers(source.pool, cipher, 5)
  await source.pool.query('update officers set full_name = $1 where id = $2', [name, officerIds[0]])
  const deps = {
    pool: source.pool,
    cipher,
    signers,
    origin: 'http://localhost',
    clock: () => 1_790_000_000,
    termYears: 5,
    isRestricted: () => false,
  }
  const { requestId } = await requestCards(deps, { maker: { sub: 'maker', name: 'A' }, agency, officerIds })
  const actor = { kind: 'person', sub: 'approver', name: 'B', roles: new Set(), scopes: new Set(), agency } as never
  await approveRequest(deps, { actor, id: requestId!, claimsDigest: await pendingDigest(source.pool, requestId!), selection: 'all' })
  await issueCards(deps, requestId!)
  writeFileSync(join(dir, 'key.p8'), 'not really a key')
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const keysDir = join(dir, 'keys-of-source')

/** Gives the database's tables to a role that may do nothing else, as in production, and answers a pool of that role. */
async function asOwner({ pool, url }: typeof target) {
  const role = `owner_${randomBytes(4).toString('hex')}`
  await pool.query(`create role ${role} login`)
  const { rows } = await pool.query<{ name: string }>(
    "select format('%I', relname) as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
  )
  for (const { name: table } of rows) await pool.query(`alter table ${table} owner to ${role}`)
  const address = new URL(url)
  address.username = role
  return createPool(address.href)
}

async function schemaOf(pool: typeof target.pool): Promise<string> {
  const client = await pool.connect()
  return schemaText(client).finally(() => client.release())
}

test('a backup restores every row and key, closes the log, and shows nothing in clear', async () => {
  const { mkdirSync } = await import('node:fs')
  mkdirSync(keysDir)
  writeFileSync(join(keysDir, 'log.p8'), 'a key')
  const manifest = await backup({ pool: source.pool, keysDir, passphrase }, join(dir, 'a'))
  expect(manifest.logSize).toBe(6)
  for (const entry of await readdir(join(dir, 'a'), { recursive: true, withFileTypes: true }))
    if (entry.isFile()) expect(readFileSync(join(entry.parentPath, entry.name)).includes(name)).toBe(false)
  const restoredKeys = join(dir, 'keys-of-target')
  const owned = await asOwner(target)
  const schemaBefore = await schemaOf(target.pool)
  await restore({ pool: owned, keysDir: restoredKeys, passphrase }, join(dir, 'a'))
  expect(await schemaOf(target.pool)).toBe(schemaBefore)
  await owned.end()
  expect(readFileSync(join(restoredKeys, 'log.p8'), 'utf8')).toBe('a key')
  for (const table of ['agencies', 'officers', 'photos', 'cards', 'log_entries', 'audit', 'request_items', 'status_list_bits']) {
    const digest = (pool: typeof source.pool) =>
      pool.query(`select count(*)::int as n, md5(string_agg(t::text, '' order by t::text)) as digest from ${table} t`)
    expect((await digest(target.pool)).rows).toEqual((await digest(source.pool)).rows)
  }
  expect((await target.pool.query('select size, closed from log_head')).rows[0]).toMatchObject({
    size: 6,
    closed: expect.stringContaining('Restored'),
  })
  // What may have been given away after the backup is not given away again.
  const next = async (pool: typeof source.pool) => (await reserveStatusIndices(pool, 'G09', 1))[0]!.list
  expect(await next(target.pool)).toBeGreaterThan(await next(source.pool))
})

test('a wrong passphrase, a changed file and a database in use are refused and leave nothing', async () => {
  await expect(restore({ pool: target.pool, keysDir: null, passphrase: 'một mật khẩu khác' }, join(dir, 'a'))).rejects.toThrow(
    'backup.unreadable',
  )
  await expect(restore({ pool: source.pool, keysDir: null, passphrase }, join(dir, 'a'))).rejects.toThrow('backup.not-empty')
  await expect(backup({ pool: source.pool, keysDir: null, passphrase }, join(dir, 'a'))).rejects.toThrow('backup.not-empty')
})

test('a backup that fails leaves its folder empty, so that it can be tried again', async () => {
  const away = new URL(source.url)
  away.port = '9'
  const pool = createPool(away.href, { max: 1 })
  const folder = join(dir, 'failed')
  await expect(backup({ pool, keysDir: null, passphrase }, folder)).rejects.toThrow('ECONNREFUSED')
  await pool.end()
  expect(await readdir(folder)).toEqual([])
  await backup({ pool: source.pool, keysDir: null, passphrase }, folder)
  expect(await readdir(folder)).toContain('manifest.json.age')
})
