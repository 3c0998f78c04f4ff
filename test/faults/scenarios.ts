import { setTimeout as sleep } from 'node:timers/promises'
import { clockScenarios } from './clockScenarios.ts'
import { type Cluster, until } from './cluster.ts'
import { fillDisk } from './fillDisk.ts'
import type { Load } from './load.ts'
import { revive } from './revive.ts'
import { rolledBack } from './rolledBack.ts'
import type { Scenario } from './scenario.ts'

const moment = () => sleep(1000 + Math.random() * 2000)
const supervisorPause = 500

export const scenarios: readonly Scenario[] = [
  {
    name: 'rolling restart of both servers',
    patience: 60,
    async run(cluster, load) {
      await sleep(1500)
      const before = failures(load)
      for (const server of cluster.servers) {
        const code = await server.end('SIGTERM')
        if (code !== 0) return [`${server.name} ended with ${code}`]
        server.start()
        await until(`${server.name} ready`, () => cluster.balancer.ready() === 2, 120)
      }
      await sleep(1000)
      const after = failures(load)
      return after > before ? [`${after - before} failed requests: ${describeFailures(load)}`] : []
    },
  },
  {
    name: 'kill -9 of a server',
    patience: 60,
    async run(cluster) {
      await moment()
      await cluster.servers[0].end('SIGKILL')
      await sleep(supervisorPause)
      cluster.servers[0].start()
      await until('both servers ready', () => cluster.balancer.ready() === 2, 120)
      return []
    },
  },
  {
    name: 'kill -9 of a worker',
    patience: 60,
    async run(cluster) {
      await moment()
      await cluster.workers[0].end('SIGKILL')
      await sleep(6000)
      cluster.workers[0].start()
      return []
    },
  },
  {
    name: 'kill -9 of both workers, five times',
    patience: 90,
    async run(cluster) {
      for (let i = 0; i < 5; i++) {
        await sleep(2500 + Math.random() * 2500)
        await Promise.all(cluster.workers.map(worker => worker.end('SIGKILL')))
        for (const worker of cluster.workers) worker.start()
      }
      return []
    },
  },
  {
    name: 'kill -9 of PostgreSQL, three times',
    patience: 90,
    async run(cluster) {
      for (let i = 0; i < 3; i++) {
        await moment()
        await cluster.killPostgres()
        await sleep(1000)
        await cluster.startPostgres()
        await sleep(3000)
      }
      revive(cluster)
      return []
    },
  },
  {
    name: 'PostgreSQL down for 25 s',
    patience: 90,
    async run(cluster) {
      await moment()
      await cluster.killPostgres()
      await sleep(25_000)
      await cluster.startPostgres()
      revive(cluster)
      return []
    },
  },
  {
    name: 'power cut: everything killed at once',
    patience: 90,
    async run(cluster) {
      await moment()
      await Promise.all([cluster.killPostgres(), ...[...cluster.servers, ...cluster.workers].map(child => child.end('SIGKILL'))])
      await sleep(1000)
      await cluster.startPostgres()
      revive(cluster)
      await until('both servers ready', () => cluster.balancer.ready() === 2, 120)
      return []
    },
  },
  {
    name: 'database connections cut for 5 s',
    patience: 60,
    async run({ databaseLine }) {
      await moment()
      databaseLine.set('cut')
      await sleep(5000)
      databaseLine.set('whole')
      return []
    },
  },
  {
    name: 'database connections half-open',
    patience: 150,
    async run({ databaseLine }) {
      await moment()
      databaseLine.set('half-open')
      await sleep(8000)
      databaseLine.set('whole')
      // What is silent is given up after 70 s; meanwhile new connections work.
      await sleep(75_000)
      return []
    },
  },
  {
    name: 'slow database: 100 ms late each way for 10 s',
    patience: 60,
    async run({ databaseLine }) {
      databaseLine.set({ slowMs: 100 })
      await sleep(10_000)
      databaseLine.set('whole')
      return []
    },
  },
  {
    name: 'disk of the database full for 8 s',
    patience: 120,
    impossible: ({ smallDisk }) => (smallDisk ? null : 'no tmpfs can be mounted here'),
    async run(cluster) {
      await moment()
      const free = fillDisk(cluster.smallDisk!)
      await sleep(8000)
      free()
      await sleep(1000)
      // PostgreSQL stops itself when it can write no more; its supervisor starts it again.
      await cluster.startPostgres()
      revive(cluster)
      return []
    },
  },
  {
    name: 'chain node silent for 8 s',
    patience: 60,
    async run({ chainLine, installation, balancer }) {
      await moment()
      chainLine.set('half-open')
      await sleep(8000)
      const findings = balancer.ready() === 2 ? [] : ['the servers were taken out of service by a silent chain']
      chainLine.set('cut')
      await until('state node-silent', async () => (await chainState(installation)) === 'node-silent', 40)
      if (balancer.ready() !== 2) findings.push('the servers were taken out of service by a lost chain')
      chainLine.set('whole')
      return findings
    },
  },
  {
    name: 'kill -9 of the chain node, which forgets all',
    patience: 60,
    async run(cluster) {
      await moment()
      await cluster.chain.end('SIGKILL')
      cluster.chain.start()
      await until('state no-contract', async () => (await chainState(cluster.installation)) === 'no-contract', 60)
      await cluster.deployContract()
      return []
    },
  },
  {
    name: 'identity provider down for 10 s',
    patience: 60,
    async run(cluster, load, tokens) {
      await moment()
      const before = failures(load)
      await cluster.provider.end('SIGKILL')
      await sleep(10_000)
      const during = failures(load) - before
      cluster.provider.start()
      await until(
        'signing in again',
        () =>
          tokens.refresh(true).then(
            () => true,
            () => false,
          ),
        60,
      )
      return during > 0 ? [`${during} requests of people already signed in failed: ${describeFailures(load)}`] : []
    },
  },
  ...clockScenarios,
  rolledBack,
]

function failures(load: Load): number {
  return Object.values(load.counts).reduce((sum, tally) => sum + tally.failed, 0)
}

export function describeFailures(load: Load): string {
  const all = Object.entries(load.counts).flatMap(([what, { failures: by }]) => [...by].map(([why, n]) => `${what} ${why} ×${n}`))
  return all.join(', ')
}

async function chainState({ pool }: Cluster['installation']): Promise<string | undefined> {
  const { rows } = await pool.query<{ state: string }>('select state from anchor_state')
  return rows[0]?.state
}
