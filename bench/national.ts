import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import type pg from 'pg'
import type { AgencyCode } from '../core/identity/agencyCode.ts'
import { loadAgencyTree } from '../server/agencies/agencyTree.ts'
import { issueCards } from '../server/cards/issueCards.ts'
import { officersToRequest, requestCards } from '../server/cards/requestCards.ts'
import { startEmbeddedPostgres } from '../server/db/embeddedPostgres.ts'
import { freePort } from '../server/db/freePort.ts'
import { migrate } from '../server/db/migrate.ts'
import { createPool } from '../server/db/pool.ts'
import { inTransaction } from '../server/db/transaction.ts'
import { migrateJobs } from '../server/jobs/worker.ts'
import { cipherOf } from '../server/keys/fieldCipher.ts'
import { searchOfficers } from '../server/officers/searchOfficers.ts'
import { seedPeople } from '../server/officers/seedPeople.ts'
import { keptCounts } from '../server/overview/keptCounts.ts'
import { cardsByAgency, countCards, countPeople } from '../server/overview/overviewTable.ts'
import { approveRequest } from '../server/requests/decideRequest.ts'
import { pendingDigest } from '../server/requests/requestsTable.ts'
import { ministrySigners } from '../test/support/ministry.ts'
import type { Report } from './report.ts'

