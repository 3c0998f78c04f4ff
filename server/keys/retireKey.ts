import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { appendEntries } from '../log/appendEntries.ts'
import type { CommitWith, KeyDeps } from './createKey.ts'
import { type KeyRow, lockKey, readKey, updateRetired } from './keysTable.ts'

/** Seconds until a retirement takes hold, so that every process knows of it before: nothing is signed after `retiredAt`. */
const notice = 60

/**
 * Ends a key's signing at `at` (seconds), a minute from now at the earliest. What it signed until then stays as good as it was, because the
 * trust slice goes on naming it. `key.retired` commits with the row. Throws `key.not-found`, `key.retired`.
 */
export async function retireKey(
  deps: Pick<KeyDeps, 'pool' | 'clock'>,
  kid: Uint8Array,
  actor: AuditActor,
  at?: number,
  commitWith?: CommitWith,
): Promise<KeyRow> {
  await inTransaction(deps.pool, async tx => {
    await commitWith?.(tx)
    const key = await lockKey(tx, kid)
    if (key.retiredAt !== null || key.compromise !== null) throw new AppError('key.retired')
    const retiredAt = Math.max(at ?? 0, deps.clock() + notice)
    await updateRetired(tx, kid, retiredAt)
    const { agency, use, notBefore } = key
    const names = { agency, kid: encodeBase64url(key.kid), thumbprint: encodeBase64url(key.thumbprint), use }
    const notAfter = Math.min(retiredAt, key.notAfter)
    const [leaf] = await appendEntries(tx, [{ type: 'key.retired', ...names, notBefore: Math.min(notBefore, notAfter), notAfter }])
    await recordAudit(tx, {
      actor,
      action: 'key.retired',
      agency,
      subject: `key:${names.kid}`,
      detail: { use, retiredAt },
      leafIndex: leaf!.leafIndex,
    })
  })
  return readKey(deps.pool, kid)
}
