import { createServer, type Server } from 'node:http'
import type { RequestHandler } from 'express'
import type { Pool } from 'pg'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { countQueues } from '../jobs/jobsTable.ts'

/** What operators watch. Labels hold routes' patterns and codes, nothing personal. */
export interface Metrics {
  registry: Registry
  /** Measures every request by its route's pattern. */
  measureRequests: RequestHandler
  verified(kind: string, verdict: string): void
}

export interface MetricsSources {
  pool: Pool
  /** Entries of the log, and seconds since its newest checkpoint was anchored (null: never, or no chain). */
  log: () => Promise<{ size: number; anchorAgeSeconds: number | null }>
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
  new Gauge({
    name: 'antin_jobs',
    help: 'Jobs that wait, by task; failed ones have run out of attempts',
    labelNames: ['task', 'state'],
    registers,
    async collect() {
      this.reset()
      for (const { task, waiting, failed } of await countQueues(sources.pool)) {
        this.set({ task, state: 'waiting' }, waiting)
        this.set({ task, state: 'failed' }, failed)
      }
    },
  })
  const anchorAge = new Gauge({
    name: 'antin_anchor_age_seconds',
    help: 'Seconds since a checkpoint was last anchored with finality',
    registers,
  })
  new Gauge({
    name: 'antin_log_size',
    help: 'Entries of the transparency log',
    registers,
    async collect() {
      const { size, anchorAgeSeconds } = await sources.log()
      this.set(size)
      anchorAge.set(anchorAgeSeconds ?? Number.NaN)
    },
  })
  return {
    registry,
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
export function serveMetrics(registry: Registry, port: number, host: string): Promise<Server> {
  const server = createServer(async (req, res) => {
    if (req.url !== '/metrics') return void res.writeHead(404).end()
    try {
      const text = await registry.metrics()
      res.writeHead(200, { 'content-type': registry.contentType }).end(text)
    } catch (error) {
      res.writeHead(503).end(`# ${(error as Error).message}\n`)
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
