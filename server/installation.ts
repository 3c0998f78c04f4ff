import { existsSync, readFileSync } from 'node:fs'
import type pg from 'pg'
import type { Logger } from 'pino'
import { AppError } from '../core/errors.ts'
import { formatVerifierKey, makeVerifierKey, type VerifierKey } from '../core/log/verifierKey.ts'
import { type AgencyTree, loadAgencyTree } from './agencies/agencyTree.ts'
import { isLeftOut } from './agencies/isLeftOut.ts'
import { type RpcNode, rpcNode } from './anchoring/rpcNode.ts'
import { type Payer, walletPayer } from './anchoring/signers.ts'
import { type Config, homePath } from './config.ts'
import { clockDifference, isBearable } from './db/clockDifference.ts'
import { dropSilent } from './db/dropSilent.ts'
import { createPool } from './db/pool.ts'
import { type AnchorSigner, createAnchorKeyFile, loadAnchorKeyFile } from './keys/anchorSigner.ts'
import { createFieldCipher, type FieldCipher } from './keys/fieldCipher.ts'
import { createEd25519File, loadEd25519File } from './keys/fileSigner.ts'
import { type KeyStore, keyStore } from './keys/keyStore.ts'
import { nodeCrypto } from './keys/nodeCrypto.ts'
import { dataKeyRefreshSeconds } from './keys/rotateDataKey.ts'
import { readOrMakeSecret, readSecret } from './keys/secretFile.ts'
import { type SignerPool, signerPool } from './keys/signerPool.ts'
import { type CheckpointMark, openCheckpointMark } from './log/checkpointMark.ts'
import { readHead } from './log/logTable.ts'
import { noTraces, openTraces, type Traces } from './operations/traces.ts'
import { type StatusListTokens, statusListTokens } from './status-lists/statusListTokens.ts'
import { readRoot } from './trust/trustTable.ts'

/** What every process of an installation shares: database, keys, clock. */
export interface Installation {
  config: Config
  logger: Logger
  pool: pg.Pool
  cipher: FieldCipher
  agencies: AgencyTree
  store: KeyStore
  signers: SignerPool
  statusLists: StatusListTokens
  /** Origin of PUBLIC_URL. */
  origin: string
  /** Seconds, whole. */
  clock: () => number
  logKey: VerifierKey
  /** Signs checkpoints, never two that contradict each other. */
  signNote: CheckpointMark['signNote']
  /** The largest checkpoint that was seen here. */
  mark: CheckpointMark
  anchorSigner: AnchorSigner
  /** The chain nodes of CHAIN_RPC_URLS; none with CHAIN=none. */
  nodes: readonly RpcNode[]
  /** Pays for gas. */
  payer: Payer
  /** Whether entries leave an agency out: once every verifier's trust list says that it is restricted. */
  isRestricted: (agency: string) => boolean
  /** To the collector of OTEL_EXPORTER_OTLP_ENDPOINT; none without it. */
  traces: Traces
  /** Stops timers, connections and tokens. */
  close(): Promise<void>
}

const agencyRefresh = 1000

/**
 * Opens an installation: connects, loads keys, keeps the agencies fresh. With `makeSecrets` (demonstration, `antin migrate`)
 * missing secrets and log keys are made; without it they are an error that names the file.
 */
