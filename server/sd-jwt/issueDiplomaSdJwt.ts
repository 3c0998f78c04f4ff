import { parseSealed } from '../../core/credential/sealed.ts'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import { diplomaVcClaims } from '../../core/sd-jwt/vcClaims.ts'
import type { AuditActor } from '../audit/auditTable.ts'
import { keepHeld, readHolderDiploma } from './holderDiplomaTable.ts'
import { issueSdJwtVc, type SdJwtDeps } from './issueSdJwtVc.ts'

/**
 * An SD-JWT VC of a diploma whose holder the person is, as `issueSdJwtVc` makes it. Throws `diploma.not-found` for another's,
 * `diploma.ended.conflict` for one that was ended, corrected or has expired, `sd-jwt.holder-key`, `key.none`.
 */
export async function issueDiplomaSdJwt(
  deps: SdJwtDeps,
  input: { ref: Uint8Array; personIndex: Uint8Array; holderKey: P256Jwk },
  actor: AuditActor,
): Promise<string> {
  const { ref, personIndex, holderKey } = input
  const diploma = await readHolderDiploma(deps.pool, ref, personIndex)
  const sealed = diploma && parseSealed(deps.cipher.open(diploma.sealed))
  if (!diploma || sealed?.kind !== 'diploma') throw new AppError('diploma.not-found')
  const { iat, exp } = sealed.claims
  if (exp !== undefined && exp < deps.clock()) throw new AppError('diploma.ended.conflict', 'It has expired')
  return issueSdJwtVc(
    deps,
    {
      use: 'diploma',
      ...diploma,
      sealedAt: iat,
      claimsOf: vc => diplomaVcClaims(sealed.claims, vc),
      keepInForce: tx => keepHeld(tx, ref, personIndex),
      otherwise: () => new AppError('diploma.ended.conflict'),
      agency: diploma.issuer,
      subject: `diploma:${encodeBase64url(ref)}`,
    },
    holderKey,
    actor,
  )
}
