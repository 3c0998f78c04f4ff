import type { Pool } from 'pg'
import { cardByToken } from '../cards/readCard.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { addressKey } from '../verification/addressKey.ts'
import { createMissCounter } from '../verification/missCounter.ts'

/**
 * The sealed card of a short QR's token (16 bytes) while the card has not ended; null for an unknown token and an ended card alike.
 * `address` is whose misses are counted, where anyone may ask. Throws `limit.lookups`.
 */
export type SealedByToken = (token: Uint8Array, address?: string) => Promise<Uint8Array | null>

/** Misses a day from one address. No token can be guessed; many misses are somebody who tries. */
const missesByAddress = 200

export function createSealedByToken(deps: { pool: Pool; cipher: FieldCipher; clock: () => number }): SealedByToken {
  const { pool, cipher } = deps
  const countMisses = createMissCounter({ ...deps, most: missesByAddress })
  const find = async (token: Uint8Array) => {
    const card = await cardByToken(pool, cipher, token)
    return card && card.endedAs === null ? card.sealedBytes : null
  }
  return (token, address) =>
    address === undefined ? find(token) : countMisses(cipher.index('token-address', addressKey(address)), () => find(token))
}
