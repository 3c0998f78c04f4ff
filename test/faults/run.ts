// Faults in a whole installation of real processes under load: `node test/faults/run.ts [--minutes n] [--only part of a name]`.
// Prints a table of what was tried and survived; the exit code says whether everything was.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { listCards } from '../../server/cards/cardsTable.ts'
import { openCard } from '../../server/cards/readCard.ts'
import { openCluster, until } from './cluster.ts'
import { judge, judgeAnchor } from './judge.ts'
import { startLoad, Tokens } from './load.ts'
import { offlineVerifier } from './offlineVerifier.ts'
import { describeFailures, scenarios } from './scenarios.ts'

interface Row {
  fault: string
  outcome: 'survived' | 'broken' | 'skipped'
  done: string
  gap: string
  detail: string
}

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '15' }, only: { type: 'string' } } })
const end = Date.now() + Number(values.minutes) * 60_000
const say = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)

const cluster = await openCluster(line => say(`starting: ${line}`))
const rows: Row[] = []
try {
  const tokens = new Tokens(cluster)
  await tokens.refresh()
  const officers = [...cluster.officerIds]
  const take = () => officers.splice(0, 3)
  const { pool, cipher } = cluster.installation

  // One card first: the verifier's own, which nobody suspends.
  const first = startLoad(cluster, tokens, take, { serial: '', sealed: 'none' })
  await until('a first card', async () => (await listCards(pool, { agencyIn: null, limit: 1 })).length > 0, 120)
  await first.stop()
  const problems = await judge(cluster, first.ledger, 60)
  if (problems.length > 0) throw new Error(`broken before any fault: ${problems.join('; ')}`)
  const [row] = await listCards(pool, { agencyIn: null, state: 'active', limit: 1 })
  const card = openCard(cipher, row!)
  const own = { serial: card.serial, sealed: encodeBase64url(card.sealedBytes) }
  const verifier = offlineVerifier(cluster)
  await verifier.verify({ sealed: card.sealedBytes })

  for (const scenario of scenarios) {
    if (values.only && !scenario.name.includes(values.only)) continue
    const impossible = scenario.impossible?.(cluster) ?? (Date.now() > end ? 'no time left' : null)
    if (impossible !== null) {
      rows.push({ fault: scenario.name, outcome: 'skipped', done: '', gap: '', detail: impossible })
      continue
    }
    say(scenario.name)
    await tokens.refresh()
    let load = startLoad(cluster, tokens, take, own)
    const verdicts = new Map<string, number>()
    let watching = true
    const watch = (async () => {
      while (watching) {
        const { verdict } = await verifier.verify({ sealed: card.sealedBytes })
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
        await sleep(500)
      }
    })()
    const broken: string[] = []
    try {
      await sleep(1500)
      broken.push(...((await scenario.run(cluster, load, tokens)) ?? []))
      // One that counted on losses has ended its load; what is acknowledged from now on has to stay again.
      if (load.isStopped()) load = startLoad(cluster, tokens, take, own)
      await until('all kinds of requests succeed again', () => isBack(load, performance.now()), scenario.patience)
    } catch (error) {
      broken.push((error as Error).message)
    }
    watching = false
    await watch
    await load.stop()
    try {
      broken.push(...(await judge(cluster, load.ledger, scenario.patience)), ...(await judgeAnchor(cluster, 60)))
    } catch (error) {
      broken.push(`not judged: ${(error as Error).message}`)
    }
    for (const [verdict, n] of verdicts) if (verdict !== 'valid') broken.push(`the verifier with kept evidence said ${verdict} ×${n}`)
    const { ledger } = load
    rows.push({
      fault: scenario.name,
      outcome: broken.length === 0 ? 'survived' : 'broken',
      done: `${ledger.approvals.size} approvals, ${ledger.suspended.size} suspensions, ${load.counts.verify.ok} verifications`,
      gap: `${(Math.max(...Object.values(load.counts).map(tally => tally.longestGap)) / 1000).toFixed(1)} s`,
      detail: broken.length > 0 ? broken.join('; ') : describeFailures(load),
    })
    say(`  ${rows.at(-1)!.outcome}: ${rows.at(-1)!.done}; longest gap ${rows.at(-1)!.gap}; ${rows.at(-1)!.detail}`)
  }
} finally {
  await cluster.close()
}

process.stdout.write(
  '| fault | outcome | acknowledged and kept | longest gap | what clients saw, or what broke |\n| --- | --- | --- | --- | --- |\n',
)
for (const { fault, outcome, done, gap, detail } of rows) process.stdout.write(`| ${fault} | ${outcome} | ${done} | ${gap} | ${detail} |\n`)
process.exit(rows.some(row => row.outcome === 'broken') ? 1 : 0)

/** Whether every kind of request has succeeded within the last 6 s. */
function isBack(load: ReturnType<typeof startLoad>, now: number): boolean {
  return Object.values(load.counts).every(tally => now - tally.lastOk < 6000)
}
