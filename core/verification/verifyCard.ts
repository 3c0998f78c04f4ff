import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import type { Evidence, VerifyInput } from './evidence.ts'
import type { PolicyName } from './policy.ts'
import type { Report } from './report.ts'
import { verifyKind } from './verifyCredential.ts'

/** The report of formats 8 on a sealed card; anything else fails `format`. Pure: `now` is in seconds. Whatever the bytes are, the answer is a report. */
export function verifyCard(input: VerifyInput, evidence: Evidence, policy: PolicyName, now: number, crypto: CoreCrypto): Promise<Report> {
  return verifyKind('card', input, evidence, policy, now, crypto)
}
