import type { CoreCrypto } from '../../core/crypto/coreCrypto.ts'
import type { EvidencePorts, VerifyInput } from '../../core/verification/evidence.ts'
import { gatherEvidence } from '../../core/verification/gatherEvidence.ts'
import { OpenedCache } from '../../core/verification/openedCache.ts'
import type { PolicyName } from '../../core/verification/policy.ts'
import type { Report } from '../../core/verification/report.ts'
import { verifyCredential } from '../../core/verification/verifyCredential.ts'

export interface VerifierDeps {
  ports: EvidencePorts
  /** Lowercase hex SHA-256 of root 1's payload. */
  trustRoot: string
  crypto: CoreCrypto
  /** Seconds. */
  clock: () => number
}

/** Verifies with the functions that the browser and the command line use, on the evidence that everybody can fetch. Never throws on hostile bytes. */
export type Verify = (input: VerifyInput, policy?: PolicyName) => Promise<Report>

export function createVerifier({ ports, trustRoot, crypto, clock }: VerifierDeps): Verify {
  const cache = new OpenedCache()
  return async (input, policy = 'standard') => {
    const now = clock()
    const evidence = await gatherEvidence(input, ports, { trustRoot, policy, now, cache }, crypto)
    return verifyCredential(input, evidence, policy, now, crypto)
  }
}
