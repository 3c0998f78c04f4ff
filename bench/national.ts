import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { deflateSync } from 'node:zlib'
import type pg from 'pg'
import { pino } from 'pino'
import { readDemonstration } from '../cli/demonstration.ts'
import { readOperatorConfig } from '../cli/operatorConfig.ts'
import { signedIn } from '../cli/session.ts'
import { shortUrl } from '../core/credential/qr.ts'
import { encodeBase64url } from '../core/encoding/base64url.ts'
import type { AgencyCode } from '../core/identity/agencyCode.ts'
import { listCards } from '../server/cards/cardsTable.ts'
import { openCard } from '../server/cards/readCard.ts'
import { officersToRequest, requestCards } from '../server/cards/requestCards.ts'
import { freePort } from '../server/db/freePort.ts'
import { inTransaction } from '../server/db/transaction.ts'
import { type Installation, openInstallation } from '../server/installation.ts'
import { seedPeople } from '../server/officers/seedPeople.ts'
import { approveRequest } from '../server/requests/decideRequest.ts'
import { pendingDigest } from '../server/requests/requestsTable.ts'
import { formBrowser, signInByForms } from '../server/staff/demonstration/followForms.ts'
import type { Report } from './report.ts'

const argument = (name: string, otherwise: number) =>
  Number(process.argv.find(one => one.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise)
const people = argument('people', 50_000)
const agencies = argument('agencies', 400)
const root = 'G09' as AgencyCode
const looks = 50

/**
 * A nation's cards in the whole product: a demonstration in a process of its own (database with fsync, chain, provider, server, one worker)
 * is given people; they are requested unit by unit and approved, its worker issues the cards, and its pages and API are asked at that size.
 * `--people=2300000 --agencies=4000` is the national size (50,000 in 400 by default).
 */
export async function run(report: Report): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'antin-national-'))
  const io = {
    env: { ANTIN_HOME: home, PORT: String(await freePort()), LOG_LEVEL: 'warn' },
    isTerminal: false,
    out() {},
    err() {},
    progress() {},
  }
  report.note(`started ${new Date().toISOString()}, load average ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores`)
  const product = await startProduct(io.env)
  const installation = await openInstallation(readOperatorConfig(io), pino({ level: 'silent' }))
  try {
    const { pool } = installation
    const seeding = await seconds(() => seedPeople(installation, { people, agencies, root }))
    report({ case: 'seed people', rate: people / seeding, unit: 'people/s' })
    await givePhotos(pool)
    await installation.agencies.refresh(pool)
    const limits = { sign: rawSign(), insert: await rawInsert(pool) }

    const requests: string[] = []
    const requesting = await seconds(async () => {
      for (const unit of [...installation.agencies.children(root), root]) requests.push(...(await requestUnit(installation, unit)))
    })
    report({ case: 'request cards', rate: people / requesting, unit: 'cards/s' })
    const actor = { kind: 'person' as const, sub: 'approver', name: 'MẪU', roles: new Set<never>(), scopes: new Set<never>(), agency: root }
    const issuing = await seconds(async () => {
      for (const id of requests)
        await approveRequest({ pool }, { actor, id, claimsDigest: await pendingDigest(pool, id), selection: 'all' })
      while (await isIssuing(pool)) await sleep(500)
    })
    const { rows } = await pool.query<{ cards: number }>('select count(*) as cards from cards')
    const cards = rows[0]!.cards
    report({
      case: 'issue cards, committed with log and status',
      rate: people / issuing,
      unit: 'cards/s',
      limit: Math.min(limits.sign, limits.insert),
    })
    report({ case: 'limit: raw ES256 sign, one thread', rate: limits.sign, unit: '1/s' })
    report({ case: 'limit: raw unnest insert of 1,000', rate: limits.insert, unit: 'rows/s' })
    report.note(`${cards} cards in ${requests.length} requests; the product's process grew to ${peakMegabytes(product)} MB`)
    await pool.query('analyze')
    await reportLatencies(report, installation, io)
    await reportSizes(report, pool, cards)
    report.note(`load average at the end ${loadavg()[0]!.toFixed(1)}`)
  } finally {
    await installation.close()
    product.kill('SIGTERM')
    await once(product, 'exit')
    rmSync(home, { recursive: true, force: true })
  }
}

