import { maxTime } from '../cose/cwt.ts'
import type { Sign1 } from '../cose/sign1.ts'
import { verifySign1 } from '../cose/sign1.ts'
import type { CoreCrypto, P256Jwk } from '../crypto/coreCrypto.ts'
import { concatBytes, equalBytes, utf8 } from '../encoding/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../encoding/strictCbor.ts'
import { AppError } from '../errors.ts'
import { type LiveBinding, parseBinding } from './liveBinding.ts'
import { refOf } from './ref.ts'
import { maxSealedLength, readSealed, type SealedCredential } from './sealed.ts'

/** A live card is shown anew every 10 s and taken for fresh so many seconds. */
export const liveLifetime = 30

const clockSkew = 120
const prefix = utf8('antin/live/1')

/** A live card (formats 10), parsed and not yet verified. */
export interface LiveCard {
  readonly sealed: SealedCredential
  readonly sealedBytes: Uint8Array
  readonly binding: LiveBinding & Sign1
  /** Seconds; when the holder's phone showed it. */
  readonly time: number
  /** 64 bytes r‖s by the holder's key. */
  readonly signature: Uint8Array
}

/**
 * What the holder's key signs with ES256: "antin/live/1" ‖ host ‖ SHA-256(sealed) ‖ time as 8 bytes, big-endian. `host` is the
 * verifier's, `host[:port]` of PUBLIC_URL without scheme; `sealedDigest` is 32 bytes. ES256 hashes this message once, and
 * nothing hashes it before.
 */
export function liveMessage(host: string, sealedDigest: Uint8Array, time: number): Uint8Array<ArrayBuffer> {
  const bigEndian = new Uint8Array(8)
  new DataView(bigEndian.buffer).setBigUint64(0, BigInt(time))
  return concatBytes(prefix, utf8(host), sealedDigest, bigEndian)
}

/** The bytes of a live card's QR: CBOR of [sealed card, binding, time, signature], the first two and the last as byte strings. */
export function encodeLive(parts: {
  sealed: Uint8Array
  binding: Uint8Array
  time: number
  signature: Uint8Array
}): Uint8Array<ArrayBuffer> {
  return encodeCbor([parts.sealed, parts.binding, parts.time, parts.signature])
}

/**
 * The live card of its bytes. Throws `format.live`, `format.cap`, `format.cbor`, and what `parseSealed` and `parseBinding` throw;
 * an unknown kind of sealed card is named in `sealed.newer`, as by `readSealed`.
 */
export function parseLive(bytes: Uint8Array): LiveCard {
  if (bytes.length > maxSealedLength) throw new AppError('format.cap')
  const [sealedBytes, binding, time, signature, ...more] = partsOf(bytes)
  if (!(sealedBytes instanceof Uint8Array) || !(binding instanceof Uint8Array) || more.length > 0) throw new AppError('format.live')
  if (typeof time !== 'number' || time < 0 || time > maxTime || !(signature instanceof Uint8Array)) throw new AppError('format.live')
  if (signature.length !== 64) throw new AppError('format.signature-length')
  const sealed = readSealed(sealedBytes)
  if (sealed.kind !== 'card') throw new AppError('format.live', 'Only a card is shown live')
  return { sealed, sealedBytes, binding: parseBinding(binding), time, signature }
}

export type LiveFailure = 'binding.signature' | 'binding.ref' | 'binding.expired' | 'binding.not-yet-valid' | 'time' | 'signature'

/**
 * Why a live card is not shown by its holder now, or undefined when it is; the sealed card in it is judged apart. `key` is the
 * agency's that the binding's kid names, found and trusted by the caller. `now` in seconds, 120 s of skew. It stops copies and
 * screenshots, not a relay between two phones.
 */
export async function liveFailure(
  live: LiveCard,
  input: { key: P256Jwk; host: string; now: number; crypto: CoreCrypto },
): Promise<LiveFailure | undefined> {
  const { key, host, now, crypto } = input
  const { binding, sealed, sealedBytes, time, signature } = live
  if (!(await verifySign1(binding, key, crypto))) return 'binding.signature'
  if (!equalBytes(binding.ref, await refOf(sealed.claims.cti, crypto))) return 'binding.ref'
  if (binding.iat > now + clockSkew) return 'binding.not-yet-valid'
  if (now > binding.exp + clockSkew) return 'binding.expired'
  if (time > now + clockSkew || now > time + liveLifetime + clockSkew) return 'time'
  const message = liveMessage(host, await crypto.sha256(sealedBytes), time)
  return (await crypto.verifyEs256(binding.holderKey, message, signature)) ? undefined : 'signature'
}

function partsOf(bytes: Uint8Array): readonly CborValue[] {
  let parts: CborValue
  try {
    parts = decodeCbor(bytes)
  } catch (cause) {
    throw new AppError('format.cbor', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
  if (!Array.isArray(parts)) throw new AppError('format.live')
  return parts
}
