import { createServer, type Server } from 'node:http'
import type { RequestHandler } from 'express'
import type { Pool } from 'pg'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { countQueues } from '../jobs/jobsTable.ts'
import { countIssued, readJobWait, readListDelays } from './operationsTable.ts'

/** What operators watch. Labels hold routes' patterns and codes, nothing personal. */
export interface Metrics {
  registry: Registry
  /** The figures now, in Prometheus' text format; without a database, those of this process. */
  text(): Promise<string>
  /** Measures every request by its route's pattern. */
  measureRequests: RequestHandler
  verified(kind: string, verdict: string): void
}

export interface MetricsSources {
  pool: Pool
  /**
   * Entries of the log, whether it is closed, seconds since it was compared with what is public (null: never), how many entries no final
   * anchor covers, for how many seconds the oldest of them has waited, and seconds since the newest anchor (null: never, or no chain).
   */
  log: () => Promise<{
    size: number
    closed: boolean
    comparedSeconds: number | null
    unanchored: number
    anchorWaitSeconds: number
    anchorAgeSeconds: number | null
  }>
  /** Seconds that the database's clock is ahead of this process's. */
  clockDifference: () => Promise<number>
  /** Seconds until citizens see "chưa xác định được" if nobody acts; null when nothing is wrong. */
  amberInSeconds: () => Promise<number | null>
}

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const duration = new Histogram({
    name: 'antin_http_request_seconds',
    help: 'Time of requests by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  })
  const verdicts = new Counter({
    name: 'antin_verifications_total',
    help: 'Verifications by kind and verdict',
    labelNames: ['kind', 'verdict'],
    registers,
  })
  new Gauge({
    name: 'antin_pool_connections',
    help: 'Database connections by state',
    labelNames: ['state'],
    registers,
    collect() {
      const { totalCount, idleCount, waitingCount } = sources.pool
      this.set({ state: 'busy' }, totalCount - idleCount)
      this.set({ state: 'idle' }, idleCount)
      this.set({ state: 'waiting' }, waitingCount)
    },
  })
  // Of the whole installation, read from the database when asked: every process answers the same.
  const failures = new Counter({
    name: 'antin_collect_failures_total',
    help: 'Times that a group of figures could not be read from the database; they are absent then',
    labelNames: ['group'],
    registers,
  })
  const gauge = (name: string, help: string, labelNames: string[] = []) => new Gauge({ name, help, labelNames, registers })
  const issued = new Counter({ name: 'antin_issued_total', help: 'Credentials issued by kind', labelNames: ['kind'], registers })
  const jobs = gauge('antin_jobs', 'Jobs that wait, by task; failed ones have run out of attempts', ['task', 'state'])
  const jobWait = gauge('antin_job_wait_seconds', 'How long the job that is due longest has waited for a worker')
  const logSize = gauge('antin_log_size', 'Entries of the transparency log')
  const logClosed = gauge('antin_log_closed', '1 while the log takes no entries: nothing is issued')
  const compared = gauge('antin_log_compared_seconds', 'Seconds since the log was compared with what is public; +Inf before the first time')
  const clocks = gauge('antin_clock_difference_seconds', "Seconds that the database's clock is ahead of this process's")
  const unanchored = gauge('antin_log_unanchored_entries', 'Entries that no final anchor covers')
  const anchorWait = gauge('antin_anchor_wait_seconds', 'How long the oldest entry has waited for a final anchor; 0 when none waits')
  const anchorAge = gauge('antin_anchor_age_seconds', 'Seconds since a checkpoint was last anchored with finality')
  const publishDelay = gauge('antin_status_publish_delay_seconds', 'How long the oldest status change has waited for a token that shows it')
  const tokenAge = gauge('antin_status_token_age_seconds', 'Age of the oldest status list token; verifiers refuse 900')
  const amber = gauge(
    'antin_amber_seconds',
    'Seconds until citizens see an undetermined verdict if nobody acts; +Inf when nothing is wrong',
  )
  const groups: Record<string, () => Promise<void>> = {
    async issued() {
      const rows = await countIssued(sources.pool)
      issued.reset()
      for (const { kind, issued: count } of rows) issued.inc({ kind }, count)
    },
    async jobs() {
      const [queues, wait] = await Promise.all([countQueues(sources.pool), readJobWait(sources.pool)])
      jobs.reset()
      for (const { task, waiting, failed } of queues) {
        jobs.set({ task, state: 'waiting' }, waiting)
        jobs.set({ task, state: 'failed' }, failed)
      }
      jobWait.set(wait)
    },
    async log() {
      const state = await sources.log()
      logSize.set(state.size)
      logClosed.set(state.closed ? 1 : 0)
      compared.set(state.comparedSeconds ?? Number.POSITIVE_INFINITY)
      unanchored.set(state.unanchored)
      anchorWait.set(state.anchorWaitSeconds)
      anchorAge.set(state.anchorAgeSeconds ?? Number.NaN)
    },
    async status() {
      const delays = await readListDelays(sources.pool)
      publishDelay.set(delays.publishDelay)
      tokenAge.set(delays.tokenAge)
    },
    async clock() {
      clocks.set(await sources.clockDifference())
    },
    async trust() {
      amber.set((await sources.amberInSeconds()) ?? Number.POSITIVE_INFINITY)
    },
  }
  const absent: Record<string, () => void> = {
    issued: () => issued.reset(),
    jobs() {
      jobs.reset()
      jobWait.remove()
    },
    log() {
      for (const figure of [logSize, logClosed, compared, unanchored, anchorWait, anchorAge]) figure.remove()
    },
    status() {
      publishDelay.remove()
      tokenAge.remove()
    },
    clock: () => clocks.remove(),
    trust: () => amber.remove(),
  }
  const collect = async () => {
    for (const [group, read] of Object.entries(groups)) {
      try {
        await read()
      } catch {
        failures.inc({ group })
        absent[group]!()
      }
    }
  }
  return {
    registry,
    async text() {
      await collect()
      return registry.metrics()
    },
    verified: (kind, verdict) => verdicts.inc({ kind, verdict }),
    measureRequests(req, res, next) {
      const end = duration.startTimer()
      res.once('finish', () =>
        end({ method: req.method, route: req.route?.path ? `${req.baseUrl}${String(req.route.path)}` : '(none)', status: res.statusCode }),
      )
      next()
    },
  }
}

/** Serves GET /metrics on a port of its own, away from the public one. */
export function serveMetrics(metrics: Metrics, port: number, host: string): Promise<Server> {
  const server = createServer(async (req, res) => {
    if (req.url !== '/metrics') return void res.writeHead(404).end()
    try {
      const text = await metrics.text()
      res.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text)
    } catch (error) {
      res.writeHead(503).end(`# ${(error as Error).message}\n`)
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
