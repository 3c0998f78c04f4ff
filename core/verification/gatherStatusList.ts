import { fromUtf8 } from '../encoding/bytes.ts'
import { AppError } from '../errors.ts'
import { maxStatusListLength, parseStatusListToken } from '../status-list/statusListToken.ts'
import { findKey, type TrustKey, type TrustSlice } from '../trust/trustList.ts'
import type { CheckCode } from './checkCode.ts'
import { listFault } from './checkStatus.ts'
import { type Missing, missing, type Piece, type StatusList } from './evidence.ts'
import { fetchEvidence } from './fetchEvidence.ts'
import type { Gathering } from './gatherEvidence.ts'
import { accept } from './gatherTrust.ts'
import { isFuture, isPast } from './time.ts'

/** Public path of a status list below a verifier's base (formats 3). */
export function statusListPath(number: number): string {
  return `/status-lists/${number}`
}

/** The status list of that number, its signature verified under a key of the slice (formats 3). `key` is the credential's. */
export async function gatherStatusList(
  number: number,
  slice: TrustSlice,
  key: TrustKey,
  gathering: Gathering,
  fresh: boolean,
): Promise<Piece<StatusList>> {
  const { ports, cache, now } = gathering
  const path = statusListPath(number)
  const answer = await fetchEvidence(ports, path, maxStatusListLength, fresh)
  if (answer.kind !== 'found') return missing('status.missing', answer.kind === 'unreachable' ? (answer.detail ?? '') : answer.kind)
  const list = await cache.open<StatusList | Missing>(path, answer.bytes, slice, () => openStatusList(answer.bytes, slice, gathering))
  if ('code' in list) return list
  // Only a list that would be accepted moves its mark: a wrong one must not shut out the right one.
  const isAcceptable = !listFault(list, key, number, slice) && !isFuture(list.iat, now) && !isPast(list.exp, now)
  if (isAcceptable && !(await accept(gathering, `${list.sub} ${list.kid.join('.')}`, [list.iat])))
    return missing('status.older', String(list.iat))
  return { value: list, online: answer.online }
}

async function openStatusList(bytes: Uint8Array, slice: TrustSlice, { crypto }: Gathering): Promise<StatusList | Missing> {
  try {
    const { jws, sub, iat, exp, bits } = await parseStatusListToken(fromUtf8(bytes))
    const signer = findKey(slice, jws.kid)
    if (signer?.jwk.kty !== 'EC') return missing('status.unknown-key')
    if (!(await crypto.verifyEs256(signer.jwk, jws.signingInput, jws.signature))) return missing('status.signature')
    return { sub, iat, exp, kid: jws.kid, thumbprint: signer.thumbprint, bits }
  } catch (error) {
    return missing(statusCode(error), error instanceof AppError ? error.detail : '')
  }
}

function statusCode(error: unknown): CheckCode {
  const code = error instanceof AppError ? error.code : undefined
  return code === 'status-list.bits' ? 'status.bits' : code === 'jws.newer' ? 'status.newer' : 'status.malformed'
}
