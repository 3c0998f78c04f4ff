import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import type { Compromise } from '../../core/trust/trustSchema.ts'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import { type Db, inTransaction } from '../db/transaction.ts'
import { appendEntries } from '../log/appendEntries.ts'
import type { CommitWith, KeyDeps } from './createKey.ts'
import { type KeyReach, type KeyRow, lockKey, readKey, readKeyReach, updateCompromise } from './keysTable.ts'

/** What a compromise would do, to be shown before anyone says yes. */
export interface CompromiseEffect extends KeyReach {
  key: KeyRow
  compromise: Compromise
  /** Cards and diplomas that the key vouches for no longer: their entry is not below `logSize`. */
  lost: number
}

/** Counts what calling a key compromised affects. Changes nothing. Throws `key.not-found`. */
export async function compromiseEffect(db: Db, kid: Uint8Array, compromise: Compromise): Promise<CompromiseEffect> {
  const key = await readKey(db, kid)
  const reach = await readKeyReach(db, kid, compromise.logSize)
  return { ...reach, key, compromise, lost: reach.cards + reach.diplomas - reach.loggedBelow }
}

/**
 * Says that a key was stolen: from now on it signs nothing, and vouches only for credentials whose entry is proven under the log's root at
 * `logSize`, the size when the issuing system was last known honest; a status key vouches for nothing (formats 4). `key.compromised`
 * commits with the row. A second call may only lower `logSize`. Throws `key.not-found`, `key.retired`.
 */
export async function compromiseKey(
  deps: Pick<KeyDeps, 'pool'>,
  kid: Uint8Array,
  compromise: Compromise,
  actor: AuditActor,
  commitWith?: CommitWith,
): Promise<KeyRow> {
  await inTransaction(deps.pool, async tx => {
    await commitWith?.(tx)
    const key = await lockKey(tx, kid)
    if (key.compromise && key.compromise.logSize <= compromise.logSize)
      throw new AppError('key.retired', 'The key is called compromised at that size or a smaller one')
    await updateCompromise(tx, kid, compromise)
    const { agency, use } = key
    const { logSize, rootHash } = compromise
    const names = { agency, kid: encodeBase64url(key.kid), thumbprint: encodeBase64url(key.thumbprint), use }
    const [leaf] = await appendEntries(tx, [{ type: 'key.compromised', ...names, logSize, rootHash }])
    await recordAudit(tx, {
      actor,
      action: 'key.compromised',
      agency,
      subject: `key:${names.kid}`,
      detail: { use, ...compromise },
      leafIndex: leaf!.leafIndex,
    })
  })
  return readKey(deps.pool, kid)
}
