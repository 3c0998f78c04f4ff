import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import express from 'express'
import { pino } from 'pino'
import request from 'supertest'
import { auditJsonLine, auditSyslogLine } from '../../server/audit/auditLine.ts'
import { readAuditInOrder, recordAudit } from '../../server/audit/auditTable.ts'
import { createPool } from '../../server/db/pool.ts'
import { migrateJobs } from '../../server/jobs/worker.ts'
import { createMetrics } from '../../server/operations/metrics.ts'
import { forgetWhatIsPast } from '../../server/operations/retention.ts'
import { openTraces } from '../../server/operations/traces.ts'
import { useDatabase } from '../support/database.ts'

const db = useDatabase()
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const rules = { auditMonths: 24, importRowDays: 30, lookupDays: 1 }
const now = () => Math.floor(Date.now() / 1000)

test('what is past its time goes, and nothing sooner', async () => {
  await db.pool.query("insert into agencies (code, name_vi, valid_from) values ('G09', 'Bộ Nội vụ', '2020-01-01')")
  await db.pool.query(
    `insert into audit (at, actor, actor_name, action) select now() - interval '24 months' + n * interval '1 hour', 'a', 'A', 'x.done'
     from generate_series(-50, 50) n where n <> 0`,
  )
  await db.pool.query(
    "insert into idempotency_keys (owner, key, request_digest, created_at) select 'o', n::text, sha256(n::text::bytea), now() - n * interval '13 hours' from generate_series(0, 3) n",
  )
  await db.pool.query(
    `insert into sessions (id_hash, sub, name, roles, agency_code, csrf, last_seen_at, expires_at)
     select sha256(n::text::bytea), 's', 'S', '{}', 'G09', '', now(), now() + n * interval '1 hour' from generate_series(-1, 1, 2) n`,
  )
  await db.pool.query(
    "insert into kept_forms (id, sub, path, form, created_at) select gen_random_uuid(), 's', '/', '', now() - n * interval '40 minutes' from generate_series(0, 2) n",
  )
  await db.pool.query(
    "insert into lookup_counts (key, day) select sha256(n::text::bytea), (now() at time zone 'Asia/Ho_Chi_Minh')::date - n from generate_series(-1, 9) n",
  )
  const { rows: imports } = await db.pool.query<{ id: string }>(
    `insert into imports (id, agency_code, maker, maker_name, may, file_name, state, finished_at)
     select gen_random_uuid(), 'G09', 'm', 'M', '{}', 'f', 'done', now() - n * interval '1 day' from unnest(array[29, 31]) n returning id`,
  )
  for (const { id } of imports)
    await db.pool.query("insert into import_rows (import_id, seq, outcome, sealed) select $1, n, 'new', '' from generate_series(1, 20) n", [
      id,
    ])

  await Promise.all([forgetWhatIsPast({ pool: db.pool, clock: now }, rules), forgetWhatIsPast({ pool: db.pool, clock: now }, rules)])

  const counted = async (sql: string) => (await db.pool.query<{ n: number }>(`select count(*)::int as n from ${sql}`)).rows[0]!.n
  expect(await counted("audit where action = 'x.done'")).toBe(50)
  expect(await counted("audit where action = 'audit.forgotten'")).toBeGreaterThanOrEqual(1)
  expect(await counted('idempotency_keys')).toBe(2)
  expect(await counted('sessions')).toBe(1)
  expect(await counted('kept_forms')).toBe(2)
  expect(await counted('lookup_counts')).toBeLessThanOrEqual(3)
  expect(await counted('lookup_counts')).toBeGreaterThanOrEqual(2)
  expect(await counted('import_rows')).toBe(20)
})

test('the audit lets go of no line of the last 24 months, whoever asks', async () => {
  await recordAudit(db.pool, { actor: 'system', action: 'y.done' })
  const client = await db.pool.connect()
  try {
    await client.query("select set_config('antin.retention', 'on', false)")
    await expect(client.query("delete from audit where action = 'y.done'")).rejects.toThrow('append only')
    await expect(client.query("update audit set action = 'z'")).rejects.toThrow('append only')
    await client.query("select set_config('antin.retention', '', false)")
    await db.pool.query("insert into audit (at, actor, actor_name, action) values (now() - interval '30 months', 'a', 'A', 'old.done')")
    await expect(client.query("delete from audit where action = 'old.done'")).rejects.toThrow('append only')
    await expect(client.query('truncate audit')).rejects.toThrow('append only')
  } finally {
    client.release()
  }
})

