import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { AppError } from '../errors.ts'
import { hasUnknownKind, parseVerifierKey, type VerifierKey } from '../log/verifierKey.ts'
import { openTrustList } from './openTrustList.ts'
import type { TrustRoot } from './rootDocument.ts'
import { type AnchorDescription, type LogDescription, trustIndexPayload } from './trustSchema.ts'

export const maxIndexLength = 2 * 1024 * 1024

/** A log that the index names, its key read. */
export interface TrustedLog extends Omit<LogDescription, 'vkey'> {
  readonly key: VerifierKey
}

/** A trust index whose signature and form are verified; times are still to be judged. */
export interface TrustIndex {
  readonly epoch: number
  readonly seq: number
  readonly iat: number
  readonly exp: number
  /** `exp` of the newest root. */
  readonly rootExp: number
  /** Digest of each slice's payload in base64url, by agency code. */
  readonly slices: ReadonlyMap<string, string>
  readonly logs: readonly TrustedLog[]
  readonly anchors: readonly AnchorDescription[]
  readonly witnesses: readonly VerifierKey[]
  /** How many different witnesses a checkpoint needs. */
  readonly quorum: number
}

/** A verified trust index (formats 4), without logs and witnesses whose kind of key this version does not know. Times are not judged. Throws what `openTrustList` throws. */
export async function openTrustIndex(text: string, root: TrustRoot, crypto: CoreCrypto): Promise<TrustIndex> {
  const { payload } = await openTrustList(text, maxIndexLength, trustIndexPayload, root, crypto)
  const { epoch, seq, iat, exp, anchors, quorum } = payload
  try {
    const logs: TrustedLog[] = []
    for (const { vkey, ...log } of payload.logs) {
      if (!hasUnknownKind(vkey)) logs.push({ ...log, key: await parseVerifierKey(vkey, crypto) })
    }
    const witnesses: VerifierKey[] = []
    for (const vkey of payload.witnesses) if (!hasUnknownKind(vkey)) witnesses.push(await parseVerifierKey(vkey, crypto))
    return { epoch, seq, iat, exp, rootExp: root.exp, slices: new Map(Object.entries(payload.slices)), logs, anchors, witnesses, quorum }
  } catch (cause) {
    throw new AppError('trust.malformed', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
}
