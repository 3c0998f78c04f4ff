import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { peekEntry } from '../log/entry.ts'
import type { Receipt } from '../log/receipt.ts'
import type { TrustSlice } from '../trust/trustList.ts'
import type { JudgedCredential } from './readCredential.ts'

const issuing = { card: 'card.issued', diploma: 'diploma.registered' } as const
const sdJwtIssued = 'sd-jwt.issued'

/**
 * Whether a receipt's entry is the credential's own: `same`; `differs` when it is an issuing entry with this ref that says something
 * else of it; `foreign` when it is about something else; `malformed` when it is no entry. An SD-JWT VC names no `ref`: its entry is the
 * `sd-jwt.issued` one with its digest. Proves nothing by itself (formats 5, 8).
 */
export async function judgeEntry(
  receipt: Receipt,
  credential: JudgedCredential,
  ref: Uint8Array | undefined,
  slice: TrustSlice | undefined,
  crypto: CoreCrypto,
): Promise<'same' | 'differs' | 'foreign' | 'malformed'> {
  let entry: Readonly<Record<string, unknown>>
  try {
    entry = peekEntry(decodeBase64url(receipt.entry))
  } catch {
    return 'malformed'
  }
  const { kind, claims, kid, payload } = credential
  const digest = encodeBase64url(await crypto.sha256(payload))
  if (
    ref === undefined ? entry.type !== sdJwtIssued || entry.digest !== digest : !isIssuing(entry.type) || entry.ref !== encodeBase64url(ref)
  )
    return 'foreign'
  const type = ref === undefined ? sdJwtIssued : kind && issuing[kind]
  const isSame = entry.v === 1 && entry.type === type && entry.digest === digest
  // An agency that is restricted, now or when the entry was made, leaves agency and kid out, both of them.
  const isSilent = entry.agency === undefined && entry.kid === undefined
  const mayBeSilent = !slice || slice.agencies.get(claims.iss)?.restricted === true
  const namesIssuer = entry.agency === claims.iss && entry.kid === encodeBase64url(kid)
  return isSame && (namesIssuer || (isSilent && mayBeSilent)) ? 'same' : 'differs'
}

function isIssuing(type: unknown): boolean {
  return type === issuing.card || type === issuing.diploma
}
