import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { readContracts } from '../../server/anchoring/contractsTable.ts'
import { redeployForDevelopment } from '../../server/anchoring/deployCheckpointLog.ts'
import { rpcNode } from '../../server/anchoring/rpcNode.ts'
import { readConfig } from '../../server/config.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../server/db/embeddedPostgres.ts'
import { freePort } from '../../server/db/freePort.ts'
import { migrate } from '../../server/db/migrate.ts'
import { createPool } from '../../server/db/pool.ts'
import { demonstrationClients, demonstrationUsers } from '../../server/demonstration/people.ts'
import { type Installation, logDescription, openInstallation } from '../../server/installation.ts'
import { migrateJobs } from '../../server/jobs/worker.ts'
import { seedPeople } from '../../server/officers/seedPeople.ts'
import { createDemonstrationTrust } from '../../server/trust/demonstrationTrust.ts'
import { noteLog } from '../../server/trust/trustNetworkTable.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import { Child } from './child.ts'
import { type FakeClocks, fakeClocks } from './fakeClocks.ts'
import { type FaultyProxy, startFaultyProxy } from './faultyProxy.ts'

const temporary = '/tmp/faults'
const people = 4000

/** An installation of many processes on 127.0.0.1, every line between them open to faults. */
export interface Cluster {
  readonly home: string
  readonly origin: string
  readonly issuer: string
  readonly trustRoot: string
  readonly machine: { clientId: string; clientSecret: string }
  /** Looks at the database directly, past the faulty line, and holds the keys. */
  readonly installation: Installation
  readonly officerIds: readonly string[]
  /** What every process of the installation is started with. */
  readonly env: Record<string, string>
  readonly serverPorts: readonly number[]
  readonly servers: readonly [Child, Child]
  readonly workers: readonly [Child, Child]
  readonly provider: Child
  readonly chain: Child
  readonly databaseLine: FaultyProxy
  readonly chainLine: FaultyProxy
  readonly balancer: Balancer
  /** Folder of a tmpfs that holds the database; null where none can be mounted. */
  readonly smallDisk: string | null
  /** Kills postmaster and backends. */
  killPostgres(): Promise<void>
  startPostgres(env?: Record<string, string>): Promise<void>
  /** Folder of the database; where it is small, another disk than `home`. */
  readonly postgresDir: string
  /** What a process is started with so that `set` moves its clock; null where libfaketime is not installed. */
  readonly clocks: FakeClocks | null
  /** Waits for the chain and deploys the contract on it, as an operator does after a development chain forgot. */
  deployContract(): Promise<void>
  close(): Promise<void>
}

