import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { appendEntries } from '../log/appendEntries.ts'
import type { CommitWith, KeyDeps } from './createKey.ts'
import type { StoredKey } from './keyStore.ts'
import { insertKey, type KeyRow, readKey } from './keysTable.ts'

/**
 * Registers a key that was just made or brought in; `key.added` commits with its row. What cannot be registered is taken back out of the
 * store. Throws `key.conflict`, `agency.not-found`.
 */
export async function addKey(
  deps: KeyDeps,
  key: Required<Pick<KeyRow, 'agency' | 'use' | 'notBefore' | 'notAfter'>>,
  stored: StoredKey,
  actor: AuditActor,
  commitWith?: CommitWith,
): Promise<KeyRow> {
  const { agency, use, notBefore, notAfter } = key
  const { signer, form, location, x5c } = stored
  const kid = Buffer.from(signer.kid)
  const added = inTransaction(deps.pool, async tx => {
    const row = {
      kid,
      thumbprint: Buffer.from(signer.thumbprint),
      agency,
      use,
      jwk: signer.jwk,
      form,
      location,
      x5c: [...x5c],
      notBefore,
      notAfter,
    }
    await commitWith?.(tx)
    await insertKey(tx, row)
    const names = { agency, kid: encodeBase64url(kid), thumbprint: encodeBase64url(signer.thumbprint), use }
    const [leaf] = await appendEntries(tx, [{ type: 'key.added', ...names, notBefore, notAfter }])
    await recordAudit(tx, {
      actor,
      action: 'key.added',
      agency,
      subject: `key:${names.kid}`,
      detail: { use, form, notBefore, notAfter },
      leafIndex: leaf!.leafIndex,
    })
  })
  await added.catch(async error => {
    // What fails after COMMIT was sent may still have been committed: the key goes only when its row is not there.
    if (error instanceof AppError) await deps.store.discard(stored)
    throw error
  })
  return readKey(deps.pool, kid)
}
