import type pg from 'pg'
import { databaseSource } from '../../server/log/logSource.ts'
import { signCheckpoint } from '../../server/log/signCheckpoint.ts'
import { verifyLog } from '../../server/log/verifyLog.ts'
import { type Cluster, until } from './cluster.ts'
import type { Ledger } from './load.ts'

/**
 * Waits until everything approved is carried out, then holds the database to the invariants. Answers what is broken, in words;
 * empty when nothing is. `seconds` is how long the work may take.
 */
export async function judge(cluster: Cluster, ledger: Ledger, seconds: number): Promise<string[]> {
  const { pool } = cluster.installation
  const broken: string[] = []
  try {
    await until('approved work done', async () => (await waiting(pool)) === 0, seconds)
  } catch (error) {
    broken.push(`${(error as Error).message}: ${await waiting(pool)} requests wait; ${await heldJobs(pool)}`)
  }
  const none = async (what: string, sql: string, values: unknown[] = []) => {
    const { rows } = await pool.query<{ n: number }>(sql, values)
    if (rows[0]!.n !== 0) broken.push(`${what}: ${rows[0]!.n}`)
  }
  await none(
    'acknowledged requests lost',
    'select count(*)::int as n from unnest($1::uuid[]) as a (id) where not exists (select 1 from requests r where r.id = a.id)',
    [[...ledger.requests]],
  )
  await none(
    'acknowledged approvals lost',
    "select count(*)::int as n from unnest($1::uuid[]) as a (id) where not exists (select 1 from requests r where r.id = a.id and r.status in ('approved', 'running', 'done'))",
    [[...ledger.approvals]],
  )
  await none(
    'acknowledged approvals not carried out',
    `select count(*)::int as n from requests r where r.id = any($1::uuid[]) and r.status = 'done'
       and (r.failed > 0 or r.done <> (select count(*) from (select request_id from cards union all select request_id from diplomas) c where c.request_id = r.id))`,
    [[...ledger.approvals]],
  )
  await none('acknowledged suspensions lost', 'select count(*)::int as n from cards where serial = any($1::text[]) and status <> 2', [
    [...ledger.suspended],
  ])
  await none(
    'leaf indices with gaps',
    'select (select size from log_head)::int - count(*)::int + count(*) filter (where leaf_index >= (select size from log_head))::int as n from log_entries',
  )
  await none(
    'officers with two cards',
    'select count(*)::int as n from (select from cards where ended_as is null group by officer_id having count(*) > 1) c',
  )
  await none(
    'items issued twice',
    'select count(*)::int as n from (select from cards group by request_id, request_seq having count(*) > 1) c',
  )
  await none(
    'indices given twice',
    'select count(*)::int as n from (select from (select list, idx from cards union all select list, idx from diplomas) i group by list, idx having count(*) > 1) c',
  )
  await none(
    'rows and entries that differ in number',
    `select abs((select count(*) from cards) + (select count(*) from diplomas)
    + (select count(*) from log_lost) - (select count(*) from log_entries where type in ('card.issued', 'diploma.registered')))::int as n`,
  )
  await none(
    'sizes anchored twice',
    "select count(*)::int as n from (select from anchor_transactions where state in ('mined', 'final') group by chain_id, contract, tree_size having count(*) > 1) c",
  )
  await none(
    'nonces mined twice',
    "select count(*)::int as n from (select from anchor_transactions where state in ('mined', 'final') group by chain_id, payer, nonce having count(*) > 1) c",
  )
  await none('entries from the future', 'select (at > extract(epoch from now()) + 60)::int as n from log_head')
  await none('cards from the future', "select count(*)::int as n from cards where issued_at > now() + interval '60 seconds'")
  await none('jobs given up', 'select count(*)::int as n from graphile_worker.jobs where attempts >= max_attempts')
  await signCheckpoint(cluster.installation)
  const verdict = await verifyLog({ source: databaseSource(pool), logKey: cluster.installation.logKey, pool })
  if (!verdict.sound) broken.push(...verdict.findings.slice(0, 5).map(finding => `log: ${finding.code} ${finding.detail}`))
  return broken
}

/** Waits until the contract holds everything that is signed. */
export async function judgeAnchor(cluster: Cluster, seconds: number): Promise<string[]> {
  const { pool } = cluster.installation
  try {
    await until(
      'anchor of the whole log',
      async () => {
        const { rows } = await pool.query<{ n: number }>(
          'select ((select size from log_head) - coalesce((select max(tree_size) from log_anchors), 0))::int as n',
        )
        return rows[0]!.n === 0
      },
      seconds,
    )
    return []
  } catch (error) {
    const { rows } = await pool.query('select state, detail from anchor_state')
    return [`${(error as Error).message}: ${JSON.stringify(rows[0])}`]
  }
}

async function waiting(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>("select count(*)::int as n from requests where status in ('approved', 'running')")
  return rows[0]!.n
}

async function heldJobs(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query(
    'select task_identifier as task, attempts, locked_by is not null as locked, last_error, run_at - now() as due from graphile_worker.jobs order by id limit 3',
  )
  return JSON.stringify(rows)
}
