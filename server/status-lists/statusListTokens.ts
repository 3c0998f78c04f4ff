import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type pg from 'pg'
import { AppError } from '../../core/errors.ts'
import { signStatusListToken } from '../../core/status-list/statusListToken.ts'
import type { Es256Signer } from '../../core/trust/jws.ts'
import { coalesce } from '../db/coalesce.ts'
import type { SignerPool } from '../keys/signerPool.ts'
import { type ListState, readBits, readNumbers, readState, readToken, replaceToken, type StoredToken } from './statusListsTable.ts'

/** Seconds after which an unchanged list is signed anew (formats 3: at least every 10 minutes). */
const signAfter = 480
/** Seconds that the last token is served while the database or the key cannot be reached; verifiers refuse an older one. */
const serveStale = 900
const clockSkew = 120

/** Tokens of the lists as they are now. */
export interface StatusListTokens {
  /** The token of a list, its bits as they were committed when it was asked for, signed at most 10 minutes ago. Throws `status-list.not-found`. */
  tokenOf(number: number): Promise<StoredToken>
  /** Signs every list whose token is old or missing, for a job that runs every few minutes. Answers how many. */
  signDue(): Promise<number>
}

export interface StatusListTokensDeps {
  pool: pg.Pool
  signers: Pick<SignerPool, 'signerFor'>
  /** Origin of PUBLIC_URL: what the trust slice gives as the agency's `url`. */
  publicUrl: string
  /** Seconds. */
  clock: () => number
  /** False while the database may not be believed: bits that went back, under a new date, would bring back what was revoked. */
  maySign?: () => Promise<boolean>
}

const compress = promisify(deflate)

/**
 * Tokens are signed when they are read and something changed, and kept in the database, so that all processes serve the same one and
 * `iat` never goes backwards for a verifier. Each read asks the database for the list's version, by primary key; reads of one moment
 * share the question.
 */
export function statusListTokens(deps: StatusListTokensDeps): StatusListTokens {
  const { pool, signers, publicUrl, clock, maySign = async () => true } = deps
  const kept = new Map<number, StoredToken>()

  const newest = coalesce(async (number: number): Promise<StoredToken> => {
    for (let attempt = 0; attempt < 5; attempt++) {
      const state = await readState(pool, number)
      if (!state) throw new AppError('status-list.not-found')
      const now = clock()
      const signer = await signers.signerFor(state.agency, 'status', now).catch(asUnavailable)
      const token = isCurrent(state, signer.kid, now) ? await stored(number, state.token!) : await sign(number, state, signer, now)
      if (!token) continue
      kept.set(number, token)
      return token
    }
    throw new AppError('status-list.conflict')
  })

  /** The token that the database holds, from memory where it is the same; null when it was replaced meanwhile. */
  const stored = async (number: number, state: NonNullable<ListState['token']>): Promise<StoredToken | null> => {
    const known = kept.get(number)
    if (known && isSame(known, state)) return known
    const token = await readToken(pool, number)
    return token && isSame(token, state) ? token : null
  }

  /** Signs the bits as they are now; null when another process did at the same moment. */
  const sign = async (number: number, state: ListState, signer: Es256Signer, now: number): Promise<StoredToken | null> => {
    if (!(await maySign())) throw new AppError('status-list.unavailable', 'Nothing is signed while the log is closed or a clock is wrong')
    const list = await readBits(pool, number)
    if (!list) throw new AppError('status-list.not-found')
    const iat = nextIat(state.token, now)
    const sub = `${publicUrl}/status-lists/${number}`
    const text = await signStatusListToken({ sub, iat, bits: 2, statuses: list.bits }, signer, compress)
    const token: StoredToken = { version: list.version, iat, kid: Buffer.from(signer.kid), token: text }
    return (await replaceToken(pool, number, state.token, token)) ? token : null
  }

  const tokenOf = async (number: number): Promise<StoredToken> => {
    try {
      return await newest(number)
    } catch (error) {
      const isAnswer = error instanceof AppError && error.code === 'status-list.not-found'
      const known = isAnswer ? undefined : (kept.get(number) ?? (await readToken(pool, number).catch(() => undefined)))
      if (known && clock() - known.iat < serveStale) return known
      throw error
    }
  }

  return {
    tokenOf,
    async signDue() {
      if (!(await maySign())) return 0
      const due = await readNumbers(pool, clock() - signAfter)
      for (const number of due) await tokenOf(number)
      return due.length
    },
  }
}

/** A list that nobody may sign cannot be had for now: verifiers take that for an outage. */
function asUnavailable(cause: unknown): never {
  throw cause instanceof AppError && cause.code === 'key.none' ? new AppError('status-list.unavailable', undefined, { cause }) : cause
}

function isCurrent({ version, token }: ListState, kid: Uint8Array, now: number): boolean {
  return token !== null && token.version === version && token.kid.equals(kid) && token.iat > now - signAfter && token.iat <= now + clockSkew
}

/** Not before the last one, unless that one was signed by a clock so far ahead that no verifier accepted it. */
function nextIat(last: ListState['token'], now: number): number {
  return last && last.iat <= now + clockSkew ? Math.max(now, last.iat) : now
}

function isSame(a: { version: number; iat: number; kid: Buffer }, b: { version: number; iat: number; kid: Buffer }): boolean {
  return a.version === b.version && a.iat === b.iat && a.kid.equals(b.kid)
}
