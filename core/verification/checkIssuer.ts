import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { decodeBase64url } from '../encoding/base64url.ts'
import { equalBytes } from '../encoding/bytes.ts'
import type { Receipt } from '../log/receipt.ts'
import { rootOfReceipt } from '../log/receipt.ts'
import { findKey, inSubtree, maySign, type TrustKey, type TrustSlice, windowFault } from '../trust/trustList.ts'
import type { Compromise } from '../trust/trustSchema.ts'
import type { CheckCode } from './checkCode.ts'
import type { Evidence } from './evidence.ts'
import { judgeEntry } from './judgeEntry.ts'
import type { JudgedCredential } from './readCredential.ts'
import type { Check, Outcome } from './report.ts'
import { isOlderThanDay, isPast } from './time.ts'

/** The agency whose slice a verifier asks for: the using agency of a card, else the issuing one (formats 4). */
export function sliceCodeOf({ claims }: Pick<JudgedCredential, 'claims'>): string {
  return claims.card?.usingAgency ?? claims.iss
}

/** The credential's key in a slice that is about its agency; undefined when there is no such slice or key. */
export function issuingKey(credential: JudgedCredential, evidence: Evidence): TrustKey | undefined {
  const slice = evidence.trust.value
  return slice?.agencies.has(sliceCodeOf(credential)) ? findKey(slice, credential.kid) : undefined
}

/** Why a slice or index cannot be relied on now, or undefined. */
export function trustFault(list: { readonly exp: number; readonly rootExp: number }, now: number): CheckCode | undefined {
  if (isPast(list.exp, now)) return 'issuer.trust-expired'
  return isPast(list.rootExp, now) ? 'issuer.root-expired' : undefined
}

/** The check `issuer`: may the agency behind this key sign this, then (formats 1, 4, 8). `key` is that of `issuingKey`. */
export function checkIssuer(
  credential: JudgedCredential,
  key: TrustKey | undefined,
  ref: Uint8Array | undefined,
  evidence: Evidence,
  now: number,
  crypto: CoreCrypto,
): Check | Promise<Check> {
  const found = evidence.trust
  if (found.value === undefined) return unlistedAgency(credential, evidence, now) ?? issuer('unavailable', found.code, found.detail)
  const slice = found.value
  const fault = trustFault(slice, now)
  if (fault) return issuer('unavailable', fault, '', slice.iat)
  if (!slice.agencies.has(sliceCodeOf(credential))) return issuer('unavailable', 'issuer.trust-other-agency', '', slice.iat)
  const unlisted = unlistedAgency(credential, evidence, now)
  if (unlisted) return unlisted

  const { iss, iat, card } = credential.claims
  // A slice older than the credential cannot deny what came after it (formats 4), unless it is what the server says today.
  const denies = slice.iat >= iat || (found.online && !isOlderThanDay(slice.iat, now))
  // The slice is closed upwards from the using agency: an issuer that is not in it stands nowhere above.
  if (card?.usingAgency !== undefined && !inSubtree(slice, card.usingAgency, iss, iat)) {
    return denied('issuer.using-agency', card.usingAgency, slice, denies)
  }
  if (!key) {
    return denies ? issuer('failed', 'issuer.unknown-key', '', slice.iat) : issuer('unavailable', 'issuer.unknown-key-stale', '', slice.iat)
  }
  if (credential.kind !== undefined && key.use !== credential.kind) return issuer('failed', 'issuer.use', key.use, slice.iat)
  const window = windowFault(key, iat)
  if (window) return issuer('failed', `issuer.${window}`, key.kidText, slice.iat)
  if (!maySign(slice, key.agency.code, iss, iat)) return denied('issuer.not-entitled', key.agency.code, slice, denies)
  if (key.compromise) return checkCompromise(credential, key, key.compromise, ref, slice, evidence.compromiseProof.value, crypto)
  return { name: 'issuer', outcome: 'passed', code: 'issuer.passed', detail: key.kidText, asOf: slice.iat }
}

/** The failure of a credential whose agency a current index does not have; undefined when no index says so. */
function unlistedAgency(
  credential: JudgedCredential,
  { trust: { value: slice }, index: { value: index } }: Evidence,
  now: number,
): Check | undefined {
  if (!index || trustFault(index, now) || isOlderThanDay(index.iat, now)) return undefined
  // A slice of a later publication may name an agency that came after the index.
  if (slice && (slice.epoch > index.epoch || (slice.epoch === index.epoch && slice.seq > index.seq))) return undefined
  const unlisted = [credential.claims.iss, sliceCodeOf(credential)].find(code => !index.slices.has(code))
  return unlisted === undefined ? undefined : issuer('failed', 'issuer.unknown-agency', unlisted, index.iat)
}

/** A compromised key vouches only for what was provably in the log when its system was last known honest (formats 4). */
async function checkCompromise(
  credential: JudgedCredential,
  key: TrustKey,
  compromise: Compromise,
  ref: Uint8Array | undefined,
  slice: TrustSlice,
  receipt: Receipt | undefined,
  crypto: CoreCrypto,
): Promise<Check> {
  const isProven =
    receipt !== undefined &&
    receipt.treeSize === compromise.logSize &&
    (await judgeEntry(receipt, credential, ref, slice, crypto)) === 'same' &&
    equalBytes((await rootOfReceipt(receipt, crypto)) ?? new Uint8Array(0), decodeBase64url(compromise.rootHash))
  return isProven
    ? issuer('passed', 'issuer.proven-before-compromise', key.kidText, slice.iat)
    : issuer('unavailable', 'issuer.compromised', key.kidText, slice.iat)
}

function denied(code: CheckCode, detail: string, slice: TrustSlice, denies: boolean): Check {
  return denies ? issuer('failed', code, detail, slice.iat) : issuer('unavailable', 'issuer.stale', detail, slice.iat)
}

function issuer(outcome: Outcome, code: CheckCode, detail: string, asOf?: number): Check {
  return asOf === undefined ? { name: 'issuer', outcome, code, detail } : { name: 'issuer', outcome, code, detail, asOf }
}