async function startProduct(env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['cli/main.ts', 'start'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  while (readDemonstration(env) === null) {
    if (child.exitCode !== null) throw new Error('The demonstration did not start')
    await sleep(500)
  }
  return child
}

/** Asks for cards for everybody of a unit and below, 100,000 at a time. */
async function requestUnit(installation: Installation, unit: AgencyCode): Promise<string[]> {
  const deps = { ...installation, termYears: installation.config.CARD_TERM_YEARS }
  const made: string[] = []
  for (;;) {
    const officerIds = await officersToRequest(deps, installation.agencies.subtree(unit))
    if (officerIds.length === 0) return made
    const { requestId } = await requestCards(deps, { maker: { sub: 'maker', name: 'MẪU' }, agency: unit, officerIds })
    if (!requestId) return made
    made.push(requestId)
  }
}

async function isIssuing(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query("select from requests where status in ('approved', 'running') limit 1")
  return rows.length > 0
}

/** What staff and citizens wait for, over HTTP, one after another. */
async function reportLatencies(report: Report, installation: Installation, io: Parameters<typeof signedIn>[0]): Promise<void> {
  const { pool, cipher, origin } = installation
  const { rows } = await pool.query<{ id: string; name: string }>(
    'select id, search_name as name from officers tablesample system (1) where search_name <> $1 limit $2',
    ['', looks],
  )
  const cards = (await listCards(pool, { agencyIn: null, state: 'active', limit: looks })).map(row => openCard(cipher, row))
  const api = await signedIn(io, { as: 'maker' })
  const browser = formBrowser()
  const person = readDemonstration(io.env)!.signIns.find(one => one.role === 'maker')!
  await signInByForms(`${origin}/signin?return=/console/requests`, person, undefined, browser)
  const page = async (path: string) => {
    const { status, text } = await browser.go(`${origin}${path}`)
    if (status !== 200 || text.includes('type="password"')) throw new Error(`${path}: ${status}`)
  }
  const verify = (body: object) => async () => {
    const answer = await api.post<{ verdict: string }>('/api/verifications', body)
    if (answer.verdict !== 'valid') throw new Error(`a card is ${answer.verdict}`)
  }
  report.note(`overview, first look (counts everything): ${Math.round(1000 * (await seconds(() => page('/console'))))} ms`)
  const asked: [string, (at: number) => () => Promise<unknown>][] = [
    ['search a name', at => () => api.post('/api/officers/search', { query: rows[at]!.name })],
    ['search a surname and a given name', at => () => api.post('/api/officers/search', { query: outerWords(rows[at]!.name) })],
    ["a person's page", at => () => page(`/console/officers/${rows[at]!.id}`)],
    ['overview', () => () => page('/console')],
    ['verify a sealed card', at => verify({ credential: encodeBase64url(cards[at]!.sealedBytes) })],
    ['verify a short QR', at => verify({ token: encodeBase64url(cards[at]!.token) })],
    ['page of a short QR', at => () => page(new URL(shortUrl(origin, cards[at]!.token)).pathname)],
  ]
  for (const [name, ask] of asked) {
    const times: number[] = []
    for (let at = 0; at < looks; at++) times.push(1000 * (await seconds(ask(at))))
    times.sort((a, b) => a - b)
    report.note(`${name}: median ${times[looks / 2]!.toFixed(1)} ms, p95 ${times[Math.floor(looks * 0.95)]!.toFixed(1)} ms`)
  }
}

const outerWords = (name: string) => `${name.split(' ')[0]} ${name.split(' ').at(-1)}`

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
  for (let after: string | null = '00000000-0000-0000-0000-000000000000'; after !== null; ) {
    // Without the triggers of the search index, which photos do not move: they compare a statement's rows with each other.
    after = await inTransaction(pool, async tx => {
      await tx.query('set local session_replication_role = replica')
      const { rows } = await tx.query<{ last: string | null }>(
        `with part as (select id from officers where id > $2 order by id limit 50000),
           given as (update officers set photo_digest = coalesce(photo_digest, $1) where id in (select id from part))
         select max(id::text) as last from part`,
        [digest, after],
      )
      return rows[0]!.last
    })
  }
}

/** Highest resident memory of a process so far. */
function peakMegabytes({ pid }: ChildProcess): number {
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
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
