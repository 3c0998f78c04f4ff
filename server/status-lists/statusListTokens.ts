import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type pg from 'pg'
import { AppError } from '../../core/errors.ts'
import { signStatusListToken } from '../../core/status-list/statusListToken.ts'
import type { SignerPool } from '../keys/signerPool.ts'
import { type ListState, readBits, readNumbers, readState, readToken, replaceToken, type StoredToken } from './statusListsTable.ts'

/** Seconds after which an unchanged list is signed anew (formats 3: at least every 10 minutes). */
const signAfter = 480
/** Milliseconds that a token is served without asking whether its bits changed: a change shows within a second. */
const checkAfter = 250
/** Seconds that the last token is served while the database or the key cannot be reached; verifiers refuse an older one. */
const serveStale = 900
const clockSkew = 120

/** Tokens of the lists as they are now. */
export interface StatusListTokens {
  /** The token of a list, its bits not older than a second, signed at most 10 minutes ago. Throws `status-list.not-found`. */
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
}

const compress = promisify(deflate)

/**
 * Tokens are signed when they are read and something changed, and kept in the database, so that all processes serve the same one and
 * `iat` never goes backwards for a verifier.
 */
export function statusListTokens({ pool, signers, publicUrl, clock }: StatusListTokensDeps): StatusListTokens {
  const cache = new Map<number, { token: StoredToken; checkedAt: number }>()
  const running = new Map<number, Promise<StoredToken>>()

  const tokenOf = async (number: number): Promise<StoredToken> => {
    const cached = cache.get(number)
    if (cached && performance.now() - cached.checkedAt < checkAfter) return cached.token
    let refresh = running.get(number)
    if (!refresh) {
      refresh = newest(number, cached?.token).finally(() => running.delete(number))
      running.set(number, refresh)
    }
    try {
      return await refresh
    } catch (error) {
      const isKnownAnswer = error instanceof AppError && error.code === 'status-list.not-found'
      if (!isKnownAnswer && cached && clock() - cached.token.iat < serveStale) return cached.token
      throw error
    }
  }

  const newest = async (number: number, cached: StoredToken | undefined): Promise<StoredToken> => {
    for (let attempt = 0; attempt < 5; attempt++) {
      // Taken before the question is asked: what commits after it is found at the next check.
      const checkedAt = performance.now()
      const state = await readState(pool, number)
      if (!state) throw new AppError('status-list.not-found')
      const now = clock()
      const signer = await signers.signerFor(state.agency, 'status', now)
      if (isCurrent(state, signer.kid, now)) {
        const token = cached && isSame(cached, state.token!) ? cached : await readToken(pool, number)
        if (!token || !isSame(token, state.token!)) continue
        cache.set(number, { token, checkedAt })
        return token
      }
      const list = await readBits(pool, number)
      if (!list) throw new AppError('status-list.not-found')
      const iat = nextIat(state.token, now)
      const text = await signStatusListToken(
        { sub: `${publicUrl}/status-lists/${number}`, iat, bits: 2, statuses: list.bits },
        signer,
        compress,
      )
      const token: StoredToken = { version: list.version, iat, kid: Buffer.from(signer.kid), token: text }
      if (!(await replaceToken(pool, number, state.token, token))) continue
      cache.set(number, { token, checkedAt })
      return token
    }
    throw new AppError('status-list.conflict')
  }

  return {
    tokenOf,
    async signDue() {
      const due = await readNumbers(pool, clock() - signAfter)
      for (const number of due) await tokenOf(number)
      return due.length
    },
  }
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
