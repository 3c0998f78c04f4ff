import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import type { CommitWith, KeyDeps } from './createKey.ts'
import { type Endorsement, type EndorsementClaims, signEndorsement } from './endorsement.ts'
import { insertEndorsement, type KeyRow, readKey } from './keysTable.ts'
import type { CertifiedSigner } from './pkcs12.ts'

/** Endorses an agency's key with its state certificate and keeps the endorsement, which the next trust publication names. Throws `key.not-found`, `key.wrong-use`. */
export async function endorseKey(
  deps: Pick<KeyDeps, 'pool'>,
  kid: Uint8Array,
  signer: CertifiedSigner,
  actor: AuditActor,
): Promise<Endorsement> {
  const key = await readKey(deps.pool, kid)
  const endorsement = await signEndorsement(endorsementClaims(key), signer)
  await keepEndorsement(deps, key, endorsement, actor)
  return endorsement
}

/** What an endorsement of this key says. */
export function endorsementClaims({ thumbprint, use, agency, notBefore, notAfter }: KeyRow): EndorsementClaims {
  return { thumbprint: encodeBase64url(thumbprint), use, code: agency, notBefore, notAfter }
}

/** Keeps an endorsement of a key; it and its audit line commit together. */
export async function keepEndorsement(
  deps: Pick<KeyDeps, 'pool'>,
  { kid, use, agency }: Pick<KeyRow, 'kid' | 'use' | 'agency'>,
  { digest, jws }: Endorsement,
  actor: AuditActor,
  commitWith?: CommitWith,
): Promise<void> {
  await inTransaction(deps.pool, async tx => {
    await commitWith?.(tx)
    await insertEndorsement(tx, kid, digest, jws)
    const detail = { use, digest: encodeBase64url(digest) }
    await recordAudit(tx, { actor, action: 'key.endorsed', agency, subject: `key:${encodeBase64url(kid)}`, detail })
  })
}
