import { webCrypto } from '../core/crypto/webCrypto.ts'
import type { VerifierKey } from '../core/log/verifierKey.ts'
import type { TrustIndex } from '../core/trust/trustIndex.ts'
import { gatherIndex, gatherRoot } from '../core/verification/gatherTrust.ts'
import { OpenedCache } from '../core/verification/openedCache.ts'
import { readDemonstration } from './demonstration.ts'
import { EvidenceFiles, evidencePorts } from './evidenceFiles.ts'
import { CliError, type CliIo } from './io.ts'

/** The trust index that the server at `base` serves, verified under the pinned root (`--trust-root`, ANTIN_TRUST_ROOT, the demonstration's). Throws CliError. */
export async function trustIndexOf(io: CliIo, base: string, pin?: string): Promise<TrustIndex> {
  const trustRoot = (pin ?? io.env.ANTIN_TRUST_ROOT ?? readDemonstration(io.env)?.trustRoot)?.toLowerCase()
  if (trustRoot === undefined) throw new CliError('Say whom to trust: --vkey VKEY of the log, or --trust-root HEX (ANTIN_TRUST_ROOT).', 64)
  const gathering = {
    ports: evidencePorts(new EvidenceFiles(), base, {}),
    cache: new OpenedCache(),
    crypto: webCrypto,
    trustRoot,
    policy: 'strict' as const,
    now: Math.floor(Date.now() / 1000),
  }
  const index = await gatherIndex(await gatherRoot(gathering), gathering)
  if (index.value === undefined) throw new CliError(`The trust list of ${base} cannot be used: ${index.code} ${index.detail}`)
  return index.value
}

/** The key of the newest log that the trust index names. */
export async function logKeyOf(io: CliIo, base: string, pin?: string): Promise<VerifierKey> {
  const log = (await trustIndexOf(io, base, pin)).logs.toSorted((a, b) => b.from - a.from)[0]
  if (!log) throw new CliError(`The trust list of ${base} names no log.`)
  return log.key
}
