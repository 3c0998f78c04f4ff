import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliError, type CliIo } from './io.ts'

/** What an operator's command needs of the installation it stands beside: database, agency keys, clock. No log key, no master key. */
export async function openOperator(io: CliIo) {
  const { homePath, readConfig } = await import('../server/config.ts')
  const { createPool } = await import('../server/db/pool.ts')
  const { keyStore } = await import('../server/keys/keyStore.ts')
  const { readSecret } = await import('../server/keys/secretFile.ts')
  const config = readConfig(io.env)
  const url = config.DATABASE_URL ?? demonstrationDatabase(config.ANTIN_HOME)
  if (!url) throw new CliError('DATABASE_URL names no database, and there is no demonstration running here.', 64)
  const origin = new URL(config.PUBLIC_URL ?? demonstrationOrigin(config.ANTIN_HOME) ?? `http://localhost:${config.PORT}`).origin
  const pkcs11 = config.PKCS11_MODULE
    ? { module: config.PKCS11_MODULE, pin: config.PKCS11_PIN_FILE ? readFileSync(config.PKCS11_PIN_FILE, 'utf8').trim() : '' }
    : undefined
  const passphraseFile = config.KEY_PASSPHRASE_FILE ?? homePath(config, 'keys', 'passphrase')
  const pool = createPool(url, { max: 2 })
  const lazy = () => keyStore({ dir: homePath(config, 'keys', 'agencies'), passphrase: readSecret(passphraseFile).toString('hex'), pkcs11 })
  let store: ReturnType<typeof lazy> | undefined
  return {
    config,
    pool,
    origin,
    logOrigin: config.LOG_ORIGIN ?? demonstrationLog(config.ANTIN_HOME) ?? `${new URL(origin).host}/log`,
    clock: () => Math.floor(Date.now() / 1000),
    /** Opened at first use: listing and disowning keys needs no passphrase. */
    get store() {
      store ??= lazy()
      return store
    },
    async close() {
      await store?.close()
      await pool.end()
    },
  }
}

/** The database of the demonstration that runs on this home. */
function demonstrationDatabase(home: string): string | undefined {
  const ports = readJson(join(home, 'ports.json'))
  return existsSync(join(home, 'start.pid')) && typeof ports?.postgres === 'number'
    ? `postgres://antin@127.0.0.1:${ports.postgres}/postgres`
    : undefined
}

function demonstrationOrigin(home: string): string | undefined {
  const url = readJson(join(home, 'demo.json'))?.url
  return typeof url === 'string' ? url : undefined
}

function demonstrationLog(home: string): string | undefined {
  const file = join(home, 'demonstration', 'log-origin')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

function readJson(file: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  } catch {
    return undefined
  }
}
