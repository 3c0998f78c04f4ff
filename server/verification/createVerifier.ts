import { parseLive } from '../../core/credential/live.ts'
import type { CoreCrypto } from '../../core/crypto/coreCrypto.ts'
import { judgeLive, type LiveJudgement } from '../../core/live/judgeLive.ts'
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
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  /** Seconds. */
  clock: () => number
}

/** Verifies with the functions that the browser and the command line use, on the evidence that everybody can fetch. Never throws on hostile bytes. */
export interface Verifier {
  verify(input: VerifyInput, policy?: PolicyName): Promise<Report>
  /** Whether a live QR is shown by its holder's phone now; the sealed card in it is for `verify`. */
  judgeLive(bytes: Uint8Array): Promise<LiveJudgement>
}

export type Verify = Verifier['verify']

export function createVerifier({ ports, trustRoot, crypto, publicUrl, clock }: VerifierDeps): Verifier {
  const cache = new OpenedCache()
  const { host } = new URL(publicUrl)
  const gather = (input: VerifyInput, policy: PolicyName, now: number) =>
    gatherEvidence(input, ports, { trustRoot, policy, now, cache }, crypto)
  return {
    async verify(input, policy = 'standard') {
      const now = clock()
      return verifyCredential(input, await gather(input, policy, now), policy, now, crypto)
    },
    async judgeLive(bytes) {
      const now = clock()
      try {
        const { trust } = await gather({ sealed: parseLive(bytes).sealedBytes }, 'standard', now)
        return await judgeLive({ bytes, slice: trust.value, host, now }, crypto)
      } catch {
        return { kind: 'wrong' }
      }
    },
  }
}
