import { readFileSync } from 'node:fs'
import { CliError, type CliIo } from './io.ts'

/** What an operator's command needs of the installation it stands beside: database, agency keys, clock. No log key, no master key. */
export async function openOperator(io: CliIo) {
  const { homePath, readConfig } = await import('../server/config.ts')
  const { createPool } = await import('../server/db/pool.ts')
  const { keyStore } = await import('../server/keys/keyStore.ts')
  const { readSecret } = await import('../server/keys/secretFile.ts')
  const config = readConfig(io.env)
  const url = config.DATABASE_URL ?? demonstrationDatabase(homePath(config, 'demo.json'))
  if (!url) throw new CliError('DATABASE_URL names no database, and there is no demonstration running here.', 64)
  const origin = new URL(config.PUBLIC_URL ?? demonstrationOrigin(homePath(config, 'demo.json')) ?? `http://localhost:${config.PORT}`)
    .origin
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
    logOrigin: `${new URL(origin).host}/log`,
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

/** The database of a demonstration that runs here, when it says where. */
function demonstrationDatabase(file: string): string | undefined {
  return demonstrationField(file, 'database')
}

function demonstrationOrigin(file: string): string | undefined {
  return demonstrationField(file, 'url')
}

function demonstrationField(file: string, name: string): string | undefined {
  try {
    const value: unknown = (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)[name]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
