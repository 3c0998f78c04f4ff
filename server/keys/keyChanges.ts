import { decodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import { type AgencyCode, parseAgencyCode } from '../../core/identity/agencyCode.ts'
import type { Compromise } from '../../core/trust/trustSchema.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { createRequest } from '../requests/createRequest.ts'
import { addProgress, closeRequest, itemsOf, markItems, requestById } from '../requests/requestsTable.ts'
import { compromiseEffect, compromiseKey } from './compromiseKey.ts'
import { createKey, type KeyDeps } from './createKey.ts'
import type { FieldCipher } from './fieldCipher.ts'
import { honestLogState } from './honestLogState.ts'
import { readKey, readKeyReach } from './keysTable.ts'
import { retireKey } from './retireKey.ts'
import type { KeyUse } from './signer.ts'

/** A change of an agency's keys that two administrators agree on. Times in seconds, `kid` b64u. */
export type KeyChange =
  | { action: 'create'; agency: AgencyCode; use: Exclude<KeyUse, 'document'>; notAfter: number; tokenLabel?: string | undefined }
  | { action: 'retire'; kid: string }
  | { action: 'compromise'; kid: string; lastHonest: number }

export interface KeyChangeDeps extends KeyDeps {
  cipher: FieldCipher
  /** The log's origin. */
  logOrigin: string
}

/** Asks for a change; what it would affect is in the claims that the second person is shown. Throws `key.not-found`, `key.window`, `key.retired`. */
export async function requestKeyChange(
  deps: KeyChangeDeps,
  input: { maker: { sub: string; name: string }; change: KeyChange; reason?: string },
): Promise<string> {
  const { agency, claims } = await shownChange(deps, input.change)
  return inTransaction(deps.pool, tx =>
    createRequest(tx, deps.cipher, {
      kind: 'key.change',
      agency,
      maker: input.maker,
      detail: { action: input.change.action },
      reason: input.reason,
      items: [{ claims }],
    }),
  )
}

/** Carries out an approved request; safe to run again at any point. */
export async function applyKeyChange(deps: KeyChangeDeps, requestId: string): Promise<void> {
  const request = await requestById(deps.pool, requestId)
  if (!request) throw new AppError('request.not-found')
  const actor = { sub: request.approver!, name: request.approverName! }
  for (const item of await itemsOf(deps.pool, requestId, { state: 'approved', limit: 10 })) {
    const claims = JSON.parse(deps.cipher.open(item.claims).toString('utf8')) as Record<string, unknown>
    const mark = async (tx: Tx) => {
      if ((await markItems(tx, requestId, 'approved', [{ seq: item.seq, state: 'done' }])) !== 1) throw new AppError('key.conflict')
      await addProgress(tx, requestId, 1, 0)
    }
    try {
      await applyChange(deps, claims, actor, mark)
    } catch (error) {
      if (!(error instanceof AppError) || !error.code.startsWith('key.')) throw error
      const outcome = error.code
      await inTransaction(deps.pool, async tx => {
        if ((await markItems(tx, requestId, 'approved', [{ seq: item.seq, state: 'failed', outcome }])) === 1)
          await addProgress(tx, requestId, 0, 1)
      })
    }
  }
  await closeRequest(deps.pool, requestId)
}

async function shownChange(deps: KeyChangeDeps, change: KeyChange): Promise<{ agency: AgencyCode; claims: Record<string, unknown> }> {
  if (change.action === 'create') {
    if (change.notAfter <= deps.clock()) throw new AppError('key.window')
    return { agency: change.agency, claims: { ...change } }
  }
  const kid = decodeBase64url(change.kid)
  const key = await readKey(deps.pool, kid)
  if (change.action === 'retire') {
    if (key.retiredAt !== null || key.compromise !== null) throw new AppError('key.retired')
    return { agency: key.agency, claims: { ...change, agency: key.agency, use: key.use, ...(await readKeyReach(deps.pool, kid, 0)) } }
  }
  const compromise = await honestLogState(deps.pool, { origin: deps.logOrigin, at: deps.clock(), lastHonest: change.lastHonest })
  const { key: _, ...effect } = await compromiseEffect(deps.pool, kid, compromise)
  return { agency: key.agency, claims: { ...change, agency: key.agency, use: key.use, ...effect } }
}

async function applyChange(
  deps: KeyChangeDeps,
  claims: Record<string, unknown>,
  actor: { sub: string; name: string },
  mark: (tx: Tx) => Promise<void>,
) {
  if (claims.action === 'create') {
    const { use, notAfter, tokenLabel } = claims as { use: KeyUse; notAfter: number; tokenLabel?: string }
    await createKey(deps, { agency: parseAgencyCode(String(claims.agency)), use, notAfter, tokenLabel }, actor, mark)
    return
  }
  const kid = decodeBase64url(String(claims.kid))
  if (claims.action === 'retire') await retireKey(deps, kid, actor, undefined, mark)
  else await compromiseKey(deps, kid, claims.compromise as Compromise, actor, mark)
}
