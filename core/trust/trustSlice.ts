import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { decodeBase64url } from '../encoding/base64url.ts'
import { equalBytes } from '../encoding/bytes.ts'
import { AppError } from '../errors.ts'
import { jwkThumbprint } from './jwkThumbprint.ts'
import { openTrustList } from './openTrustList.ts'
import type { TrustRoot } from './rootDocument.ts'
import { type Agency, kidPrefix, type TrustKey, type TrustSlice } from './trustList.ts'
import { type AgencyPayload, type TrustKeyPayload, trustSlicePayload } from './trustSchema.ts'

export const maxSliceLength = 256 * 1024

/**
 * A verified trust slice (formats 4): signed by a trust key of the root, every kid that of its key and unique, closed under
 * parent and successor. Times are not judged. Throws what `openTrustList` throws.
 */
export async function openTrustSlice(text: string, root: TrustRoot, crypto: CoreCrypto): Promise<TrustSlice> {
  const { payload, digest } = await openTrustList(text, maxSliceLength, trustSlicePayload, root, crypto)
  const agencies = new Map<string, Agency>()
  const keys = new Map<number, TrustKey[]>()
  for (const item of payload.agencies) {
    if (agencies.has(item.code)) throw new AppError('trust.malformed', `Agency ${item.code} occurs twice`)
    agencies.set(item.code, await openAgency(item, keys, crypto))
  }
  for (const { code, parents, successor } of agencies.values()) {
    for (const next of successor ? [...parents, successor] : parents) {
      if (!agencies.has(next.code)) throw new AppError('trust.malformed', `${next.code}, named by ${code}, is missing`)
    }
  }
  const { epoch, seq, iat, exp } = payload
  return { epoch, seq, iat, exp, rootExp: root.exp, digest, agencies, keys }
}

async function openAgency(payload: AgencyPayload, byKid: Map<number, TrustKey[]>, crypto: CoreCrypto): Promise<Agency> {
  const own: TrustKey[] = []
  const agency: Agency = { ...payload, keys: own }
  for (const item of payload.keys) {
    const key = await openKey(item, agency, crypto)
    const prefix = kidPrefix(key.kid)
    const others = byKid.get(prefix) ?? []
    if (others.some(other => equalBytes(other.kid, key.kid))) throw new AppError('trust.malformed', `kid ${key.kidText} occurs twice`)
    byKid.set(prefix, [...others, key])
    own.push(key)
  }
  return agency
}

async function openKey(payload: TrustKeyPayload, agency: Agency, crypto: CoreCrypto): Promise<TrustKey> {
  const { jwk } = payload
  const kid = decodeBase64url(payload.kid)
  const thumbprint = jwk.kty === 'other' ? new Uint8Array(0) : await jwkThumbprint(jwk, crypto)
  if (jwk.kty !== 'other' && !equalBytes(kid, thumbprint.subarray(0, 8)))
    throw new AppError('trust.malformed', `kid ${payload.kid} is not that of its key`)
  const { use, notBefore, notAfter, retiredAt, compromise, endorsement, x5c } = payload
  return { kid, kidText: payload.kid, thumbprint, jwk, use, notBefore, notAfter, retiredAt, compromise, endorsement, x5c, agency }
}
