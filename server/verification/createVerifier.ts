import { parseLive } from '../../core/credential/live.ts'
import type { CoreCrypto } from '../../core/crypto/coreCrypto.ts'
import { judgeLive, type LiveJudgement } from '../../core/live/judgeLive.ts'
import type { Evidence, EvidencePorts, VerifyInput } from '../../core/verification/evidence.ts'
import { gatherEvidence } from '../../core/verification/gatherEvidence.ts'
import { gatherSdJwtEvidence } from '../../core/verification/gatherSdJwtEvidence.ts'
import { OpenedCache } from '../../core/verification/openedCache.ts'
import type { PolicyName } from '../../core/verification/policy.ts'
import { readCredential } from '../../core/verification/readCredential.ts'
import type { Report, SdJwtReport } from '../../core/verification/report.ts'
import { verifyRead } from '../../core/verification/verifyCredential.ts'
import { type SdJwtInput, verifySdJwtVc } from '../../core/verification/verifySdJwtVc.ts'
import { createBatchedCrypto } from './batchedCrypto.ts'

export interface VerifierDeps {
  ports: EvidencePorts
  /** Lowercase hex SHA-256 of root 1's payload. */
  trustRoot: string
  /** Left out: node:crypto, for many at once. */
  crypto?: CoreCrypto
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  /** Seconds. */
  clock: () => number
}

/** Verifies with the functions that the browser and the command line use, on the evidence that everybody can fetch. Never throws on hostile bytes. */
export interface Verifier {
  verify(input: VerifyInput, policy?: PolicyName): Promise<Report>
  verifySdJwt(input: SdJwtInput, policy?: PolicyName): Promise<SdJwtReport>
  /** Whether a live QR is shown by its holder's phone now; the sealed card in it is for `verify`. */
  judgeLive(bytes: Uint8Array): Promise<LiveJudgement>
}

export type Verify = Verifier['verify']

type Reading = ReturnType<typeof readCredential>

/** Milliseconds that gathered evidence serves other cards of the same agency, key and list; a revocation must show within a second. */
const shareFor = 200
const maxShared = 1000

export function createVerifier({ ports, trustRoot, crypto = createBatchedCrypto(), publicUrl, clock }: VerifierDeps): Verifier {
  const cache = new OpenedCache()
  const { host } = new URL(publicUrl)
  const shared = new Map<string, { evidence: Evidence; gatheredAt: number }>()
  const gather = (input: VerifyInput, policy: PolicyName, now: number) =>
    gatherEvidence(input, ports, { trustRoot, policy, now, cache }, crypto)

  /** A card under `standard` needs nothing of its own: what was gathered for another one just now will do, unless a check then lacks something. */
  async function verifyCard(read: Reading, input: VerifyInput, key: string, now: number): Promise<Report> {
    const known = shared.get(key)
    if (known && performance.now() - known.gatheredAt < shareFor) {
      const report = await verifyRead(read, input, known.evidence, 'standard', now, crypto)
      if (!report.checks.some(check => check.outcome === 'unavailable')) return report
    }
    const gatheredAt = performance.now()
    const evidence = await gather(input, 'standard', now)
    if (shared.size >= maxShared) shared.clear()
    shared.set(key, { evidence, gatheredAt })
    return verifyRead(read, input, evidence, 'standard', now, crypto)
  }

  return {
    async verify(input, policy = 'standard') {
      const now = clock()
      const read = readCredential(input.sealed, undefined)
      const key = policy === 'standard' ? sharingKey(read) : null
      if (key !== null) return verifyCard(read, input, key, now)
      return verifyRead(read, input, await gather(input, policy, now), policy, now, crypto)
    },
    async verifySdJwt(input, policy = 'standard') {
      const now = clock()
      const evidence = await gatherSdJwtEvidence(input.text, ports, { trustRoot, policy, now, cache }, crypto)
      return verifySdJwtVc(input, evidence, policy, now, crypto)
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

/** What the evidence of a card depends on: its agencies, its key and its list; null for anything but a card. */
function sharingKey({ credential }: Reading): string | null {
  const card = credential?.claims.card
  return card ? `${credential.claims.iss} ${card.usingAgency ?? ''} ${card.status.list} ${credential.kid.join('.')}` : null
}
