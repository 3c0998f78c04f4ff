import { parseSealed } from '../../core/credential/sealed.ts'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'
import { cardVcClaims } from '../../core/sd-jwt/vcClaims.ts'
import type { AuditActor } from '../audit/auditTable.ts'
import { openPrivate } from '../officers/officerPrivate.ts'
import { keepUsable, readHolderCard } from './holderCardTable.ts'
import { issueSdJwtVc, type SdJwtDeps } from './issueSdJwtVc.ts'

/** An SD-JWT VC of the officer's valid card, as `issueSdJwtVc` makes it. Throws `sd-jwt.no-card.not-found`, `sd-jwt.holder-key`, `key.none`. */
export async function issueCardSdJwt(
  deps: SdJwtDeps,
  input: { officerId: string; holderKey: P256Jwk },
  actor: AuditActor,
): Promise<string> {
  const card = await readHolderCard(deps.pool, input.officerId, deps.clock())
  const sealed = card && parseSealed(deps.cipher.open(card.sealed).subarray(16))
  if (!card || sealed?.kind !== 'card') throw new AppError('sd-jwt.no-card.not-found')
  const { birthDate } = openPrivate(deps.cipher, card.private)
  const { issuer, ref, list, usingAgency, usingName, serial } = card
  return issueSdJwtVc(
    deps,
    {
      use: 'card',
      issuer,
      ref,
      sealedAt: sealed.claims.iat,
      list,
      claimsOf: vc => cardVcClaims(sealed.claims, { ...vc, ...(birthDate ? { birthDate } : {}), unit: usingName }),
      keepInForce: tx => keepUsable(tx, ref),
      otherwise: () => new AppError('sd-jwt.no-card.not-found'),
      agency: usingAgency,
      subject: `card:${serial}`,
    },
    input.holderKey,
    actor,
  )
}
