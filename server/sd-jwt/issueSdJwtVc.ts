import { createPublicKey, randomBytes } from 'node:crypto'
import type pg from 'pg'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { equalBytes } from '../../core/encoding/bytes.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { issuerUrl } from '../../core/sd-jwt/credentialTypes.ts'
import { issueSdJwt, type SdJwtToIssue } from '../../core/sd-jwt/issue.ts'
import type { VcInput } from '../../core/sd-jwt/vcClaims.ts'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { certificateNames } from '../keys/certificateNames.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import type { SignerPool } from '../keys/signerPool.ts'
import { appendEntries } from '../log/appendEntries.ts'

export interface SdJwtDeps {
  pool: pg.Pool
  cipher: FieldCipher
  signers: Pick<SignerPool, 'signerFor'>
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  /** Seconds. */
  clock: () => number
  /** Whether an agency's entries name neither agency nor key. */
  isRestricted: (agency: AgencyCode) => boolean
}

/** A registered credential that an SD-JWT VC is made of. */
export interface VcSource {
  use: 'card' | 'diploma'
  issuer: AgencyCode
  ref: Buffer
  /** When the sealed credential was issued, in seconds. */
  sealedAt: number
  list: number
  claimsOf: (input: VcInput) => Pick<SdJwtToIssue, 'claims' | 'selective'>
  /** Whether the credential is still in force; it stays so until the transaction ends. */
  keepInForce: (tx: Tx) => Promise<boolean>
  /** Why there is no SD-JWT VC when it is not. */
  otherwise: () => AppError
  /** Whose page the audit shows it on, and about what. */
  agency: string
  subject: string
}

/**
 * Seconds that `iat` lies before now: no status list in use then is older than the credential (formats 3: signed anew every 10 minutes,
 * kept for 5), and it is not the time of the log's entry to the second.
 */
const backdating = 900

/**
 * An SD-JWT VC bound to the holder's key, with all its disclosures (formats 2); answered only after its `sd-jwt.issued` entry is committed.
 * It shares the status index of the sealed credential, so it ends with it. Throws `otherwise`, `sd-jwt.holder-key`, `key.none`.
 */
export async function issueSdJwtVc(deps: SdJwtDeps, source: VcSource, holderKey: P256Jwk, actor: AuditActor): Promise<string> {
  assertPoint(holderKey)
  const { use, issuer, list, ref } = source
  const now = deps.clock()
  const signer = await deps.signers.signerFor(issuer, use, now)
  const earlier = Math.max(source.sealedAt, now - backdating)
  const then = await deps.signers.signerFor(issuer, use, earlier).catch(() => undefined)
  const { claims, selective } = source.claimsOf({
    origin: deps.publicUrl,
    // A key vouches for nothing before its own time.
    iat: then && equalBytes(then.kid, signer.kid) ? earlier : now,
    jti: encodeBase64url(randomBytes(16)),
    statusListUri: `${deps.publicUrl}/status-lists/${list}`,
  })
  const kid = encodeBase64url(signer.kid)
  // The leaf's URI has to equal iss: that of an agency above, or of a state certificate, says something else.
  const leaf = signer.x5c?.[0]
  const x5c = leaf && certificateNames(leaf, issuerUrl(deps.publicUrl, issuer)) ? signer.x5c : undefined
  const { text, payload } = await issueSdJwt(
    { header: { kid, ...(x5c ? { x5c } : {}) }, claims, selective, holderKey },
    { sign: signer.signSdJwt, crypto: nodeCrypto, randomBytes },
  )
  await inTransaction(deps.pool, async tx => {
    if (!(await source.keepInForce(tx))) throw source.otherwise()
    const names = deps.isRestricted(issuer) ? {} : { agency: issuer, kid }
    const digest = encodeBase64url(nodeCrypto.sha256(payload))
    const [entry] = await appendEntries(tx, [{ type: 'sd-jwt.issued', ref: encodeBase64url(ref), digest, ...names }])
    const { agency, subject } = source
    await recordAudit(tx, { actor, action: 'sd-jwt.issued', agency, subject, leafIndex: entry!.leafIndex })
  })
  return text
}

function assertPoint({ kty, crv, x, y }: P256Jwk): void {
  try {
    createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })
  } catch (cause) {
    throw new AppError('sd-jwt.holder-key', undefined, { cause })
  }
}
