import { type LiveCard, liveFailure, parseLive } from '../credential/live.ts'
import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { findKey, maySign, type TrustSlice, windowFault } from '../trust/trustList.ts'

/**
 * Whether a live card (formats 10) is shown now by its holder's phone: `live`, with its age in seconds; `stale`: too old, perhaps a
 * screenshot; `wrong`: a signature or binding that is none; `ended`: the binding's time is over; `unknown`: no trusted key to judge by.
 */
export type LiveJudgement = { readonly kind: 'live'; readonly age: number } | { readonly kind: 'stale' | 'wrong' | 'ended' | 'unknown' }

export interface LiveInput {
  /** The CBOR array of a live QR; may be anything. */
  readonly bytes: Uint8Array
  /** The slice that the sealed card in it was judged by. */
  readonly slice: TrustSlice | undefined
  /** `host[:port]` of PUBLIC_URL. */
  readonly host: string
  /** Seconds. */
  readonly now: number
}

/** Judges the proof of a live card; the sealed card in it is judged by `verifyCard`. Never throws. */
export async function judgeLive({ bytes, slice, host, now }: LiveInput, crypto: CoreCrypto): Promise<LiveJudgement> {
  let live: LiveCard
  try {
    live = parseLive(bytes)
  } catch {
    return { kind: 'wrong' }
  }
  const key = slice && findKey(slice, live.binding.kid)
  if (!slice || key?.jwk.kty !== 'EC' || key.compromise) return { kind: 'unknown' }
  // Only who may sign the card says who holds it.
  const { iat } = live.binding
  const isEntitled = key.use === 'card' && maySign(slice, key.agency.code, live.sealed.claims.iss, iat) && !windowFault(key, iat)
  if (!isEntitled) return { kind: 'wrong' }
  const failure = await liveFailure(live, { key: key.jwk, host, now, crypto })
  if (failure === 'time') return { kind: 'stale' }
  if (failure === 'binding.expired') return { kind: 'ended' }
  return failure === undefined ? { kind: 'live', age: Math.max(0, now - live.time) } : { kind: 'wrong' }
}

/** The SHA-256 thumbprint of the holder's key in a live card, 32 bytes: what its log entries name; null when it cannot be read. */
export async function liveThumbprint(bytes: Uint8Array, crypto: Pick<CoreCrypto, 'sha256'>): Promise<Uint8Array | null> {
  try {
    const { x, y } = parseLive(bytes).binding.holderKey
    return await crypto.sha256(new TextEncoder().encode(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y })))
  } catch {
    return null
  }
}