export async function openInstallation(config: Config, logger: Logger, { makeSecrets = false } = {}): Promise<Installation> {
  if (!config.DATABASE_URL) throw new AppError('config.missing', 'DATABASE_URL names no database')
  const origin = new URL(config.PUBLIC_URL ?? `http://localhost:${config.PORT}`).origin
  const secret = makeSecrets ? readOrMakeSecret : readSecret
  const masterKey = secret(config.MASTER_KEY_FILE ?? homePath(config, 'keys', 'master.key'))
  const passphrase = secret(config.KEY_PASSPHRASE_FILE ?? homePath(config, 'keys', 'passphrase')).toString('hex')
  const pool = createPool(config.DATABASE_URL, { max: config.DATABASE_POOL })
  dropSilent(pool)
  try {
    const cipher = await createFieldCipher(pool, masterKey)
    const agencies = await loadAgencyTree(pool)
    const pkcs11 = config.PKCS11_MODULE
      ? { module: config.PKCS11_MODULE, pin: config.PKCS11_PIN_FILE ? readPin(config.PKCS11_PIN_FILE) : '' }
      : undefined
    const store = keyStore({ dir: homePath(config, 'keys', 'agencies'), passphrase, pkcs11, documents: config.DOCUMENT_SIGNATURE })
    const waitSeconds = config.KEY_WAIT_HOURS * 3600
    const signers = signerPool({ pool, store, tree: agencies, waitSeconds })
    const clock = () => Math.floor(Date.now() / 1000)
    const logSigner = await loadOrMake(homePath(config, 'keys', 'log.p8'), passphrase, makeSecrets, loadEd25519File, createEd25519File)
    const anchorSigner = await loadOrMake(
      homePath(config, 'keys', 'anchor.p8'),
      passphrase,
      makeSecrets,
      loadAnchorKeyFile,
      createAnchorKeyFile,
    )
    const logKey = await makeVerifierKey(config.LOG_ORIGIN ?? `${new URL(origin).host}/log`, 'note', logSigner.publicKey, nodeCrypto)
    const mark = await openCheckpointMark({
      pool,
      logKey,
      file: homePath(config, 'checkpoint'),
      sign: text => logSigner.sign({ kind: 'checkpoint', bytes: text }),
      warn: error => logger.warn({ err: error }, 'the newest checkpoint is not kept'),
    })
    const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: serviceName, OTEL_TRACES_SAMPLER_ARG: ratio } = config
    const traces = endpoint ? await openTraces({ endpoint, serviceName, ratio, logger }) : noTraces
    const timer = setInterval(
      () => agencies.refresh(pool).catch(error => logger.warn({ err: error }, 'agencies not refreshed')),
      agencyRefresh,
    )
    timer.unref()
    const cipherTimer = setInterval(
      () => cipher.refresh().catch(error => logger.warn({ err: error }, 'data keys not refreshed')),
      dataKeyRefreshSeconds * 1000,
    )
    cipherTimer.unref()
    return {
      config,
      logger,
      pool,
      cipher,
      agencies,
      store,
      signers,
      statusLists: statusListTokens({ pool, signers, publicUrl: origin, clock, maySign: () => maySign(pool, clock) }),
      origin,
      clock,
      logKey,
      signNote: mark.signNote,
      mark,
      anchorSigner,
      nodes: config.CHAIN === 'none' ? [] : config.CHAIN_RPC_URLS.map(url => rpcNode(url)),
      payer: walletPayer(`0x${secret(homePath(config, 'keys', 'gas.key')).toString('hex')}`),
      isRestricted: agency => isLeftOut(agencies.get(agency), waitSeconds, clock()),
      traces,
      async close() {
        clearInterval(timer)
        clearInterval(cipherTimer)
        await traces.close()
        await store.close()
        await pool.end()
      },
    }
  } catch (error) {
    await pool.end()
    throw error
  }
}

/** Whether the database may be believed: the log is open, and the clocks agree. */
async function maySign(pool: pg.Pool, clock: () => number): Promise<boolean> {
  const { closed } = await readHead(pool)
  return closed === null && isBearable(await clockDifference(pool, clock))
}

/** The pin of the published root (lowercase hex SHA-256 of epoch 1's payload). Throws `trust.not-found` before the first publication. */
export async function publishedPin(installation: Pick<Installation, 'pool'>): Promise<string> {
  const root = await readRoot(installation.pool, 1)
  if (!root) throw new AppError('trust.not-found', 'No trust list is published yet: run `antin trust publish`')
  return root.digest.toString('hex')
}

/** The log as the trust list names it. */
export function logDescription(installation: Pick<Installation, 'logKey' | 'origin'>, from: number) {
  return { origin: installation.logKey.name, vkey: formatVerifierKey(installation.logKey), url: `${installation.origin}/log`, from }
}

async function loadOrMake<T>(
  file: string,
  passphrase: string,
  mayMake: boolean,
  load: (key: { file: string; passphrase: string }) => Promise<T>,
  make: (key: { file: string; passphrase: string }) => Promise<T>,
): Promise<T> {
  return mayMake && !existsSync(file) ? make({ file, passphrase }) : load({ file, passphrase })
}

function readPin(file: string): string {
  return readFileSync(file, 'utf8').trim()
}
