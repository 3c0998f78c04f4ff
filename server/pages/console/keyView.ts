import type { Request, Response } from 'express'
import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import { type KeyChange, type KeyChangeDeps, requestKeyChange } from '../../keys/keyChanges.ts'
import { parsePkcs11Uri } from '../../keys/keyStore.ts'
import { type KeyRow, readKey } from '../../keys/keysTable.ts'
import type { TokenInfo } from '../../keys/pkcs11Tokens.ts'
import type { Actor } from '../../staff/actor.ts'
import { inScope, type PageDeps, whoOf } from './routes.ts'
import { redirectWith } from './shell.ts'

export type KeyPagesDeps = PageDeps &
  KeyChangeDeps & {
    /** Seconds that a key waits, published, before it signs. */
    keyWaitSeconds: number
  }

/** A fault of a form, beside the field of this name. */
export interface FormFault {
  field: string
  text: string
}

/** A key as pages show it: what it is now, where it is kept, and from when it signs (seconds; null while no trust list names it). */
export function keyView(key: KeyRow, now: number, waitSeconds: number) {
  const signsFrom = key.servedAt === null ? null : Math.max(key.servedAt + waitSeconds, key.notBefore)
  const form = key.form === 'pkcs11' ? 'pkcs11' : key.use === 'document' ? 'pkcs12' : 'file'
  return { ...key, form, token: key.form === 'pkcs11' ? tokenOf(key.location) : null, signsFrom, state: stateOf(key, now, signsFrom) }
}

function stateOf(key: KeyRow, now: number, signsFrom: number | null) {
  if (key.compromise) return 'compromised'
  if (key.retiredAt !== null) return 'retired'
  if (key.notAfter < now) return 'expired'
  if (signsFrom === null) return 'waiting'
  return signsFrom > now ? 'published' : 'active'
}

function tokenOf(location: string): string {
  try {
    return parsePkcs11Uri(location).tokenLabel
  } catch {
    return location
  }
}

/** The key that an address names. Throws `key.not-found`, `auth.outside-scope`. */
export async function findKey(deps: KeyPagesDeps, text: string, actor: Actor): Promise<KeyRow> {
  if (!/^[\w-]{10}[AEIMQUYcgkosw048]$/.test(text)) throw new AppError('key.not-found')
  const key = await readKey(deps.pool, decodeBase64url(text))
  inScope(deps.tree, actor, key.agency)
  return key
}

/** Asks for a change and shows the request that now waits for the second administrator. Throws as `requestKeyChange` does. */
export async function askForKey(
  deps: KeyPagesDeps,
  req: Request,
  res: Response,
  actor: Actor,
  change: KeyChange,
  reason?: string,
): Promise<void> {
  const id = await requestKeyChange(deps, { maker: whoOf(actor), change, ...(reason ? { reason } : {}) })
  await redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'keys.asked' })
}

/** The tokens of this installation; `broken` when its PKCS#11 library cannot be asked. */
export async function tokensNow({ store }: Pick<KeyPagesDeps, 'store'>): Promise<{ tokens: TokenInfo[]; broken: boolean }> {
  try {
    return { tokens: await store.tokens(), broken: false }
  } catch (error) {
    if (error instanceof AppError && error.code === 'key.pkcs11') return { tokens: [], broken: true }
    throw error
  }
}

/** The last day of a key that is made today for so many years, or null when it is no number from 1 to 5. */
export function lastDay(now: number, years: string | undefined): string | null {
  const count = Number(years)
  if (!(count >= 1 && count <= 5)) return null
  const end = new Date(now * 1000)
  end.setUTCFullYear(end.getUTCFullYear() + Math.floor(count))
  return end.toISOString().slice(0, 10)
}