export async function openCluster(progress: (line: string) => void): Promise<Cluster> {
  mkdirSync(temporary, { recursive: true })
  const home = mkdtempSync(join(temporary, 'home-'))
  const dataDir = join(home, 'data')
  mkdirSync(dataDir)
  const smallDisk = mountSmall(dataDir) ? dataDir : null
  const [postgresPort, webPort, onePort, otherPort, chainPort, providerPort] = await Promise.all(
    Array.from({ length: 6 }, () => freePort()),
  )
  const log = (name: string) => join(home, `${name}.log`)
  progress('PostgreSQL')
  let postgres: EmbeddedPostgres = await startEmbeddedPostgres(join(dataDir, 'postgres'), postgresPort!)
  const databaseLine = await startFaultyProxy(postgresPort!)
  const chainLine = await startFaultyProxy(chainPort!)
  const origin = `http://localhost:${webPort}`
  const issuer = `http://localhost:${providerPort}`
  const secret = randomBytes(16).toString('hex')
  const env: Record<string, string> = {
    ANTIN_HOME: home,
    PUBLIC_URL: origin,
    DATABASE_URL: `postgres://antin@127.0.0.1:${databaseLine.port}/postgres`,
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_SECRET: secret,
    KEY_WAIT_HOURS: '0',
    CHAIN_RPC_URLS: `http://127.0.0.1:${chainLine.port}`,
    ANCHOR_INTERVAL_SECONDS: '2',
    ANTIN_DRAIN_MS: '2000',
    LOG_LEVEL: 'warn',
    TRUST_PROXY: '1',
  }
  const setUp = createPool(postgres.url, { max: 1 })
  await migrate(setUp)
  await migrateJobs(setUp)
  await setUp.end()
  const installation = await openInstallation(readConfig({ ...env, DATABASE_URL: postgres.url }), pino({ level: 'silent' }), {
    makeSecrets: true,
  })
  const { pool, cipher } = installation
  await noteLog(pool, logDescription(installation, 1_500_000_000))
  progress('people')
  await seedPeople({ pool, cipher }, { people, agencies: 5, root: 'G09' as AgencyCode })
  const photo = randomBytes(32)
  await pool.query('insert into photos (digest, shown, printed) values ($1, $2, $2)', [photo, randomBytes(64)])
  await pool.query('update officers set photo_digest = $1', [photo])
  await installation.agencies.refresh(pool)
  const { rows } = await pool.query<{ id: string }>('select id from officers order by id')

  progress('chain')
  const chain = new Child('chain', { args: ['test/faults/chainProcess.ts', String(chainPort)], env: {}, logFile: log('chain') })
  chain.start()
  const node = rpcNode(`http://127.0.0.1:${chainPort}`, { timeoutMs: 2000 })
  const deployContract = async () => {
    for (let i = 0; ; i++) {
      try {
        await node.request('eth_chainId')
        break
      } catch (error) {
        if (i > 200) throw error
        await sleep(300)
      }
    }
    const { payer, anchorSigner, logKey } = installation
    await node.request('hardhat_setBalance', [payer.address, `0x${(10n ** 20n).toString(16)}`])
    const { bytecode } = JSON.parse(readFileSync('.antin/build/artifacts/contracts/CheckpointLog.sol/CheckpointLog.json', 'utf8')) as {
      bytecode: string
    }
    const deployment = { origin: logKey.name, admin: payer.address, adminDelay: 48 * 3600, anchorSigner: anchorSigner.address }
    await redeployForDevelopment({ pool, node, payer, bytecode }, deployment)
  }
  await deployContract()
  progress('trust')
  const trust = await createDemonstrationTrust({
    ...installation,
    home,
    publicUrl: origin,
    network: async () => ({
      logs: [logDescription(installation, 1_500_000_000)],
      anchors: await readContracts(pool),
      witnesses: [],
      quorum: 0,
    }),
    agencies: [{ code: 'G09' as AgencyCode }],
  })

  const clients = demonstrationClients(secret)
  const provider = new Child('provider', {
    args: [
      'test/faults/providerProcess.ts',
      JSON.stringify({
        port: providerPort,
        issuer,
        publicUrl: origin,
        users: demonstrationUsers(''),
        clients,
        stateDir: join(home, 'provider'),
      }),
    ],
    env: {},
    logFile: log('provider'),
  })
  provider.start()
  const antin = (name: string, command: string, port?: number) =>
    new Child(name, { args: ['cli/main.ts', command], env: { ...env, ...(port ? { PORT: String(port) } : {}) }, logFile: log(name) })
  const servers = [antin('server 1', 'serve', onePort), antin('server 2', 'serve', otherPort)] as const
  const workers = [antin('worker 1', 'work'), antin('worker 2', 'work')] as const
  // One after the other: the first builds the assets.
  progress('servers')
  servers[0].start()
  const balancer = await startBalancer(webPort!, [onePort!, otherPort!])
  await until('the first server', () => balancer.ready() >= 1, 120)
  servers[1].start()
  for (const worker of workers) worker.start()
  await until('the second server', () => balancer.ready() === 2, 120)

  const postmaster = join(dataDir, 'postgres', 'postmaster.pid')
  return {
    home,
    origin,
    issuer,
    trustRoot: trust.pin,
    machine: clients.machines[0]!,
    installation,
    officerIds: rows.map(row => row.id),
    env,
    serverPorts: [onePort!, otherPort!],
    servers,
    workers,
    provider,
    chain,
    databaseLine,
    chainLine,
    balancer,
    smallDisk,
    async killPostgres() {
      if (!existsSync(postmaster)) return
      const pid = Number(readFileSync(postmaster, 'utf8').split('\n')[0])
      const all = [pid, ...childrenOf(pid)]
      for (const each of all) kill(each)
      await until('the end of PostgreSQL', () => all.every(each => !isAlive(each)), 20)
    },
    async startPostgres(env = {}) {
      for (let i = 0; ; i++) {
        Object.assign(process.env, env)
        try {
          postgres = await startEmbeddedPostgres(join(dataDir, 'postgres'), postgresPort!)
          return
        } catch (error) {
          if (i >= 10) throw error
          await sleep(1000)
        } finally {
          for (const name of Object.keys(env)) delete process.env[name]
        }
      }
    },
    postgresDir: join(dataDir, 'postgres'),
    clocks: fakeClocks(home),
    deployContract,
    async close() {
      await Promise.all([...servers, ...workers, provider, chain].map(child => child.end('SIGKILL')))
      await balancer.close()
      await databaseLine.close()
      await chainLine.close()
      await installation.close().catch(() => undefined)
      await postgres.stop().catch(() => undefined)
      if (smallDisk) execFileSync('umount', ['-l', smallDisk])
      if (!process.env.FAULTS_KEEP) rmSync(home, { recursive: true, force: true })
    },
  }
}

/** Waits until `is` is true; throws after `seconds`. */
export async function until(what: string, is: () => boolean | Promise<boolean>, seconds: number): Promise<number> {
  const start = performance.now()
  for (;;) {
    if (await is()) return Math.round((performance.now() - start) / 1000)
    if (performance.now() - start > seconds * 1000) throw new Error(`${what}: not within ${seconds} s`)
    await sleep(200)
  }
}

function mountSmall(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=450m,mode=755', 'tmpfs', folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone already
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
