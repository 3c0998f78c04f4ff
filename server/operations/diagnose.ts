import { constants } from 'node:fs'
import { access, readdir, stat, statfs } from 'node:fs/promises'
import type { Pool } from 'pg'
import { anchoringState } from '../anchoring/anchoringState.ts'
import { type Config, homePath } from '../config.ts'
import { appliedMigrations } from '../db/catalogueTable.ts'
import { createPool } from '../db/pool.ts'
import { countQueues } from '../jobs/jobsTable.ts'
import { readHead } from '../log/logTable.ts'
import { trustFindings } from '../trust/trustFindings.ts'

/** One thing looked at; `mend` says what to do about it. */
export interface Finding {
  what: string
  state: 'ok' | 'warning' | 'wrong'
  detail: string
  mend?: string
}

const leastBytes = 2 * 1024 ** 3

/** Looks at an installation from the inside: settings, files, database, jobs, keys, trust, log, chain, identity provider. Changes nothing. */
export async function diagnose(config: Config, clock: () => number): Promise<Finding[]> {
  const findings: Finding[] = [...(await filesOf(config)), ...settingsOf(config), await providerOf(config)]
  if (!config.DATABASE_URL)
    return [...findings, wrong('database', 'DATABASE_URL names no database', 'Set DATABASE_URL, then run `antin migrate`')]
  const pool = createPool(config.DATABASE_URL, { max: 2, connectionTimeoutMillis: 5000 })
  try {
    const client = await pool.connect()
    try {
      const { rows } = await client.query<{ version: number; sync: string; now: number }>(
        "select current_setting('server_version_num')::int as version, current_setting('fsync') as sync, extract(epoch from clock_timestamp())::float8 as now",
      )
      const { version, sync, now } = rows[0]!
      findings.push(
        version >= 150_000
          ? ok('database', `PostgreSQL ${Math.floor(version / 10_000)}`)
          : wrong('database', `PostgreSQL ${version}`, 'Use PostgreSQL 15 or newer'),
      )
      if (sync !== 'on')
        findings.push(wrong('durability', `fsync is ${sync}`, 'Turn fsync on: a checkpoint may cover entries that a power cut loses'))
      const skew = Math.abs(now - clock())
      findings.push(
        skew < 30
          ? ok('clock', `the database differs by ${skew.toFixed(0)} s`)
          : wrong('clock', `the database's clock differs by ${skew.toFixed(0)} s`, 'Synchronise both clocks (NTP)'),
      )
      const known = (await readdir(new URL('../db/migrations/', import.meta.url))).filter(name => name.endsWith('.sql'))
      const applied = new Set(await appliedMigrations(client))
      const missing = known.filter(name => !applied.has(name))
      findings.push(
        missing.length === 0
          ? ok('schema', `${applied.size} migrations`)
          : wrong('schema', `${missing.length} migrations are missing`, 'Run `antin migrate`'),
      )
      if (missing.length > 0) return findings
    } finally {
      client.release()
    }
    const failed = (await countQueues(pool)).filter(queue => queue.failed > 0)
    findings.push(
      failed.length === 0
        ? ok('jobs', 'none has run out of attempts')
        : wrong(
            'jobs',
            failed.map(queue => `${queue.failed} × ${queue.task}`).join(', '),
            'Read the errors in graphile_worker.jobs (last_error); after mending, set attempts to 0',
          ),
    )
    const { closed, range } = await readHead(pool)
    findings.push(closed === null ? ok('log', `${range.size} entries`) : wrong('log', closed, 'Run `antin log verify --heal`'))
    findings.push(...(await trustOf(pool, clock())))
    const anchoring = await anchoringState(pool, config.CHAIN !== 'none', clock())
    const detail = `${anchoring.state}, ${anchoring.unanchored} entries not anchored`
    findings.push(anchoring.ok && !anchoring.late ? ok('anchoring', detail) : wrong('anchoring', detail, anchoring.detail))
    return findings
  } catch (error) {
    return [
      ...findings,
      wrong('database', (error as Error).message, 'Check DATABASE_URL, and that PostgreSQL runs and lets this machine in'),
    ]
  } finally {
    await pool.end()
  }
}

