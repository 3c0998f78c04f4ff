import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { equalBytes, fromUtf8 } from '../encoding/bytes.ts'
import { parseJson } from '../encoding/strictJson.ts'
import { AppError } from '../errors.ts'
import { parseCompactJws } from './jws.ts'
import type { TrustRoot } from './rootDocument.ts'
import { trustListType } from './signTrust.ts'

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly { path: readonly PropertyKey[] }[] } }
}

/**
 * The payload of a slice or index signed by a trust key of `root`, and the SHA-256 of its bytes in base64url; times are not judged.
 * Throws `trust.malformed`, `trust.newer`, `trust.epoch`, `trust.agency-signed`, `trust.unknown-signer`, `trust.signature`.
 */
export async function openTrustList<T extends { epoch: number }>(
  text: string,
  maxLength: number,
  schema: Schema<T>,
  root: TrustRoot,
  crypto: CoreCrypto,
): Promise<{ payload: T; digest: string }> {
  if (text.length > maxLength) throw new AppError('trust.malformed', `Larger than ${maxLength} bytes`)
  const { jws, value } = read(text)
  if (hasOtherVersion(value)) throw new AppError('trust.newer', 'A payload of another version')
  const result = schema.safeParse(value)
  if (!result.success) throw new AppError('trust.malformed', result.error.issues.map(issue => issue.path.join('.')).join(', '))
  const payload = result.data
  const key = root.trustKeys.find(known => equalBytes(known.kid, jws.kid))
  if (!key) {
    if (namesKey(value, encodeBase64url(jws.kid))) throw new AppError('trust.agency-signed')
    if (payload.epoch !== root.epoch) throw new AppError('trust.epoch', `Epoch ${payload.epoch}, newest root ${root.epoch}`)
    throw new AppError('trust.unknown-signer', encodeBase64url(jws.kid))
  }
  if (!(await crypto.verifyEs256(key.jwk, jws.signingInput, jws.signature))) throw new AppError('trust.signature')
  if (payload.epoch !== root.epoch) throw new AppError('trust.epoch', `Epoch ${payload.epoch}, newest root ${root.epoch}`)
  return { payload, digest: encodeBase64url(await crypto.sha256(jws.payload)) }
}

function read(text: string) {
  try {
    const jws = parseCompactJws(text, trustListType)
    return { jws, value: parseJson(fromUtf8(jws.payload)) }
  } catch (cause) {
    const newer = cause instanceof AppError && cause.code === 'jws.newer'
    throw new AppError(newer ? 'trust.newer' : 'trust.malformed', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
}

function hasOtherVersion(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'v' in value && typeof value.v === 'number' && value.v !== 1
}

/** Whether the list itself names the signer's key as an agency's: then an agency tries to vouch for itself. */
function namesKey(value: unknown, kid: string): boolean {
  const { agencies } = value as { agencies?: readonly { keys: readonly { kid: string }[] }[] }
  return agencies?.some(agency => agency.keys.some(key => key.kid === kid)) ?? false
}
