import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from './child.ts'
import { type Cluster, until } from './cluster.ts'
import type { Scenario } from './scenario.ts'

const hour = 3600

const impossible = ({ clocks }: Cluster) => (clocks ? null : 'libfaketime is not installed')

export const clockScenarios: readonly Scenario[] = [
  {
    name: 'clock of a server and a worker an hour ahead, then an hour back',
    patience: 90,
    impossible,
    async run(cluster) {
      const [server] = cluster.servers
      const [worker] = cluster.workers
      const both = [server, worker] as const
      for (const child of both) await restart(child, cluster.clocks!.env(child.name))
      await until('both servers ready', () => cluster.balancer.ready() === 2, 120)
      const findings = await jump(
        cluster,
        both.map(child => child.name),
        () => tellsOfClock(cluster),
      )
      for (const child of both) await restart(child)
      await until('both servers ready', () => cluster.balancer.ready() === 2, 120)
      return findings
    },
  },
  {
    name: 'clock of the database an hour ahead, then an hour back',
    patience: 90,
    impossible,
    async run(cluster) {
      const { pool } = cluster.installation
      await cluster.killPostgres()
      await cluster.startPostgres(cluster.clocks!.env('postgres'))
      await until('both servers ready', () => cluster.balancer.ready() === 2, 60)
      // What a jump must not end: a session of someone who is at work, and a count of tries.
      await pool.query(
        `insert into sessions (id_hash, sub, name, roles, agency_code, csrf, last_seen_at, expires_at)
         values (sha256('clock'), 's', 'S', '{}', 'G09', '', now(), now() + interval '30 minutes') on conflict do nothing`,
      )
      await pool.query("insert into lookup_counts (key, day) values (sha256('clock'), current_date) on conflict do nothing")
      const findings = await jump(cluster, ['postgres'], () => tellsOfClock(cluster))
      const { rows } = await pool.query<{ n: number }>(
        `select (select count(*) from sessions where id_hash = sha256('clock') and expires_at > now())::int
           + (select count(*) from lookup_counts where key = sha256('clock'))::int as n`,
      )
      if (rows[0]!.n !== 2) findings.push('a session or a count did not outlive the jump')
      await cluster.killPostgres()
      await cluster.startPostgres()
      return findings
    },
  },
]

/** Moves clocks ahead, back behind the true time, and right again; answers what should not have happened meanwhile. */
async function jump({ clocks, installation }: Cluster, names: readonly string[], tells: () => Promise<boolean>): Promise<string[]> {
  const { pool } = installation
  const findings: string[] = []
  const now = () => Math.floor(Date.now() / 1000)
  let newest = 0
  for (const seconds of [hour, -hour, 0]) {
    for (const name of names) clocks!.set(name, seconds)
    await sleep(3000)
    if (seconds !== 0) await until('/readyz names the clock', tells, 20)
    for (let i = 0; i < 10; i++) {
      const { rows } = await pool.query<{ at: number; cards: number; tokens: number }>(
        `select (select at from log_head) as at, (select count(*)::int from cards where issued_at > to_timestamp($1)) as cards,
           (select count(*)::int from status_list_tokens where iat > $1) as tokens`,
        [now() + 60],
      )
      const { at, cards, tokens } = rows[0]!
      if (at < newest) findings.push(`the log went from ${newest} back to ${at}`)
      if (at > now() + 60) findings.push(`an entry ${at - now()} s in the future`)
      if (cards > 0) findings.push(`${cards} cards from the future`)
      if (tokens > 0) findings.push(`${tokens} status lists from the future`)
      newest = at
      await sleep(500)
    }
  }
  return [...new Set(findings)]
}

/** Whether one of the servers says in /readyz that its clock and the database's differ, and stays in service. */
async function tellsOfClock({ serverPorts }: Cluster): Promise<boolean> {
  const answers = await Promise.all(
    serverPorts.map(async port => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(5000) })
      const { reasons } = (await response.json()) as { reasons: { name: string; ok: boolean }[] }
      return response.status === 200 && reasons.some(reason => reason.name === 'clock' && !reason.ok)
    }),
  )
  return answers.includes(true)
}

async function restart(child: Child, env: Record<string, string> = {}): Promise<void> {
  await child.end('SIGTERM')
  child.start(env)
}
