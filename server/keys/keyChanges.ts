import { z } from 'zod'
import { decodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import { type AgencyCode, parseAgencyCode } from '../../core/identity/agencyCode.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { createRequest } from '../requests/createRequest.ts'
import { addProgress, closeRequest, itemsOf, markItems, requestById } from '../requests/requestsTable.ts'
import { compromiseEffect, compromiseKey } from './compromiseKey.ts'
import { createKey, type KeyDeps } from './createKey.ts'
import type { FieldCipher } from './fieldCipher.ts'
import { honestLogState } from './honestLogState.ts'
import { readKey } from './keysTable.ts'
import { retireKey } from './retireKey.ts'
import { type KeyUse, keyUses } from './signer.ts'

/** A change of an agency's keys that somebody asks for. `notAfter` is a day of Vietnam, `kid` b64u, `lastHonest` seconds or a size of the log. */
export type KeyChange =
  | { action: 'create'; agency: AgencyCode; use: Exclude<KeyUse, 'document'>; notAfter: string; tokenLabel?: string | undefined }
  | { action: 'retire'; kid: string }
  | { action: 'compromise'; kid: string; lastHonest: number | { logSize: number } }

const day = z.iso.date()
const named = { agency: z.string().transform(parseAgencyCode), use: z.enum(keyUses) }
const kid = z.string()

/** The claims of a `key.change` request: what the second administrator is shown, and exactly what is carried out. */
const keyChangeClaims = z.discriminatedUnion('action', [
  z.object({ action: z.literal('create'), ...named, notAfter: day, tokenLabel: z.string().optional() }),
  z.object({ action: z.literal('retire'), ...named, kid }),
  z.object({
    action: z.literal('compromise'),
    ...named,
    kid,
    origin: z.string(),
    logSize: z.int().min(0),
    rootHash: z.string(),
    lost: z.int(),
  }),
])

type KeyChangeClaims = z.infer<typeof keyChangeClaims>

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
  const claims = await shownChange(deps, input.change)
  return inTransaction(deps.pool, tx =>
    createRequest(tx, deps.cipher, {
      kind: 'key.change',
      agency: claims.agency,
      maker: input.maker,
      detail: { action: claims.action, use: claims.use },
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
    const claims = keyChangeClaims.parse(JSON.parse(deps.cipher.open(item.claims).toString('utf8')))
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

async function shownChange(deps: KeyChangeDeps, change: KeyChange): Promise<KeyChangeClaims> {
  if (change.action === 'create') {
    if (endOfDay(change.notAfter) <= deps.clock()) throw new AppError('key.window')
    const { tokenLabel, ...rest } = change
    return { ...rest, ...(tokenLabel === undefined ? {} : { tokenLabel }) }
  }
  const bytes = decodeBase64url(change.kid)
  const { agency, use, retiredAt, compromise } = await readKey(deps.pool, bytes)
  if (change.action === 'retire') {
    if (retiredAt !== null || compromise !== null) throw new AppError('key.retired')
    return { action: 'retire', agency, use, kid: change.kid }
  }
  const state = await honestLogState(deps.pool, { origin: deps.logOrigin, at: deps.clock(), lastHonest: change.lastHonest })
  const { lost } = await compromiseEffect(deps.pool, bytes, state)
  const { origin, logSize, rootHash } = state
  return { action: 'compromise', agency, use, kid: change.kid, origin, logSize, rootHash, lost }
}

async function applyChange(
  deps: KeyChangeDeps,
  claims: KeyChangeClaims,
  actor: { sub: string; name: string },
  mark: (tx: Tx) => Promise<void>,
) {
  if (claims.action === 'create') {
    const { agency, use, tokenLabel } = claims
    await createKey(deps, { agency, use, notAfter: endOfDay(claims.notAfter), tokenLabel }, actor, mark)
  } else if (claims.action === 'retire') {
    await retireKey(deps, decodeBase64url(claims.kid), actor, undefined, mark)
  } else {
    const { origin, logSize, rootHash } = claims
    await compromiseKey(deps, decodeBase64url(claims.kid), { at: deps.clock(), origin, logSize, rootHash }, actor, mark)
  }
}

/** The last second of a day of Vietnam. */
function endOfDay(text: string): number {
  return Date.parse(`${text}T23:59:59+07:00`) / 1000
}
