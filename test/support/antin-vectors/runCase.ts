import type { CoreCrypto } from '../../../core/crypto/coreCrypto.ts'
import { utf8 } from '../../../core/encoding/bytes.ts'
import type { ChainAnswer, EvidencePorts, MarkStore, VerifyInput } from '../../../core/verification/evidence.ts'
import { gatherEvidence } from '../../../core/verification/gatherEvidence.ts'
import { gatherSdJwtEvidence } from '../../../core/verification/gatherSdJwtEvidence.ts'
import { createMarkStore } from '../../../core/verification/markStore.ts'
import type { PolicyName } from '../../../core/verification/policy.ts'
import type { Report, SdJwtReport } from '../../../core/verification/report.ts'
import { verifyCard } from '../../../core/verification/verifyCard.ts'
import { verifyDiploma } from '../../../core/verification/verifyDiploma.ts'
import { type SdJwtInput, verifySdJwtVc } from '../../../core/verification/verifySdJwtVc.ts'
import type { Files } from './world.ts'

/** One verification: what is verified, what the world answers, when. */
export interface VerificationCase {
  readonly input: VerifyInput
  /** In place of `input`, whose bytes are then none. */
  readonly sdJwt?: SdJwtInput | undefined
  readonly kind: 'card' | 'diploma'
  readonly policy: PolicyName
  readonly now: number
  readonly trustRoot: string
  /** What a server answers, by path; anything else is answered with 404. */
  readonly files: Files
  /** False: the files are kept copies and there is no network. */
  readonly online: boolean
  /** Paths that get no answer at all. */
  readonly unreachable: readonly string[]
  /** Files that this verifier gathered and accepted before. */
  readonly before?: Files | undefined
  /** A chain node's answer to any question; undefined without a node. */
  readonly chain?: ChainAnswer | undefined
}

/** Evidence ports over files in memory. */
export function portsOf(
  { files, online, unreachable, chain }: Pick<VerificationCase, 'files' | 'online' | 'unreachable' | 'chain'>,
  marks?: MarkStore,
): EvidencePorts {
  return {
    async fetchFile(path) {
      if (unreachable.some(start => path.startsWith(start))) return { kind: 'unreachable' }
      const file = files[path]
      if (file === undefined) return online ? { kind: 'absent' } : { kind: 'unreachable' }
      return { kind: 'found', bytes: typeof file === 'string' ? utf8(file) : file, online }
    },
    chain: chain && { readAnchor: async () => chain },
    marks,
  }
}

export async function runCase(one: VerificationCase, crypto: CoreCrypto): Promise<Report | SdJwtReport> {
  const { input, sdJwt, kind, policy, now, trustRoot, before } = one
  const marks = createMarkStore()
  const settings = { trustRoot, policy, now }
  if (before) await gatherEvidence(input, portsOf({ ...one, files: before, unreachable: [] }, marks), settings, crypto)
  if (sdJwt) {
    const evidence = await gatherSdJwtEvidence(sdJwt.text, portsOf(one, marks), settings, crypto)
    return verifySdJwtVc(sdJwt, evidence, policy, now, crypto)
  }
  const evidence = await gatherEvidence(input, portsOf(one, marks), settings, crypto)
  return (kind === 'card' ? verifyCard : verifyDiploma)(input, evidence, policy, now, crypto)
}