const argument = (name: string, otherwise: number) =>
  Number(process.argv.find(one => one.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise)
const people = argument('people', 50_000)
const agencies = argument('agencies', 400)
const root = 'G09' as AgencyCode

/**
 * A nation's cards on a durable embedded database: seed, request, approve and issue, then search, overview and sizes.
 * `--people=2300000 --agencies=4000` is the national size (50,000 by default).
 */
export async function run(report: Report): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'antin-national-'))
  const postgres = await startEmbeddedPostgres(join(dir, 'postgres'), await freePort())
  const pool = createPool(postgres.url, { max: 8, options: '-c timezone=UTC' })
  try {
    await migrate(pool)
    await migrateJobs(pool)
    const cipher = cipherOf(new Map([[1, randomBytes(32)]]), 1, randomBytes(32))
    const clock = () => Math.floor(Date.now() / 1000)
    const deps = {
      pool,
      cipher,
      signers: ministrySigners(),
      origin: 'https://the.moha.gov.vn',
      clock,
      termYears: 5,
      isRestricted: () => false,
    }

    report.note(`started ${new Date().toISOString()}, load average ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores`)
    const seeding = await seconds(() => seedPeople({ pool, cipher }, { people, agencies, root, from: 0, onProgress: () => {} }))
    report({ case: 'seed people', rate: people / seeding, unit: 'people/s' })
    await givePhotos(pool)
    const raw = rawSign()
    const insert = await rawInsert(pool)

    const codes = (await loadAgencyTree(pool)).subtree(root)
    const requests: string[] = []
    const requesting = await seconds(async () => {
      for (;;) {
        const officerIds = await officersToRequest(deps, codes)
        if (officerIds.length === 0) break
        const { requestId } = await requestCards(deps, { maker: { sub: 'maker', name: 'Mẫu' }, agency: root, officerIds })
        if (!requestId) break
        requests.push(requestId)
      }
    })
    report({ case: 'request cards', rate: people / requesting, unit: 'cards/s' })
    const actor = { kind: 'person' as const, sub: 'approver', name: 'Mẫu', roles: new Set<never>(), scopes: new Set<never>(), agency: root }
    for (const id of requests) await approveRequest({ pool }, { actor, id, claimsDigest: await pendingDigest(pool, id), selection: 'all' })
    let peak = 0
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss)
    }, 200)
    const before = process.cpuUsage()
    const issuing = await seconds(async () => {
      const queue = [...requests]
      const work = async () => {
        for (let id = queue.shift(); id; id = queue.shift()) await issueCards(deps, id)
      }
      // One worker process runs two jobs at a time.
      await Promise.all([work(), work()])
    })
    const cpu = process.cpuUsage(before)
    clearInterval(watch)
    const { rows } = await pool.query<{ cards: number }>('select count(*)::int as cards from cards')
    const cards = rows[0]!.cards
    report({ case: 'issue cards, committed with log and status', rate: cards / issuing, unit: 'cards/s', limit: Math.min(raw, insert) })
    report({ case: 'limit: raw ES256 sign, one thread', rate: raw, unit: '1/s' })
    report({ case: 'limit: raw unnest insert of 1,000', rate: insert, unit: 'rows/s' })
    report.note(
      `${cards} cards in ${requests.length} requests; ${Math.round((cpu.user + cpu.system) / cards)} µs of our CPU a card; peak ${peak >> 20} MB`,
    )

    const names = await sampleNames(pool)
    const tree = await loadAgencyTree(pool)
    let at = 0
    const overview = keptCounts(async () => {
      await Promise.all([countCards(pool, codes), countPeople(pool, codes), cardsByAgency(pool, codes, 12)])
    })
    report.note(`overview, counted: ${Math.round(1000 * (await seconds(() => overview(root))))} ms`)
    const latencies: [string, () => Promise<unknown>][] = [
      [
        'search a name',
        () => searchOfficers({ pool, cipher, agencies: tree }, root, { query: names[at++ % names.length]!, limit: 50 } as never),
      ],
      ['overview, kept', () => overview(root)],
    ]
    for (const [name, run] of latencies) {
      const times: number[] = []
      for (let i = 0; i < 50; i++) times.push(1000 * (await seconds(run)))
      times.sort((a, b) => a - b)
      report.note(`${name}: median ${times[25]!.toFixed(1)} ms, p95 ${times[47]!.toFixed(1)} ms`)
    }
    await reportSizes(report, pool, cards)
    report.note(`load average at the end ${loadavg()[0]!.toFixed(1)}`)
  } finally {
    await pool.end()
    await postgres.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Bytes a person of every large table with its indexes, of the log's tiles as files, and of the status lists as served. */
async function reportSizes(report: Report, pool: pg.Pool, cards: number): Promise<void> {
  const { rows } = await pool.query<{ name: string; heap: number; bytes: number }>(
    `select relname as name, pg_table_size(oid) as heap, pg_total_relation_size(oid) as bytes from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'r' order by bytes desc limit 10`,
  )
  const each = rows.map(({ name, heap, bytes }) => `${name} ${Math.round(heap / cards)} + ${Math.round((bytes - heap) / cards)}`)
  report.note(`bytes a card, rows + indexes: ${each.join(', ')}`)
  const { rows: whole } = await pool.query<{ bytes: number }>('select pg_database_size(current_database()) as bytes')
  report.note(`database ${(whole[0]!.bytes / 1e6).toFixed(0)} MB, ${Math.round(whole[0]!.bytes / cards)} bytes a card`)
  const { rows: log } = await pool.query<{ size: number; bytes: number }>(
    'select count(*) as size, sum(octet_length(entry) + 2) as bytes from log_entries',
  )
  const { size, bytes } = log[0]!
  report.note(
    `log: ${size} entries; bundles ${(bytes / size).toFixed(0)} bytes an entry, hash tiles ${((32 * 256) / 255).toFixed(1)} bytes an entry`,
  )
  const { rows: lists } = await pool.query<{ bits: Buffer }>('select bits from status_list_bits order by number')
  const served = lists.reduce((sum, { bits }) => sum + deflateSync(bits).length, 0)
  report.note(
    `status lists: ${lists.length} of ${lists[0]?.bits.length} bytes, ${Math.round(served / lists.length)} deflated (few revoked)`,
  )
}

/** One photo that everybody shares: the bench is of cards, not of pictures. */
async function givePhotos(pool: pg.Pool): Promise<void> {
  const digest = randomBytes(32)
  await pool.query('insert into photos (digest, shown, printed) values ($1, $2, $2)', [digest, randomBytes(64)])
  // Without the triggers of the search index, which photos do not move: they compare a statement's rows with each other.
  await inTransaction(pool, async tx => {
    await tx.query('set local session_replication_role = replica')
    await tx.query('update officers set photo_digest = $1', [digest])
  })
}

async function sampleNames(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>('select search_name as name from officers tablesample system (1) limit 50')
  return rows.length > 0 ? rows.map(row => row.name) : ['nguyen thi thao']
}

function rawSign(): number {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const message = randomBytes(252)
  const start = performance.now()
  for (let i = 0; i < 5000; i++) sign('sha256', message, privateKey)
  return 5000 / ((performance.now() - start) / 1000)
}

/** Rows of a card's size into a table with nothing else, 1,000 a committed statement. */
async function rawInsert(pool: pg.Pool): Promise<number> {
  await pool.query('create table bench_raw (id bytea primary key, body bytea)')
  const time = await seconds(async () => {
    for (let i = 0; i < 20; i++) {
      const ids = Array.from({ length: 1000 }, () => randomBytes(16))
      await pool.query('insert into bench_raw select * from unnest($1::bytea[], $2::bytea[])', [ids, ids.map(() => randomBytes(300))])
    }
  })
  await pool.query('drop table bench_raw')
  return 20_000 / time
}

async function seconds(fn: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await fn()
  return (performance.now() - start) / 1000
}
