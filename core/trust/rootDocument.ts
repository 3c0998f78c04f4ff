import type { CoreCrypto, P256Jwk } from '../crypto/coreCrypto.ts'
import { equalBytes, fromUtf8, toHex } from '../encoding/bytes.ts'
import { parseJson } from '../encoding/strictJson.ts'
import { AppError } from '../errors.ts'
import { jwkThumbprint } from './jwkThumbprint.ts'
import { type Jws, parseGeneralJws } from './jws.ts'
import { type RootPayload, rootPayload } from './trustSchema.ts'

/** A key of a root document with its id, 8 bytes. */
interface RootKey {
  readonly kid: Uint8Array
  readonly jwk: P256Jwk
}

/** The newest root of a verified chain: who may sign trust lists, until when (seconds). */
export interface TrustRoot {
  readonly epoch: number
  readonly trustKeys: readonly RootKey[]
  readonly exp: number
}

const maxLength = 256 * 1024
export const maxRootEpochs = 256

/**
 * The newest root of epochs 1 to N, given in that order as they are served. `pin` is the lowercase hex SHA-256 of epoch 1's
 * payload. Each document carries the threshold of its own keys and, from epoch 2 on, that of the one before (formats 4).
 * Throws `trust.root-malformed`, `-unpinned`, `-epoch`, `-threshold`, `-skipped-threshold`.
 */
export async function openRoots(documents: readonly string[], pin: string, crypto: CoreCrypto): Promise<TrustRoot> {
  if (documents.length === 0 || documents.length > maxRootEpochs) throw new AppError('trust.root-epoch', 'Not 1 to 256 root documents')
  let before: { keys: readonly RootKey[]; threshold: number } | null = null
  let newest: TrustRoot | null = null
  for (const [i, text] of documents.entries()) {
    const { payload, bytes, signatures } = readRoot(text)
    if (payload.epoch !== i + 1) throw new AppError('trust.root-epoch', `Epoch ${payload.epoch} where ${i + 1} belongs`)
    if (i === 0 && toHex(await crypto.sha256(bytes)) !== pin) throw new AppError('trust.root-unpinned')
    const keys = await withIds(payload.keys, crypto)
    if (payload.threshold > keys.length) throw new AppError('trust.root-malformed', 'A threshold above the number of keys')
    // The old threshold first: a stranger's document fails as a skipped one, whatever it says of itself.
    if (before && (await countSigners(before.keys, signatures, crypto)) < before.threshold)
      throw new AppError('trust.root-skipped-threshold', `Epoch ${payload.epoch}`)
    if ((await countSigners(keys, signatures, crypto)) < payload.threshold)
      throw new AppError('trust.root-threshold', `Epoch ${payload.epoch}`)
    before = { keys, threshold: payload.threshold }
    newest = { epoch: payload.epoch, trustKeys: await withIds(payload.trustKeys, crypto), exp: payload.exp }
  }
  return newest!
}

/** The epoch a root document claims, unverified; 0 when it is none. Tells which documents to ask for. */
export function claimedEpoch(text: string): number {
  try {
    return readRoot(text).payload.epoch
  } catch {
    return 0
  }
}

function readRoot(text: string): { payload: RootPayload; bytes: Uint8Array; signatures: readonly Jws[] } {
  try {
    if (text.length > maxLength) throw new AppError('trust.root-malformed', 'Larger than 256 KiB')
    const { payload: bytes, signatures } = parseGeneralJws(text)
    const result = rootPayload.safeParse(parseJson(fromUtf8(bytes)))
    if (!result.success) throw new AppError('trust.root-malformed', result.error.issues.map(issue => issue.path.join('.')).join(', '))
    return { payload: result.data, bytes, signatures }
  } catch (cause) {
    if (cause instanceof AppError && cause.code === 'trust.root-malformed') throw cause
    throw new AppError('trust.root-malformed', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
}

/** How many different keys signed. */
async function countSigners(keys: readonly RootKey[], signatures: readonly Jws[], crypto: CoreCrypto): Promise<number> {
  let count = 0
  for (const { kid, jwk } of keys) {
    for (const jws of signatures) {
      if (!equalBytes(jws.kid, kid) || !(await crypto.verifyEs256(jwk, jws.signingInput, jws.signature))) continue
      count++
      break
    }
  }
  return count
}

async function withIds(jwks: readonly P256Jwk[], crypto: CoreCrypto): Promise<RootKey[]> {
  const keys: RootKey[] = []
  for (const jwk of jwks) {
    const kid = (await jwkThumbprint(jwk, crypto)).slice(0, 8)
    if (keys.some(key => equalBytes(key.kid, kid))) throw new AppError('trust.root-malformed', 'A key occurs twice')
    keys.push({ kid, jwk })
  }
  return keys
}
