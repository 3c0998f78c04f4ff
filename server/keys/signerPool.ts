import type pg from 'pg'
import type { SignEs256 } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { KeyStore } from './keyStore.ts'
import { type KeyRow, readKeyRevision, readKeys } from './keysTable.ts'
import type { JwkSigner, KeyUse, TypedMessage } from './signer.ts'
import { type SigningTree, signersOf } from './signersOf.ts'

/** A key that signs credentials or status lists for an agency. `kid` 8 bytes. */
export interface CredentialSigner {
  kid: Uint8Array
  /** The agency whose key it is: the one asked for, one above it, or its successor. It owns the status lists of what it signs. */
  agency: AgencyCode
  use: KeyUse
  /** Signs COSE_Sign1 inputs (card, diploma) or status list tokens (status), nothing else. */
  sign: SignEs256
  /** Signs SD-JWTs; only for cards and diplomas. */
  signSdJwt: SignEs256
  /** Base64 of DER, leaf first, no root. */
  x5c?: string[]
}

/** A key that signs PDF documents. */
export interface DocumentSigner {
  kid: Uint8Array
  agency: AgencyCode
  algorithm: 'RS256' | 'PS256' | 'ES256'
  /** DER certificates, leaf first, no root. */
  certificates: Buffer[]
  /** Signs the DER SET of a CMS SignedData's signed attributes (RFC 5652 5.4). ES256 answers r‖s. */
  signAttributes(der: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** The keys that may sign now. What other processes change is seen within a second. */
export interface SignerPool {
  /**
   * The newest key of the agency that may sign at `at` (seconds), else of the nearest agency above it, else of its successor. A key may sign
   * within its window and its agency's, not retired, not compromised, and once its trust slice has been served for the waiting time.
   * Throws `key.none`.
   */
  signerFor(agency: AgencyCode, use: 'card' | 'diploma' | 'status', at: number): Promise<CredentialSigner>
  /** Likewise for documents. Throws `key.none`. */
  documentSigner(agency: AgencyCode, at: number): Promise<DocumentSigner>
}

export interface SignerPoolDeps {
  pool: pg.Pool
  store: KeyStore
  tree: SigningTree
  /** Seconds that a key's slice is served before it signs (formats 4: 24 h; the demonstration 0). */
  waitSeconds: number
}

/** Milliseconds that keys are used without asking whether any changed. */
const checkAfter = 500

export function signerPool({ pool, store, tree, waitSeconds }: SignerPoolDeps): SignerPool {
  let revision = -1
  let checkedAt = Number.NEGATIVE_INFINITY
  let byAgency = new Map<string, KeyRow[]>()
  let loading: Promise<void> | null = null

  const refresh = async (): Promise<void> => {
    if (performance.now() - checkedAt < checkAfter) return
    loading ??= load().finally(() => {
      loading = null
    })
    await loading
  }
  const load = async (): Promise<void> => {
    const asked = performance.now()
    const current = await readKeyRevision(pool)
    if (current !== revision) {
      const next = new Map<string, KeyRow[]>()
      for (const row of await readKeys(pool)) next.set(row.agency, [...(next.get(row.agency) ?? []), row])
      byAgency = next
      revision = current
    }
    checkedAt = asked
  }

  const keyFor = async (agency: AgencyCode, use: KeyUse, at: number): Promise<KeyRow> => {
    await refresh()
    for (const code of signersOf(tree, agency, at)) {
      if (!isValidAt(tree.get(code), at)) continue
      // Rows come oldest first: the newest key that may sign takes over from those before it.
      const row = byAgency.get(code)?.findLast(key => key.use === use && maySign(key, at, waitSeconds))
      if (row) return row
    }
    throw new AppError('key.none', `No key of ${agency}, nor of an agency above it, may sign a ${use} now`)
  }

  return {
    async signerFor(agency, use, at) {
      const row = await keyFor(agency, use, at)
      const signer = await store.open(row.form, row.location, row.use)
      return {
        kid: signer.kid,
        agency: row.agency,
        use,
        sign: signAs(signer, use === 'status' ? 'status-list' : 'sign1'),
        signSdJwt: signAs(signer, 'sd-jwt'),
        ...(row.x5c.length > 0 ? { x5c: row.x5c } : {}),
      }
    },
    async documentSigner(agency, at) {
      const row = await keyFor(agency, 'document', at)
      const signer = await store.open(row.form, row.location, 'document')
      return {
        kid: signer.kid,
        agency: row.agency,
        algorithm: signer.algorithm,
        certificates: row.x5c.map(text => Buffer.from(text, 'base64')),
        signAttributes: der => signer.sign({ kind: 'document', bytes: der }),
      }
    },
  }
}

function signAs(signer: JwkSigner, kind: TypedMessage['kind']): SignEs256 {
  return bytes => signer.sign({ kind, bytes })
}

function maySign(key: KeyRow, at: number, waitSeconds: number): boolean {
  return (
    at >= key.notBefore &&
    at <= key.notAfter &&
    key.servedAt !== null &&
    at >= key.servedAt + waitSeconds &&
    (key.retiredAt === null || at < key.retiredAt) &&
    key.compromise === null
  )
}

function isValidAt(agency: ReturnType<SigningTree['get']>, at: number): boolean {
  if (!agency) return false
  return (
    at >= Math.floor(agency.validFrom.getTime() / 1000) && (agency.validTo === null || at <= Math.floor(agency.validTo.getTime() / 1000))
  )
}
