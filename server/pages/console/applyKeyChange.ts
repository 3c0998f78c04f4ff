import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { inTransaction } from '../../db/transaction.ts'
import { compromiseKey } from '../../keys/compromiseKey.ts'
import { createKey, type KeyDeps } from '../../keys/createKey.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import { retireKey } from '../../keys/retireKey.ts'
import { addProgress, closeRequest, itemsOf, markItems, requestById } from '../../requests/requestsTable.ts'
import type { KeyChange } from './keys.ts'

/**
 * Carries out an approved `key.change` request: makes, retires or disowns the key in the name of the admin who approved it.
 * A change that the key's state no longer allows is marked failed with its code. For the job `applyRequest`.
 */
export async function applyKeyChange(deps: KeyDeps & { cipher: FieldCipher }, requestId: string): Promise<void> {
  const request = await requestById(deps.pool, requestId)
  if (!request) throw new AppError('request.not-found')
  const actor = { sub: request.approver!, name: request.approverName! }
  for (const item of await itemsOf(deps.pool, requestId, { state: 'approved' })) {
    const change = JSON.parse(deps.cipher.open(item.claims).toString('utf8')) as KeyChange
    const outcome = await carryOut(deps, change, actor)
    await inTransaction(deps.pool, async tx => {
      await markItems(tx, requestId, 'approved', [{ seq: item.seq, state: outcome === '' ? 'done' : 'failed', outcome }])
      await addProgress(tx, requestId, outcome === '' ? 1 : 0, outcome === '' ? 0 : 1)
    })
  }
  await closeRequest(deps.pool, requestId)
}

/** '' or the code of the rule that stands against it. */
async function carryOut(deps: KeyDeps, change: KeyChange, actor: { sub: string; name: string }): Promise<string> {
  try {
    if (change.action === 'create') {
      const notAfter = Math.floor(Date.parse(`${change.notAfter}T16:59:59Z`) / 1000)
      await createKey(deps, { agency: change.agency as AgencyCode, use: change.use, notAfter }, actor)
    } else if (change.action === 'retire') await retireKey(deps, decodeBase64url(change.kid), actor)
    else {
      const { origin, logSize, rootHash } = change
      await compromiseKey(deps, decodeBase64url(change.kid), { at: Math.floor(deps.clock()), origin, logSize, rootHash }, actor)
    }
    return ''
  } catch (error) {
    if (error instanceof AppError && error.code !== 'internal') return error.code
    throw error
  }
}
