import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { dirname } from 'node:path'
import { pino } from 'pino'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { readContracts } from '../anchoring/contractsTable.ts'
import { redeployForDevelopment } from '../anchoring/deployCheckpointLog.ts'
import { startDevelopmentChain } from '../anchoring/developmentChain.ts'
import { listCards } from '../cards/cardsTable.ts'
import { composeTasks } from '../composeTasks.ts'
import { type Config, homePath } from '../config.ts'
import { startEmbeddedPostgres } from '../db/embeddedPostgres.ts'
import { migrate } from '../db/migrate.ts'
import { createPool } from '../db/pool.ts'
import { holdsDiploma } from '../diplomas/diplomasTable.ts'
import { createWebServer } from '../http/webServer.ts'
import { resumeImports } from '../imports/importTasks.ts'
import { type Installation, logDescription, openInstallation } from '../installation.ts'
import { migrateJobs, startWorker } from '../jobs/worker.ts'
import { compareAtStart, keepAnchored, keepCheckpointFresh, keepCompared } from '../keepers.ts'
import { composeWeb } from '../main.ts'
import { openPrivate } from '../officers/officerPrivate.ts'
import { readOfficersById } from '../officers/officersTable.ts'
import { serveMetrics } from '../operations/metrics.ts'
import { startDemonstrationProvider } from '../staff/demonstration/provider.ts'
import { forgetTokens } from '../status-lists/statusListsTable.ts'
import { createDemonstrationTrust, republishDemonstrationTrust } from '../trust/demonstrationTrust.ts'
import { noteLog, readTrustNetwork, type TrustNetwork } from '../trust/trustNetworkTable.ts'
import { type DemonstrationFile, describeDemonstration } from './describeDemonstration.ts'
import { holdHome } from './holdHome.ts'
import { loadAgencies, loadMinistry } from './loadMinistry.ts'
import { demonstrationClients, demonstrationUsers } from './people.ts'
import { choosePorts } from './ports.ts'

export interface Demonstration {
  file: DemonstrationFile
  /** Stops everything that was started, in turn; what runs is let end. */
  stop(): Promise<void>
}

/**
 * Starts everything on 127.0.0.1: PostgreSQL, chain, identity provider, server and jobs, and loads the demonstration ministry the first
 * time. `progress` gets a line a step. What was started is stopped again when a step fails.
 */
