import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import type { Evidence, VerifyInput } from './evidence.ts'
import type { PolicyName } from './policy.ts'
import type { Report } from './report.ts'
import { verifyCredential } from './verifyCredential.ts'

/** The report of formats 8 on a sealed diploma; anything else fails `format`. Pure: `now` is in seconds. */
export function verifyDiploma(
  input: VerifyInput,
  evidence: Evidence,
  policy: PolicyName,
  now: number,
  crypto: CoreCrypto,
): Promise<Report> {
  return verifyCredential(input, evidence, policy, now, crypto, 'diploma')
}