async function filesOf(config: Config): Promise<Finding[]> {
  const findings: Finding[] = []
  const secrets = [
    config.MASTER_KEY_FILE ?? homePath(config, 'keys', 'master.key'),
    config.KEY_PASSPHRASE_FILE ?? homePath(config, 'keys', 'passphrase'),
    ...['log.p8', 'anchor.p8', 'gas.key'].map(name => homePath(config, 'keys', name)),
  ]
  for (const file of secrets) {
    try {
      await access(file, constants.R_OK)
      const { mode } = await stat(file)
      if ((mode & 0o077) !== 0) findings.push(wrong('secrets', `${file} is readable by others`, `chmod 600 ${file}`))
    } catch {
      findings.push(wrong('secrets', `${file} is missing or unreadable`, 'Run `antin migrate` once, or restore it from the backup'))
    }
  }
  if (findings.length === 0) findings.push(ok('secrets', `${secrets.length} files, readable by their owner only`))
  const disk = await statfs(config.ANTIN_HOME).catch(() => null)
  if (disk) {
    const free = disk.bavail * disk.bsize
    findings.push(
      free > leastBytes
        ? ok('disk', `${Math.round(free / 1024 ** 3)} GiB free`)
        : wrong('disk', `${Math.round(free / 1024 ** 2)} MiB free`, 'Make room: PostgreSQL stops when the disk is full'),
    )
  }
  return findings
}

function settingsOf(config: Config): Finding[] {
  const findings: Finding[] = []
  const isPublic = config.PUBLIC_URL !== undefined && !/^http:\/\/(localhost|127\.0\.0\.1)/.test(config.PUBLIC_URL)
  if (config.PUBLIC_URL?.startsWith('http:') && isPublic)
    findings.push(wrong('address', config.PUBLIC_URL, 'PUBLIC_URL must be https: cameras and service workers need it'))
  if (isPublic && config.TRUST_PROXY === false && config.HOST === '127.0.0.1') {
    findings.push({
      what: 'proxy',
      state: 'warning',
      detail: 'TRUST_PROXY is false',
      mend: 'Behind a proxy set TRUST_PROXY to its address, else limits count the proxy',
    })
  }
  if (config.CHAIN === 'none')
    findings.push({
      what: 'chain',
      state: 'warning',
      detail: 'CHAIN=none',
      mend: 'Nothing guards the history but witnesses; set CHAIN_RPC_URLS',
    })
  return findings
}

async function providerOf(config: Config): Promise<Finding> {
  if (!config.OIDC_ISSUER)
    return wrong('sign-in', 'OIDC_ISSUER names no identity provider', 'Set OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET')
  try {
    const response = await fetch(new URL('.well-known/openid-configuration', `${config.OIDC_ISSUER.replace(/\/$/, '')}/`), {
      signal: AbortSignal.timeout(5000),
    })
    return response.ok
      ? ok('sign-in', config.OIDC_ISSUER)
      : wrong('sign-in', `${config.OIDC_ISSUER} answers ${response.status}`, 'Check OIDC_ISSUER')
  } catch {
    return wrong(
      'sign-in',
      `${config.OIDC_ISSUER} does not answer`,
      'Staff cannot sign in; cards verify all the same. For an emergency: `antin card suspend`',
    )
  }
}

async function trustOf(pool: Pool, now: number): Promise<Finding[]> {
  const findings = await trustFindings(pool, now)
  if (findings.length === 0) return [ok('trust', 'list, root, keys and status lists are fresh')]
  return findings.map(({ name, level, detail, mend, amberInSeconds }) => ({
    what: name,
    state: level === 'fault' ? ('wrong' as const) : ('warning' as const),
    detail: amberInSeconds > 0 ? `${detail}; ${Math.round(amberInSeconds / 3600)} h until citizens see amber` : detail,
    mend,
  }))
}

function ok(what: string, detail: string): Finding {
  return { what, state: 'ok', detail }
}

function wrong(what: string, detail: string, mend: string): Finding {
  return { what, state: 'wrong', detail, mend }
}
