import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { peekEntry } from '../log/entry.ts'
import type { Receipt } from '../log/receipt.ts'
import type { TrustSlice } from '../trust/trustList.ts'
import type { ReadCredential } from './readCredential.ts'

const issuing = { card: 'card.issued', diploma: 'diploma.registered' } as const

/**
 * Whether a receipt's entry is the credential's own: `same`; `differs` when it is an issuing entry with this ref that says something
 * else of it; `foreign` when it is about something else; `malformed` when it is no entry. Proves nothing by itself (formats 5, 8).
 */
export async function judgeEntry(
  receipt: Receipt,
  credential: ReadCredential,
  ref: Uint8Array,
  slice: TrustSlice | undefined,
  crypto: CoreCrypto,
): Promise<'same' | 'differs' | 'foreign' | 'malformed'> {
  let entry: Readonly<Record<string, unknown>>
  try {
    entry = peekEntry(decodeBase64url(receipt.entry))
  } catch {
    return 'malformed'
  }
  if (entry.type !== issuing.card && entry.type !== issuing.diploma) return 'foreign'
  if (entry.ref !== encodeBase64url(ref)) return 'foreign'
  const { kind, claims, kid, payload } = credential
  const digest = encodeBase64url(await crypto.sha256(payload))
  const isSame = entry.v === 1 && kind !== undefined && entry.type === issuing[kind] && entry.digest === digest
  // An agency that is restricted, now or when the entry was made, leaves agency and kid out, both of them.
  const isSilent = entry.agency === undefined && entry.kid === undefined
  const mayBeSilent = !slice || slice.agencies.get(claims.iss)?.restricted === true
  const namesIssuer = entry.agency === claims.iss && entry.kid === encodeBase64url(kid)
  return isSame && (namesIssuer || (isSilent && mayBeSilent)) ? 'same' : 'differs'
}
