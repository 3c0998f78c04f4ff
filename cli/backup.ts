import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { CliError, type CliIo } from './io.ts'

const options = { 'passphrase-file': { type: 'string' }, 'without-keys': { type: 'boolean' }, json: { type: 'boolean' } } as const

/** `antin backup DIR`: database and keys in one snapshot, encrypted with the passphrase in BACKUP_PASSPHRASE_FILE. */
export async function backup(args: string[], io: CliIo): Promise<number> {
  const { deps, dir, json, close } = await open(args, io)
  try {
    const { backup: run } = await import('../server/operations/backup.ts')
    const manifest = await run(deps, dir, line => io.progress(line))
    io.progress('', true)
    const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0)
    io.out(
      json
        ? JSON.stringify(manifest)
        : `Backup of ${Object.keys(manifest.files).length} files, ${bytes} bytes, log size ${manifest.logSize}, in ${dir}`,
    )
    return 0
  } finally {
    await close()
  }
}

/** `antin restore DIR`: into an empty database and keys folder; the log stays closed until `antin log verify --heal` finds it sound. */
export async function restore(args: string[], io: CliIo): Promise<number> {
  const { deps, dir, json, close } = await open(args, io)
  try {
    const { migrate } = await import('../server/db/migrate.ts')
    const { migrateJobs } = await import('../server/jobs/worker.ts')
    await migrate(deps.pool)
    await migrateJobs(deps.pool)
    const { restore: run } = await import('../server/operations/backup.ts')
    const manifest = await run(deps, dir, line => io.progress(line))
    io.progress('', true)
    io.out(json ? JSON.stringify(manifest) : `Restored the backup of ${manifest.createdAt}, log size ${manifest.logSize}.`)
    io.out('Nothing is issued until it agrees with tiles and contract: start the servers, then run `antin log verify --heal --from URL`.')
    return 0
  } finally {
    await close()
  }
}

async function open(args: string[], io: CliIo) {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
  const [dir] = positionals
  if (!dir) throw new CliError('Which folder?', 64)
  const file = values['passphrase-file'] ?? io.env.BACKUP_PASSPHRASE_FILE
  if (!file)
    throw new CliError('A backup is encrypted: name a file that holds its passphrase with --passphrase-file or BACKUP_PASSPHRASE_FILE.', 64)
  const passphrase = readFileSync(file, 'utf8').trim()
  if (passphrase.length < 12) throw new CliError('The passphrase needs at least 12 characters.', 64)
  const { homePath } = await import('../server/config.ts')
  const { readOperatorConfig } = await import('./operatorConfig.ts')
  const { createPool } = await import('../server/db/pool.ts')
  const config = readOperatorConfig(io)
  if (!config.DATABASE_URL) throw new CliError('DATABASE_URL names no database.', 64)
  const pool = createPool(config.DATABASE_URL, { max: 2 })
  return {
    deps: { pool, passphrase, keysDir: values['without-keys'] ? null : homePath(config, 'keys') },
    dir,
    json: values.json === true,
    close: () => pool.end(),
  }
}