test('the audit is exported line by line in its order; syslog lines are escaped as RFC 5424 6.3.3 says and never break', async () => {
  const hostile = 'A "quoted" \\ [bracket]\r\nnot a second message'
  await recordAudit(db.pool, {
    actor: { sub: 'u1', name: hostile },
    action: 'card.suspended',
    agency: 'G09',
    subject: 'card:1',
    leafIndex: 7,
  })
  const rows = await readAuditInOrder(db.pool, { after: 0, limit: 1000 })
  expect(rows.map(row => row.id)).toEqual(rows.map(row => row.id).toSorted((a, b) => a - b))
  const row = rows.at(-1)!
  expect(JSON.parse(auditJsonLine(row))).toMatchObject({
    at: row.at.toISOString(),
    id: row.id,
    actorName: hostile,
    action: 'card.suspended',
  })
  const line = auditSyslogLine(row, 'máy chủ 1')
  expect(line).not.toMatch(/[\r\n]/)
  expect(line.startsWith(`<110>1 ${row.at.toISOString()} mych1 antin - card.suspended [antin@32473 id="${row.id}" actor="u1" `)).toBe(true)
  expect(line).toContain('actorName="A \\"quoted\\" \\\\ [bracket\\] not a second message"')
  expect(line).toContain('detail="{}"] \uFEFFA "quoted"')
  expect(await readAuditInOrder(db.pool, { after: row.id, limit: 10 })).toEqual([])
})

test('metrics are of the whole installation; without its database those of the process remain', async () => {
  await migrateJobs(db.pool)
  const pool = createPool(db.url, { max: 2, connectionTimeoutMillis: 500 })
  const metrics = createMetrics({
    pool,
    log: async () => ({ size: 12, closed: false, comparedSeconds: null, unanchored: 3, anchorWaitSeconds: 40, anchorAgeSeconds: 60 }),
    clockDifference: async () => -2,
    amberInSeconds: async () => null,
  })
  metrics.verified('card', 'valid')
  const text = await metrics.text()
  for (const line of [
    'antin_verifications_total{kind="card",verdict="valid"} 1',
    'antin_log_size 12',
    'antin_log_compared_seconds +Inf',
    'antin_clock_difference_seconds -2',
    'antin_log_unanchored_entries 3',
    'antin_anchor_wait_seconds 40',
    'antin_anchor_age_seconds 60',
    'antin_amber_seconds +Inf',
    'antin_status_publish_delay_seconds 0',
    'antin_job_wait_seconds 0',
  ])
    expect(text.split('\n')).toContain(line)
  await pool.end()
  const without = await metrics.text()
  expect(without).toMatch(/^antin_collect_failures_total\{group="status"\} 1$/m)
  expect(without).not.toMatch(/^antin_status_publish_delay_seconds /m)
  expect(without).toMatch(/^antin_verifications_total\{kind="card",verdict="valid"\} 1$/m)
})

test('a request is a span below its caller, its work a span below it, sent as OTLP JSON without path or query', async () => {
  const bodies: string[] = []
  const collector = createServer((req, res) => {
    let body = ''
    req.on('data', chunk => (body += chunk))
    req.on('end', () => {
      bodies.push(`${req.url} ${body}`)
      res.end('{}')
    })
  })
  servers.push(collector)
  await new Promise<void>(resolve => collector.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const traces = await openTraces({ endpoint, serviceName: 'antin', ratio: 1, logger: pino({ level: 'silent' }) })
  const app = express()
  app.use(traces.traceRequests)
  app.get('/t/:token', async (_req, res) => {
    await traces.trace('verify', 'internal', async () => undefined)
    res.sendStatus(503)
  })
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  await request(app).get('/t/secret?q=secret').set('traceparent', `00-${trace}-00f067aa0ba902b7-01`)
  await request(app).get('/t/unsampled').set('traceparent', `00-${trace}-00f067aa0ba902b7-00`)
  await new Promise(resolve => setTimeout(resolve, 500))
  await traces.close()
  expect(bodies).toHaveLength(1)
  expect(bodies[0]).toMatch(/^\/v1\/traces /)
  expect(bodies[0]).not.toContain('secret')
  const sent = JSON.parse(bodies[0]!.slice('/v1/traces '.length))
  const [inner, outer] = sent.resourceSpans[0].scopeSpans[0].spans
  expect(sent.resourceSpans[0].scopeSpans[0].spans).toHaveLength(2)
  expect(outer).toMatchObject({ traceId: trace, parentSpanId: '00f067aa0ba902b7', name: 'GET /t/:token', kind: 2, status: { code: 2 } })
  expect(inner).toMatchObject({ traceId: trace, parentSpanId: outer.spanId, name: 'verify', kind: 1, status: { code: 0 } })
  expect(BigInt(outer.endTimeUnixNano) >= BigInt(outer.startTimeUnixNano)).toBe(true)
})

test('a collector that is down costs nothing but spans', async () => {
  const traces = await openTraces({ endpoint: 'http://127.0.0.1:9', serviceName: 'antin', ratio: 1, logger: pino({ level: 'silent' }) })
  expect(await traces.trace('x', 'internal', async () => 1)).toBe(1)
  await expect(traces.trace('x', 'internal', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await traces.close()
})
