import { isLowS } from '../cose/lowS.ts'
import { refOf } from '../credential/ref.ts'
import type { CoreCrypto, P256Jwk } from '../crypto/coreCrypto.ts'
import type { TrustKey } from '../trust/trustList.ts'
import type { CheckCode } from './checkCode.ts'
import { issuingKey } from './checkIssuer.ts'
import type { Evidence, VerifyInput } from './evidence.ts'
import { judgeSigned } from './judgeSigned.ts'
import { decide, type PolicyName } from './policy.ts'
import { type ReadCredential, readCredential } from './readCredential.ts'
import type { Check, Report } from './report.ts'
import { reportedCredential } from './reportedCredential.ts'
import { skippedChecks } from './skippedChecks.ts'

const signaturePassed: Check = { name: 'signature', outcome: 'passed', code: 'signature.passed', detail: '' }

/**
 * The report of formats 8 on a sealed card or diploma: whichever it is, or of one kind, when another fails `format`. Pure: `now` is in
 * seconds, evidence is what was gathered and opened before. Whatever the bytes are, the answer is a report.
 */
export function verifyCredential(
  input: VerifyInput,
  evidence: Evidence,
  policy: PolicyName,
  now: number,
  crypto: CoreCrypto,
  kind?: 'card' | 'diploma',
): Promise<Report> {
  return verifyRead(readCredential(input.sealed, kind), input, evidence, policy, now, crypto, kind)
}

/** As `verifyCredential`, for who has read `input.sealed` already. */
export async function verifyRead(
  { check: format, credential }: ReturnType<typeof readCredential>,
  input: VerifyInput,
  evidence: Evidence,
  policy: PolicyName,
  now: number,
  crypto: CoreCrypto,
  kind?: 'card' | 'diploma',
): Promise<Report> {
  if (!credential) return report(policy, kind ?? 'card', now, [format, ...skippedChecks('signature')])

  const key = issuingKey(credential, evidence)
  const judged = checkSignature(credential, key, evidence, crypto)
  const signature = judged instanceof Promise ? await judged : judged
  if (signature.outcome === 'failed') return report(policy, credential.kind ?? 'card', now, [format, signature, ...skippedChecks('issuer')])

  const named = refOf(credential.claims.cti, crypto)
  const ref = named instanceof Promise ? await named : named
  const checks = [format, signature, ...(await judgeSigned(credential, key, ref, input, evidence, policy, now, crypto))]
  const isVouchedFor = checks.slice(0, 3).every(({ outcome }) => outcome === 'passed')
  return {
    verdict: decide(policy, credential.kind ?? 'card', checks),
    credential: isVouchedFor ? reportedCredential(credential, ref, evidence.trust.value!) : null,
    checks,
    evaluatedAt: now,
    policy,
  }
}

function checkSignature(
  credential: ReadCredential,
  key: TrustKey | undefined,
  evidence: Evidence,
  crypto: CoreCrypto,
): Check | Promise<Check> {
  if (credential.newer.includes('alg')) return signature('unavailable', 'signature.newer')
  if (!isLowS(credential.signature)) return signature('failed', 'signature.high-s')
  if (!key) return signature('unavailable', evidence.trust.value ? 'signature.unknown-key' : 'signature.no-trust')
  if (key.jwk.kty !== 'EC') return signature('failed', 'signature.wrong', key.kidText)
  const verified = verifyWith(key.jwk, credential, crypto)
  if (verified instanceof Promise)
    return verified.then(isGood => (isGood ? signaturePassed : signature('failed', 'signature.wrong', key.kidText)))
  return verified ? signaturePassed : signature('failed', 'signature.wrong', key.kidText)
}

function verifyWith(jwk: P256Jwk, credential: ReadCredential, crypto: CoreCrypto): boolean | Promise<boolean> {
  return crypto.verifyEs256(jwk, credential.signedMessage, credential.signature)
}

function signature(outcome: 'failed' | 'unavailable', code: CheckCode, detail = ''): Check {
  return { name: 'signature', outcome, code, detail }
}

/** A report without credential data: format or signature failed. */
function report(policy: PolicyName, kind: 'card' | 'diploma', now: number, checks: Check[]): Report {
  return { verdict: decide(policy, kind, checks), credential: null, checks, evaluatedAt: now, policy }
}
