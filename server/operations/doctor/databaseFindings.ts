import type { Pool, PoolClient } from 'pg'
import { AppError } from '../../../core/errors.ts'
import { formatVerifierKey, makeVerifierKey } from '../../../core/log/verifierKey.ts'
import { type Config, homePath } from '../../config.ts'
import { appliedMigrations, findEdited } from '../../db/migrationsTable.ts'
import { readMigrations } from '../../db/readMigrations.ts'
import { countQueues, countWorkers } from '../../jobs/jobsTable.ts'
import { createFieldCipher } from '../../keys/fieldCipher.ts'
import { loadEd25519File } from '../../keys/fileSigner.ts'
import { nodeCrypto } from '../../keys/nodeCrypto.ts'
import { readSecret } from '../../keys/secretFile.ts'
import { readHead } from '../../log/logTable.ts'
import { trustFindings } from '../../trust/trustFindings.ts'
import { readTrustNetwork } from '../../trust/trustNetworkTable.ts'
import { clockFindings } from '../clockFindings.ts'
import { agencyKeyFindings } from './agencyKeyFindings.ts'
import { chainFindings } from './chainFindings.ts'
import { type Finding, ok, warning, wrong } from './finding.ts'

/** What the database says of itself, its schema, keys, jobs, log, trust and anchoring. */
export async function databaseFindings(pool: Pool, config: Config, clock: () => number): Promise<Finding[]> {
  const client = await pool.connect()
  let findings: Finding[]
  try {
    findings = await schemaFindings(client)
  } finally {
    client.release()
  }
  if (findings.some(finding => finding.what === 'schema' && finding.state === 'wrong')) return findings
  const chain = await chainFindings(pool, config, clock())
  const clocks = await clockFindings(pool, clock, chain.blockTime)
  return [
    ...findings,
    ...(clocks.length > 0
      ? clocks.map(({ detail, mend }) => wrong('clock', detail, mend))
      : [ok('clock', 'agrees with database, log and chain')]),
    ...(await keyFindings(pool, config)),
    ...(await agencyKeyFindings(pool, config)),
    ...(await jobFindings(pool)),
    await logFinding(pool),
    ...(await trustOf(pool, clock())),
    ...chain.findings,
  ]
}

async function schemaFindings(client: PoolClient): Promise<Finding[]> {
  const { rows } = await client.query<{ version: number; sync: string }>(
    "select current_setting('server_version_num')::int as version, current_setting('fsync') as sync",
  )
  const { version, sync } = rows[0]!
  const findings = [
    version >= 150_000
      ? ok('database', `PostgreSQL ${Math.floor(version / 10_000)}`)
      : wrong('database', `PostgreSQL ${version}`, 'Use PostgreSQL 15 or newer'),
  ]
  if (sync !== 'on')
    findings.push(wrong('durability', `fsync is ${sync}`, 'Turn fsync on: a checkpoint may cover entries that a power cut loses'))
  const brought = await readMigrations()
  const applied = await appliedMigrations(client)
  const known = new Set(brought.map(one => one.name))
  const seen = new Set(applied.map(one => one.name))
  const missing = brought.filter(one => !seen.has(one.name))
  const newer = applied.find(one => !known.has(one.name))
  const edited = findEdited(applied, brought)
  if (edited) findings.push(wrong('schema', `A development version made it: its ${edited} was another`, 'Start with an empty database'))
  else if (missing.length > 0)
    findings.push(wrong('schema', `${missing.length} migrations are missing (${missing[0]!.name} …)`, 'Run `antin migrate`'))
  else if (newer)
    findings.push(
      warning('schema', `The database knows ${newer.name}, this version does not`, 'A newer version migrated it: update this one too'),
    )
  else findings.push(ok('schema', `${applied.length} migrations`))
  return findings
}

/** Whether the secrets are those of this database, and the addresses those that were published. */
async function keyFindings(pool: Pool, config: Config): Promise<Finding[]> {
  const { logs } = await readTrustNetwork(pool, { anchors: [], quorum: 0 })
  const log = logs.findLast(one => one.until === undefined)
  if (!log) return [wrong('keys', 'The log is not noted', 'Run `antin migrate` with the settings of this installation')]
  const findings: Finding[] = []
  const origin = new URL(config.PUBLIC_URL ?? `http://localhost:${config.PORT}`).origin
  if (!logs.some(one => one.url === `${origin}/log`))
    findings.push(
      wrong(
        'address',
        `PUBLIC_URL is ${origin}, the log was published at ${log.url}`,
        'QR codes and verifiers go to the old address: set PUBLIC_URL back',
      ),
    )
  const name = config.LOG_ORIGIN ?? `${new URL(origin).host}/log`
  try {
    await createFieldCipher(pool, readSecret(config.MASTER_KEY_FILE ?? homePath(config, 'keys', 'master.key')))
    const passphrase = readSecret(config.KEY_PASSPHRASE_FILE ?? homePath(config, 'keys', 'passphrase')).toString('hex')
    const { publicKey } = await loadEd25519File({ file: homePath(config, 'keys', 'log.p8'), passphrase })
    const vkey = formatVerifierKey(await makeVerifierKey(name, 'note', publicKey, nodeCrypto))
    if (!logs.some(one => one.vkey === vkey))
      findings.push(
        wrong(
          'keys',
          `The log's key here is not the one that was published (${log.origin})`,
          'Put back keys/log.p8 and LOG_ORIGIN; a new key: `antin trust log`',
        ),
      )
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    findings.push(wrong('keys', error.detail, 'The keys of another installation? Put back ANTIN_HOME/keys of this one, from its backup'))
  }
  return findings.length > 0 ? findings : [ok('keys', `fit the database; log ${log.origin}`)]
}

async function jobFindings(pool: Pool): Promise<Finding[]> {
  const failed = (await countQueues(pool)).filter(queue => queue.failed > 0)
  const workers = await countWorkers(pool)
  const findings = [
    workers > 0
      ? ok('workers', `${workers} at work`)
      : wrong('workers', 'No worker runs: nothing is issued, no status list renewed, nothing anchored', 'Start `antin work`'),
  ]
  if (failed.length > 0)
    findings.push(
      wrong(
        'jobs',
        failed.map(queue => `${queue.failed} × ${queue.task}`).join(', '),
        'Read the errors in graphile_worker.jobs (last_error); after mending, set attempts to 0',
      ),
    )
  return findings
}

async function logFinding(pool: Pool): Promise<Finding> {
  const { closed, range } = await readHead(pool)
  return closed === null
    ? ok('log', `${range.size} entries`)
    : wrong('log', closed, 'Nothing is issued until then: docs/operations.md, "A log that is closed"')
}

async function trustOf(pool: Pool, now: number): Promise<Finding[]> {
  const findings = await trustFindings(pool, now)
  if (findings.length === 0) return [ok('trust', 'list, root, keys and status lists are fresh')]
  return findings.map(({ name, level, detail, mend, amberInSeconds }) => {
    const words = amberInSeconds > 0 ? `${detail}; ${Math.round(amberInSeconds / 3600)} h until citizens see amber` : detail
    return level === 'fault' ? wrong(name, words, mend) : warning(name, words, mend)
  })
}