export async function runDemonstration(
  config: Config,
  wantedPort: number | undefined,
  progress: (line: string) => void,
): Promise<Demonstration> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one()
  }
  try {
    const file = await start(config, wantedPort, progress, stops)
    return { file, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  base: Config,
  wantedPort: number | undefined,
  progress: (line: string) => void,
  stops: (() => Promise<unknown>)[],
): Promise<DemonstrationFile> {
  mkdirSync(base.ANTIN_HOME, { recursive: true })
  stops.push(holdHome(homePath(base, 'start.pid')))
  const ports = await choosePorts(homePath(base, 'ports.json'), wantedPort)
  const logger = pino({ level: base.LOG_LEVEL }, pino.destination({ dest: homePath(base, 'antin.log'), sync: false }))
  progress('database')
  const postgres = await startEmbeddedPostgres(homePath(base, 'postgres'), ports.postgres)
  stops.push(() => postgres.stop())
  const consoleSecret = kept(homePath(base, 'demonstration', 'console-secret'), () => randomBytes(32).toString('hex'))
  const config: Config = {
    ...base,
    PORT: ports.web,
    PUBLIC_URL: `http://localhost:${ports.web}`,
    LOG_ORIGIN: kept(homePath(base, 'demonstration', 'log-origin'), () => `localhost:${ports.web}/log`),
    DATABASE_URL: postgres.url,
    OIDC_ISSUER: `http://localhost:${ports.provider}`,
    OIDC_CLIENT_SECRET: consoleSecret,
    KEY_WAIT_HOURS: 0,
    CHAIN_RPC_URLS: base.CHAIN === 'none' ? [] : [`http://127.0.0.1:${ports.chain}`],
    ANCHOR_INTERVAL_SECONDS: 10,
  }
  keepSettings(config)
  const pool = createPool(postgres.url, { max: 1 })
  await migrate(pool)
  await migrateJobs(pool)
  await pool.end()
  const installation = await openInstallation(config, logger, { makeSecrets: true })
  stops.push(() => installation.close())

  // A list says in its token where it is published: at another address the tokens are signed anew.
  if (movedTo(homePath(config, 'demonstration', 'public-url'), installation.origin)) await forgetTokens(installation.pool)

  // The chain of before is gone; the contract that follows is compared with from then on.
  await compareAtStart({ ...installation, nodes: [] }, { alone: true })

  progress('jobs')
  const { tasks, crontab } = composeTasks(installation)
  const worker = await startWorker({ pool: installation.pool, logger, tasks, crontab })
  stops.push(() => worker.stop())
  await resumeImports(installation, 0)
  const stopSigning = keepCheckpointFresh(installation)
  stops.push(async () => stopSigning())
  const stopComparing = keepCompared(installation)
  stops.push(async () => stopComparing())

  if (installation.agencies.all().length === 0) {
    progress('agencies')
    await loadAgencies(installation)
  }
  const contract = config.CHAIN === 'none' ? null : await startChain(installation, ports.chain, progress, stops)
  progress('trust')
  await noteLog(installation.pool, logDescription(installation, installation.clock()))
  const trustDeps = {
    ...installation,
    home: config.ANTIN_HOME,
    publicUrl: installation.origin,
    network: async () => network(installation),
  }
  const trust = await createDemonstrationTrust({
    ...trustDeps,
    agencies: [{ code: 'G09' as AgencyCode }, { code: 'G09.22' as AgencyCode, uses: ['document'] }],
  })
  const republish = setInterval(
    () => republishDemonstrationTrust(trustDeps).catch(error => logger.error({ err: error }, 'trust not published')),
    5000,
  )
  republish.unref()
  stops.push(async () => clearInterval(republish))

  const cards = await listCards(installation.pool, { agencyIn: null, limit: 1 })
  if (cards.length === 0) await loadMinistry(installation, progress)

  progress('server')
  const users = demonstrationUsers(await holderNumber(installation))
  const clients = demonstrationClients(consoleSecret)
  const provider = await startDemonstrationProvider({
    port: ports.provider,
    issuer: config.OIDC_ISSUER!,
    publicUrl: installation.origin,
    users,
    clients,
    stateDir: homePath(config, 'demonstration'),
    audience: config.API_AUDIENCE,
    stepUpAcr: config.OIDC_STEP_UP_ACR,
  })
  stops.push(() => provider.close())
  const web = await composeWeb(installation, { demonstration: true })
  const server = createWebServer(web.app, logger)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(ports.web, '127.0.0.1', resolve))
  stops.push(() => closeServer(server))
  if (config.METRICS_PORT !== undefined) {
    const metrics = await serveMetrics(web.metrics, config.METRICS_PORT, '127.0.0.1')
    stops.push(() => closeServer(metrics))
  }

  const { clientId, clientSecret } = clients.machines[0]!
  const file = await describeDemonstration(installation, {
    users,
    chain: contract,
    trustRoot: trust.pin,
    machine: { clientId, clientSecret },
  })
  writeFileSync(homePath(config, 'demo.json'), `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  return file
}

/** Keeps the settings for operators' commands (`antin doctor`, `antin backup` …) beside the demonstration. */
function keepSettings(config: Config): void {
  const { PORT, PUBLIC_URL, LOG_ORIGIN, DATABASE_URL, OIDC_ISSUER, OIDC_CLIENT_SECRET, KEY_WAIT_HOURS, CHAIN, CHAIN_RPC_URLS } = config
  const settings = {
    PORT: String(PORT),
    PUBLIC_URL,
    LOG_ORIGIN,
    DATABASE_URL,
    OIDC_ISSUER,
    OIDC_CLIENT_SECRET,
    KEY_WAIT_HOURS: String(KEY_WAIT_HOURS),
    CHAIN,
  }
  writeFileSync(
    homePath(config, 'demonstration', 'settings.json'),
    JSON.stringify({ ...settings, CHAIN_RPC_URLS: CHAIN_RPC_URLS.join(',') }),
    { mode: 0o600 },
  )
}

/** Starts the chain, which forgets when it stops, with the contract deployed anew, and anchors from now on. */
async function startChain(
  installation: Installation,
  port: number,
  progress: (line: string) => void,
  stops: (() => Promise<unknown>)[],
): Promise<DemonstrationFile['chain']> {
  progress('chain')
  const { pool, payer, anchorSigner, logKey } = installation
  const chain = await startDevelopmentChain(port)
  stops.push(() => chain.close())
  await chain.fund(payer.address)
  const deployment = { origin: logKey.name, admin: payer.address, adminDelay: 48 * 3600, anchorSigner: anchorSigner.address }
  const { address, chainId } = await redeployForDevelopment({ pool, node: chain.node, payer, bytecode: chain.bytecode }, deployment)
  const stopAnchoring = keepAnchored(installation)
  stops.push(async () => stopAnchoring())
  return { rpc: chain.url, contract: address, chainId }
}

/** What the demonstration's trust list names: its one log, and the contracts that hold its checkpoints. */
async function network({ pool }: Installation): Promise<TrustNetwork> {
  return readTrustNetwork(pool, { anchors: await readContracts(pool), quorum: 0 })
}

/** The personal number of the officer who signs in as `holder`: one with a card, and a diploma where any has both. */
async function holderNumber({ pool, cipher }: Installation): Promise<string> {
  const cards = await listCards(pool, { agencyIn: null, state: 'active', limit: 100 })
  const people = await readOfficersById(
    pool,
    cards.map(card => card.officerId),
  )
  let found = people[0]
  for (const person of people) {
    if (!(await holdsDiploma(pool, person.personalNumberIndex))) continue
    found = person
    break
  }
  return found ? openPrivate(cipher, found.private).personalNumber : ''
}

/** Whether the address is another than at the start before. */
function movedTo(file: string, origin: string): boolean {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : origin
  writeFileSync(file, origin)
  return before !== origin
}

/** A value made at the first start and the same ever after. */
function kept(file: string, make: () => string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, `${make()}\n`, { mode: 0o600 })
  }
  return readFileSync(file, 'utf8').trim()
}

function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 2000).unref()
  })
}
