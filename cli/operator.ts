import { readFileSync } from 'node:fs'
import { CliError, type CliIo } from './io.ts'
import { readOperatorConfig } from './operatorConfig.ts'

/** What an operator's command needs of the installation it stands beside: database, agency keys, clock. No log key, no master key. */
export async function openOperator(io: CliIo) {
  const { homePath } = await import('../server/config.ts')
  const { createPool } = await import('../server/db/pool.ts')
  const { keyStore } = await import('../server/keys/keyStore.ts')
  const { readSecret } = await import('../server/keys/secretFile.ts')
  const config = readOperatorConfig(io)
  if (!config.DATABASE_URL) throw new CliError('DATABASE_URL names no database, and there is no demonstration running here.', 64)
  const origin = new URL(config.PUBLIC_URL ?? `http://localhost:${config.PORT}`).origin
  const pkcs11 = config.PKCS11_MODULE
    ? { module: config.PKCS11_MODULE, pin: config.PKCS11_PIN_FILE ? readFileSync(config.PKCS11_PIN_FILE, 'utf8').trim() : '' }
    : undefined
  const passphraseFile = config.KEY_PASSPHRASE_FILE ?? homePath(config, 'keys', 'passphrase')
  const pool = createPool(config.DATABASE_URL, { max: 2 })
  const lazy = () => keyStore({ dir: homePath(config, 'keys', 'agencies'), passphrase: readSecret(passphraseFile).toString('hex'), pkcs11 })
  let store: ReturnType<typeof lazy> | undefined
  return {
    config,
    pool,
    origin,
    logOrigin: config.LOG_ORIGIN ?? `${new URL(origin).host}/log`,
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
