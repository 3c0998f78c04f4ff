import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import type { ExpectedBinding } from '../sd-jwt/verify.ts'
import { verifySdJwt } from '../sd-jwt/verify.ts'
import type { TrustKey, TrustSlice } from '../trust/trustList.ts'
import type { CheckCode } from './checkCode.ts'
import { issuingKey } from './checkIssuer.ts'
import type { Evidence, VerifyInput } from './evidence.ts'
import { judgeSigned } from './judgeSigned.ts'
import { decide, type PolicyName } from './policy.ts'
import { type ReadSdJwt, readSdJwt } from './readSdJwt.ts'
import type { Check, ReportedSdJwt, SdJwtReport } from './report.ts'
import { skippedChecks } from './skippedChecks.ts'

export interface SdJwtInput extends Pick<VerifyInput, 'photo' | 'document'> {
  /** The SD-JWT VC of formats 2, as a wallet presents it. The text may be anything. */
  readonly text: string
  /** What a KB-JWT has to answer; without it none is looked at. */
  readonly binding?: ExpectedBinding | undefined
}

/**
 * The report of formats 8 on an SD-JWT VC of a card or a diploma: the same nine checks, on the same evidence. Holder binding that was asked
 * for is part of `signature`. Pure: `now` is in seconds. Whatever the text is, the answer is a report.
 */
export async function verifySdJwtVc(
  input: SdJwtInput,
  evidence: Evidence,
  policy: PolicyName,
  now: number,
  crypto: CoreCrypto,
): Promise<SdJwtReport> {
  const { check: format, credential } = await readSdJwt(input.text, undefined, crypto)
  const report = (checks: Check[], reported: ReportedSdJwt | null = null): SdJwtReport => ({
    verdict: decide(policy, credential?.kind ?? 'card', checks),
    credential: reported,
    checks,
    evaluatedAt: now,
    policy,
  })
  if (!credential) return report([format, ...skippedChecks('signature')])

  const key = issuingKey(credential, evidence)
  const { check: signature, holderBound } = await checkSignature(credential, key, input.binding, evidence, now, crypto)
  if (signature.outcome === 'failed') return report([format, signature, ...skippedChecks('issuer')])

  // A photo that the holder does not disclose is no other photo.
  const came = { document: input.document, photo: credential.disclosed.photo === undefined ? undefined : input.photo }
  const judged = await judgeSigned(credential, key, undefined, came, evidence, policy, now, crypto)
  const checks = [format, signature, ...judged.map(check => (check.name === 'status' ? ofNamedList(check, credential, key) : check))]
  const isVouchedFor = checks.slice(0, 3).every(({ outcome }) => outcome === 'passed')
  return report(checks, isVouchedFor ? reportedSdJwt(credential, evidence.trust.value!, holderBound) : null)
}

async function checkSignature(
  { parsed }: ReadSdJwt,
  key: TrustKey | undefined,
  binding: ExpectedBinding | undefined,
  { trust }: Evidence,
  now: number,
  crypto: CoreCrypto,
): Promise<{ check: Check; holderBound: boolean }> {
  // Holder binding is by the digest of `_sd_alg`, and a KB-JWT may be of a later kind than the rest.
  const unjudged = binding ? ['alg', '_sd_alg', 'kb-jwt'] : ['alg']
  if (parsed.newer.some(name => unjudged.includes(name))) return signature('unavailable', 'signature.newer')
  if (!key) return signature('unavailable', trust.value ? 'signature.unknown-key' : 'signature.no-trust')
  if (key.jwk.kty !== 'EC') return signature('failed', 'signature.wrong', key.kidText)
  const verdict = await verifySdJwt(parsed, { key: key.jwk, now, crypto, ...(binding ? { binding } : {}) })
  if (verdict.verified) return signature('passed', 'signature.passed', '', verdict.holderBound)
  // The times are what `validity` judges, and never finds valid then.
  if (verdict.failure === 'expired' || verdict.failure === 'not-yet-valid') return signature('passed', 'signature.passed')
  return verdict.failure === 'signature'
    ? signature('failed', 'signature.wrong', key.kidText)
    : signature('failed', 'signature.holder-binding', verdict.failure.slice('binding.'.length))
}

/** The list that was judged has to be the one whose URL was signed (Token Status List 8.3: `sub` equals `uri`). */
function ofNamedList(status: Check, credential: ReadSdJwt, key: TrustKey | undefined): Check {
  const { list } = (credential.claims.card ?? credential.claims.diploma)?.status ?? {}
  return !key || list === undefined || credential.statusUri === `${key.agency.url}/status-lists/${list}`
    ? status
    : { name: 'status', outcome: 'unavailable', code: 'status.other-issuer', detail: '' }
}

function reportedSdJwt({ kind, claims, disclosed }: ReadSdJwt, slice: TrustSlice, holderBound: boolean): ReportedSdJwt {
  const { iss, iat, exp, card, diploma } = claims
  return {
    form: 'sd-jwt',
    kind: kind!,
    issuer: iss,
    issuerName: slice.agencies.get(iss)!.name,
    issuedAt: iat,
    ...(exp === undefined ? {} : { expiresAt: exp }),
    status: (card ?? diploma)!.status,
    holderBound,
    disclosed,
  }
}

function signature(outcome: Check['outcome'], code: CheckCode, detail = '', holderBound = false): { check: Check; holderBound: boolean } {
  return { check: { name: 'signature', outcome, code, detail }, holderBound }
}
