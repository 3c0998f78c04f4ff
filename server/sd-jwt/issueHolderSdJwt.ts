import { createPublicKey, randomBytes } from 'node:crypto'
import type pg from 'pg'
import { parseSealed } from '../../core/credential/sealed.ts'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import { issuerUrl } from '../../core/sd-jwt/credentialTypes.ts'
import { issueSdJwt } from '../../core/sd-jwt/issue.ts'
import { cardVcClaims } from '../../core/sd-jwt/vcClaims.ts'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { certificateNames } from '../keys/certificateNames.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import type { SignerPool } from '../keys/signerPool.ts'
import { appendEntries } from '../log/appendEntries.ts'
import { openPrivate } from '../officers/officerPrivate.ts'
import { keepUsable, readHolderCard } from './holderCardTable.ts'

export interface SdJwtDeps {
  pool: pg.Pool
  cipher: FieldCipher
  signers: Pick<SignerPool, 'signerFor'>
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  /** Seconds. */
  clock: () => number
}

/**
 * An SD-JWT VC of the officer's valid card, bound to the holder's key, with all its disclosures (formats 2); answered only after its
 * `sd-jwt.issued` entry is committed. It shares the card's status index, so it ends with the card. Throws `sd-jwt.no-card.not-found`,
 * `sd-jwt.holder-key`, `key.none`.
 */
export async function issueHolderSdJwt(
  deps: SdJwtDeps,
  input: { officerId: string; holderKey: P256Jwk },
  actor: AuditActor,
): Promise<string> {
  assertPoint(input.holderKey)
  const iat = deps.clock()
  const card = await readHolderCard(deps.pool, input.officerId, iat)
  const sealed = card && parseSealed(deps.cipher.open(card.sealed).subarray(16))
  if (!card || sealed?.kind !== 'card') throw new AppError('sd-jwt.no-card.not-found')
  const signer = await deps.signers.signerFor(card.issuer, 'card', iat)
  const { birthDate } = openPrivate(deps.cipher, card.private)
  const { claims, selective } = cardVcClaims(sealed.claims, {
    origin: deps.publicUrl,
    iat,
    jti: encodeBase64url(randomBytes(16)),
    statusListUri: `${deps.publicUrl}/status-lists/${card.list}`,
    ...(birthDate ? { birthDate } : {}),
    unit: card.usingName,
  })
  const kid = encodeBase64url(signer.kid)
  // The leaf's URI has to equal iss: that of an agency above, or of a state certificate, says something else.
  const leaf = signer.x5c?.[0]
  const x5c = leaf && certificateNames(leaf, issuerUrl(deps.publicUrl, card.issuer)) ? signer.x5c : undefined
  const { text, payload } = await issueSdJwt(
    { header: { kid, ...(x5c ? { x5c } : {}) }, claims, selective, holderKey: input.holderKey },
    { sign: signer.signSdJwt, crypto: nodeCrypto, randomBytes },
  )
  await inTransaction(deps.pool, async tx => {
    if (!(await keepUsable(tx, card.ref))) throw new AppError('sd-jwt.no-card.not-found')
    const names = card.restricted ? {} : { agency: card.issuer, kid }
    const digest = encodeBase64url(nodeCrypto.sha256(payload))
    const [leaf] = await appendEntries(tx, [{ type: 'sd-jwt.issued', ref: encodeBase64url(card.ref), digest, ...names }])
    await recordAudit(tx, {
      actor,
      action: 'sd-jwt.issued',
      agency: card.usingAgency,
      subject: `card:${card.serial}`,
      leafIndex: leaf!.leafIndex,
    })
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
