import { execFile } from 'node:child_process'
import { chmodSync, cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { httpSource } from '../../server/log/logSource.ts'
import { verifyLog } from '../../server/log/verifyLog.ts'
import { type Cluster, until } from './cluster.ts'
import type { Scenario } from './scenario.ts'

/** A failover to a standby that is behind, as a copy of the database's files: what was public meanwhile is not in it. */
export const rolledBack: Scenario = {
  name: 'database put back to an older copy under running servers, then healed',
  patience: 120,
  async run(cluster, load) {
    const { pool, logKey } = cluster.installation
    const copy = join(cluster.home, 'copy')
    const mirror = join(cluster.home, 'mirror')
    await cluster.killPostgres()
    cpSync(cluster.postgresDir, copy, { recursive: true, preserveTimestamps: true })
    await cluster.startPostgres()
    const copied = await stateOf(cluster)
    await until('entries after the copy', async () => (await stateOf(cluster)).signed > copied.size + 20, 60)
    await load.stop()
    // What was acknowledged since is lost: that is the fault.
    for (const one of [load.ledger.requests, load.ledger.approvals, load.ledger.suspended]) one.clear()
    await until(
      'an end of issuing',
      async () => {
        const { size, signed } = await stateOf(cluster)
        await sleep(3000)
        const after = await stateOf(cluster)
        return size === after.size && signed === size
      },
      60,
    )
    const before = await stateOf(cluster)
    await verifyLog({ source: httpSource(`${cluster.origin}/log`, mirror), logKey })

    await cluster.killPostgres()
    rmSync(cluster.postgresDir, { recursive: true })
    cpSync(copy, cluster.postgresDir, { recursive: true, preserveTimestamps: true })
    rmSync(copy, { recursive: true })
    chmodSync(cluster.postgresDir, 0o700)
    await execute('chown', ['-R', 'nobody:nogroup', cluster.postgresDir])
    await cluster.startPostgres()
    const findings: string[] = []
    const back = await stateOf(cluster)
    if (back.size >= before.size) findings.push('the copy is not older')
    await until('the log closed', async () => /a checkpoint seen here/.test((await stateOf(cluster)).closed ?? ''), 30)
    for (let i = 0; i < 16; i++) {
      const { size, signed } = await stateOf(cluster)
      if (size !== back.size) findings.push(`${size - back.size} entries were appended to a log that is behind`)
      if (signed !== back.signed) findings.push('a checkpoint was signed over a log that is behind')
      await sleep(500)
    }
    const readyz = await fetch(`${cluster.origin}/readyz`)
    if (readyz.status !== 200 || !/Nothing is issued/.test(await readyz.text())) findings.push('/readyz does not say it')
    const audited = await pool.query("select from audit where action = 'log.closed'")
    if (audited.rowCount === 0) findings.push('the audit does not say it')

    const args = ['cli/main.ts', 'log', 'verify', '--heal', '--accept-lost', '--from', mirror]
    await execute(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { env: { ...process.env, ...cluster.env } })
    await until(
      'the log open and whole',
      async () => {
        const { size, closed } = await stateOf(cluster)
        return closed === null && size >= before.size
      },
      60,
    )
    return [...new Set(findings)]
  },
}

const execute = promisify(execFile)

/** As the database says, past the faulty line. */
async function stateOf({ installation }: Cluster): Promise<{ size: number; signed: number; closed: string | null }> {
  const { rows } = await installation.pool.query<{ size: number; signed: number; closed: string | null }>(
    `select size, log_closed(closed) as closed,
       (select coalesce(max(tree_size), 0) from log_checkpoints where note is not null) as signed from log_head`,
  )
  return rows[0]!
}
