import { decodeBase64url, encodeBase64url } from '../../core/encoding/base64url.ts'
import { endOfVietnamDay } from '../../core/encoding/vietnamDay.ts'
import { AppError } from '../../core/errors.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { addProgress, closeRequest, itemsOf, markItems, requestById } from '../requests/requestsTable.ts'
import { addKey } from './addKey.ts'
import { certificateFacts } from './certificateFacts.ts'
import { compromiseKey } from './compromiseKey.ts'
import { type CommitWith, createKey } from './createKey.ts'
import { endorsementClaims, keepEndorsement } from './endorseKey.ts'
import { digestOfEndorsement, type Endorsement, openEndorsement, signEndorsement } from './endorsement.ts'
import { type ClaimsOf, type KeyChangeClaims, keyChangeClaims } from './keyChangeClaims.ts'
import type { KeyChangeDeps } from './keyChanges.ts'
import type { StoredKey } from './keyStore.ts'
import { type KeyRow, readKey, readPendingKey } from './keysTable.ts'
import { registeredEndorser } from './registeredEndorser.ts'
import { retireKey } from './retireKey.ts'

/** Carries out an approved request; safe to run again at any point. */
export async function applyKeyChange(deps: KeyChangeDeps, requestId: string): Promise<void> {
  const request = await requestById(deps.pool, requestId)
  if (!request) throw new AppError('request.not-found')
  const actor = { sub: request.approver!, name: request.approverName! }
  for (const item of await itemsOf(deps.pool, requestId, { state: 'approved', limit: 10 })) {
    const claims = keyChangeClaims.parse(JSON.parse(deps.cipher.open(item.claims).toString('utf8')))
    const mark = async (tx: Tx) => {
      if ((await markItems(tx, requestId, 'approved', [{ seq: item.seq, state: 'done' }])) !== 1) throw new AppError('key.conflict')
      await addProgress(tx, requestId, 1, 0)
    }
    try {
      await applyChange(deps, requestId, claims, actor, mark)
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

type Approver = { sub: string; name: string }

async function applyChange(deps: KeyChangeDeps, requestId: string, claims: KeyChangeClaims, actor: Approver, mark: CommitWith) {
  switch (claims.action) {
    case 'create': {
      const { agency, use, tokenLabel } = claims
      return createKey(deps, { agency, use, notAfter: endOfVietnamDay(claims.notAfter), tokenLabel }, actor, mark)
    }
    case 'import': {
      const sealed = await readPendingKey(deps.pool, requestId)
      if (!sealed) throw new AppError('key.file', 'The key that waited is gone')
      const stored = await deps.store.keepSealed({ pem: deps.cipher.open(sealed).toString('utf8'), x5c: claims.x5c }, claims.use)
      return addBrought(deps, claims, stored, actor, mark)
    }
    case 'adopt':
      return addBrought(deps, claims, await deps.store.adopt(claims.tokenLabel, claims.id, claims.use), actor, mark)
    case 'endorse': {
      const key = await readKey(deps.pool, decodeBase64url(claims.kid))
      if (key.retiredAt !== null || key.compromise !== null) throw new AppError('key.retired')
      return keepEndorsement(deps, key, await endorsementOf(deps, key, claims), actor, mark)
    }
    case 'retire':
      return retireKey(deps, decodeBase64url(claims.kid), actor, undefined, mark)
    case 'compromise': {
      const { origin, logSize, rootHash } = claims
      return compromiseKey(deps, decodeBase64url(claims.kid), { at: deps.clock(), origin, logSize, rootHash }, actor, mark)
    }
  }
}

/** Registers the key that was shown, and no other that may lie in its place by now. */
async function addBrought(
  deps: KeyChangeDeps,
  { agency, use, notBefore, notAfter, thumbprint, fingerprint }: ClaimsOf<'import' | 'adopt'>,
  stored: StoredKey,
  actor: Approver,
  mark: CommitWith,
): Promise<KeyRow> {
  const isShown =
    encodeBase64url(stored.signer.thumbprint) === thumbprint &&
    (stored.x5c.length === 0 ? undefined : certificateFacts(stored.x5c).fingerprint) === fingerprint
  if (!isShown || notAfter <= deps.clock()) {
    await deps.store.discard(stored)
    throw new AppError(isShown ? 'key.window' : 'key.conflict')
  }
  return addKey(deps, { agency, use, notBefore, notAfter }, stored, actor, mark)
}

async function endorsementOf(deps: KeyChangeDeps, key: KeyRow, { by, jws, fingerprint }: ClaimsOf<'endorse'>): Promise<Endorsement> {
  if (jws !== undefined) {
    if (openEndorsement(jws).claims.thumbprint !== encodeBase64url(key.thumbprint)) throw new AppError('key.endorsement')
    return { jws, digest: digestOfEndorsement(jws) }
  }
  const signer = await registeredEndorser(deps, decodeBase64url(by!))
  if (certificateFacts(signer.x5c).fingerprint !== fingerprint) throw new AppError('key.certificate')
  return signEndorsement(endorsementClaims(key), signer)
}
