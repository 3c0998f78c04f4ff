import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Logger, pino } from 'pino'
import type { CliIo } from './io.ts'

/** `antin serve`: the web server; any number may run. TERM drains it: /readyz says so, running requests end, then it stops. */
export async function serve(args: string[], io: CliIo): Promise<number> {
  const { installation, composition } = await open(args, io)
  const { config, logger } = installation
  await composition.compareAtStart(installation)
  const web = await composition.composeWeb(installation)
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key } = config
  const server = composition.createWebServer(web.app, logger, cert && key ? { cert, key } : undefined)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(config.PORT, config.HOST, resolve))
  const metrics = config.METRICS_PORT === undefined ? null : await composition.serveMetrics(web.metrics, config.METRICS_PORT, config.HOST)
  const stopSigning = composition.keepCheckpointFresh(installation)
  const stopComparing = composition.keepCompared(installation)
  let draining = false
  // While it drains every answer ends its connection, so that none is kept on which a request could arrive too late.
  server.prependListener('request', (_req, res) => {
    if (draining) res.setHeader('Connection', 'close')
  })
  logger.info({ host: config.HOST, port: config.PORT, publicUrl: installation.origin }, 'serving')
  await stopSignal()
  logger.info('draining')
  web.drain()
  draining = true
  // A balancer asks /readyz again before connections are refused.
  await sleep(config.ANTIN_DRAIN_MS)
  stopSigning()
  stopComparing()
  metrics?.close()
  await new Promise<void>(resolve => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 30_000).unref()
  })
  await installation.close()
  return 0
}

/** `antin work`: the jobs and the anchoring; any number may run. TERM lets running jobs end. */
export async function work(args: string[], io: CliIo): Promise<number> {
  const { installation, composition } = await open(args, io)
  await composition.compareAtStart(installation)
  surviveLostConnections(installation.logger)
  const { tasks, crontab } = composition.composeTasks(installation)
  const worker = await composition.startWorker({ pool: installation.pool, logger: installation.logger, tasks, crontab })
  const stopSigning = composition.keepCheckpointFresh(installation)
  const stopComparing = composition.keepCompared(installation)
  const stopAnchoring = composition.keepAnchored(installation)
  const stopWitnessing = composition.keepWitnessed(installation)
  installation.logger.info({ tasks: Object.keys(tasks) }, 'working')
  await stopSignal()
  stopSigning()
  stopComparing()
  stopAnchoring()
  stopWitnessing()
  await worker.stop()
  await installation.close()
  return 0
}

/** `antin migrate`: brings the database up to date and makes the keys that are missing; says what was done. */
export async function migrateDatabase(args: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' } } })
  const { readOperatorConfig } = await import('./operatorConfig.ts')
  const { createPool } = await import('../server/db/pool.ts')
  const { migrate } = await import('../server/db/migrate.ts')
  const { migrateJobs } = await import('../server/jobs/worker.ts')
  const { logDescription, openInstallation } = await import('../server/installation.ts')
  const { formatVerifierKey } = await import('../core/log/verifierKey.ts')
  const config = readOperatorConfig(io)
  const { CliError } = await import('./io.ts')
  if (!config.DATABASE_URL) throw new CliError('DATABASE_URL names no database.', 64)
  const pool = createPool(config.DATABASE_URL, { max: 1 })
  const applied = await migrate(pool)
  await migrateJobs(pool)
  await pool.end()
  const installation = await openInstallation(config, pino({ level: 'silent' }), { makeSecrets: true })
  const { noteLog } = await import('../server/trust/trustNetworkTable.ts')
  await noteLog(installation.pool, logDescription(installation, installation.clock()))
  const [log, anchorSigner] = [formatVerifierKey(installation.logKey), installation.anchorSigner.address]
  if (values.json) io.out(JSON.stringify({ applied, log, anchorSigner }))
  else {
    io.out(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`)
    io.out(`Log: ${log}`)
    io.out(`Anchor signer: ${anchorSigner}`)
  }
  await installation.close()
  return 0
}

async function open(args: string[], io: CliIo) {
  // Its log is JSON lines with and without it.
  parseArgs({ args, options: { json: { type: 'boolean' } } })
  const { readOperatorConfig } = await import('./operatorConfig.ts')
  const config = readOperatorConfig(io)
  const { openInstallation } = await import('../server/installation.ts')
  const { composeWeb } = await import('../server/main.ts')
  const { composeTasks } = await import('../server/composeTasks.ts')
  const { compareAtStart, keepAnchored, keepCheckpointFresh, keepCompared, keepWitnessed } = await import('../server/keepers.ts')
  const { startWorker } = await import('../server/jobs/worker.ts')
  const { serveMetrics } = await import('../server/operations/metrics.ts')
  const { createWebServer } = await import('../server/http/webServer.ts')
  const installation = await openInstallation(config, pino({ level: config.LOG_LEVEL }))
  return {
    installation,
    composition: {
      compareAtStart,
      composeTasks,
      composeWeb,
      keepAnchored,
      keepCheckpointFresh,
      keepCompared,
      keepWitnessed,
      startWorker,
      serveMetrics,
      createWebServer,
    },
  }
}

/**
 * graphile-worker leaves a rejection unhandled when the database goes away while it returns jobs; `startWorker` follows a runner that
 * gave up with another, so a lost connection must not end the process. Anything else still does.
 */
function surviveLostConnections(logger: Logger): void {
  process.on('unhandledRejection', reason => {
    const { code = '', message = '' } = reason as { code?: string; message?: string }
    if (
      !/^(08|57P)|^E(CONN|PIPE|TIMEDOUT)/.test(code) &&
      !/connection (terminated|timeout|ended)|timeout exceeded when trying to connect/i.test(message)
    )
      throw reason
    logger.warn({ err: reason }, 'database connection lost')
  })
}

function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}
