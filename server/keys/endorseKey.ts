import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import type { KeyDeps } from './createKey.ts'
import { type Endorsement, signEndorsement } from './endorsement.ts'
import { insertEndorsement, readKey } from './keysTable.ts'
import type { CertifiedSigner } from './pkcs12.ts'

/** Endorses an agency's key with its state certificate and keeps the endorsement, which the next trust publication names. Throws `key.not-found`, `key.wrong-use`. */
export async function endorseKey(
  deps: Pick<KeyDeps, 'pool'>,
  kid: Uint8Array,
  signer: CertifiedSigner,
  actor: AuditActor,
): Promise<Endorsement> {
  const { thumbprint, use, agency, notBefore, notAfter } = await readKey(deps.pool, kid)
  const endorsement = await signEndorsement({ thumbprint: encodeBase64url(thumbprint), use, code: agency, notBefore, notAfter }, signer)
  await inTransaction(deps.pool, async tx => {
    await insertEndorsement(tx, kid, endorsement.digest, endorsement.jws)
    const detail = { use, digest: encodeBase64url(endorsement.digest) }
    await recordAudit(tx, { actor, action: 'key.endorsed', agency, subject: `key:${encodeBase64url(kid)}`, detail })
  })
  return endorsement
}
