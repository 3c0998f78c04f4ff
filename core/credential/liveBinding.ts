import { cwtLabels, maxTime } from '../cose/cwt.ts'
import { toLowS } from '../cose/lowS.ts'
import { encodeSign1, parseSign1, protectedHeaderFor, type Sign1, sign1Message } from '../cose/sign1.ts'
import type { P256Jwk, SignEs256 } from '../crypto/coreCrypto.ts'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../encoding/strictCbor.ts'
import { AppError } from '../errors.ts'

/** A binding lives at most so many seconds. */
export const maxBindingLifetime = 30 * 24 * 3600

/** Confirmation claim (RFC 8747 3.1) and its COSE_Key member. */
const cnfLabel = 8
const coseKeyLabel = 1
/** The ref of the card that the binding is for: ours, private use. */
const refLabel = -65539
/** A P-256 COSE_Key (RFC 9053 7.1). */
const keyLabels = { kty: 1, crv: -1, x: -2, y: -3 } as const
const ec2 = 2
const p256 = 1

/** The agency's word that a card's holder has this key. */
export interface LiveBinding {
  /** 16 bytes. */
  readonly ref: Uint8Array
  readonly holderKey: P256Jwk
  /** Seconds; `exp` is at most 30 days later. */
  readonly iat: number
  readonly exp: number
}

/** The binding as the agency signs it: a tagged COSE_Sign1. `kid` is 8 bytes. Throws `format.binding` for a broken or too long one. */
export async function sealBinding(input: { kid: Uint8Array; binding: LiveBinding; sign: SignEs256 }): Promise<Uint8Array<ArrayBuffer>> {
  const { ref, holderKey, iat, exp } = input.binding
  const key = new Map<CborValue, CborValue>([
    [keyLabels.kty, ec2],
    [keyLabels.crv, p256],
    [keyLabels.x, decodeBase64url(holderKey.x)],
    [keyLabels.y, decodeBase64url(holderKey.y)],
  ])
  const payload = encodeCbor(
    new Map<CborValue, CborValue>([
      [cwtLabels.exp, exp],
      [cwtLabels.iat, iat],
      [cnfLabel, new Map<CborValue, CborValue>([[coseKeyLabel, key]])],
      [refLabel, ref],
    ]),
  )
  bindingOf(payload)
  const protectedHeader = protectedHeaderFor(input.kid)
  return encodeSign1(protectedHeader, payload, toLowS(await input.sign(sign1Message(protectedHeader, payload))))
}

/** The binding of its bytes, not yet verified. Throws what `parseSign1` throws, `format.binding`, and `format.newer` for anything unknown. */
export function parseBinding(bytes: Uint8Array): LiveBinding & Sign1 {
  const sign1 = parseSign1(bytes)
  const binding = bindingOf(sign1.payload)
  if (sign1.newer.length > 0) throw new AppError('format.newer', `Unknown here: ${sign1.newer.join(', ')}`)
  return { ...sign1, ...binding }
}

function bindingOf(payload: Uint8Array): LiveBinding {
  const set = mapOf(decode(payload))
  const iat = set.get(cwtLabels.iat)
  const exp = set.get(cwtLabels.exp)
  const ref = set.get(refLabel)
  const key = mapOf(mapOf(set.get(cnfLabel)).get(coseKeyLabel))
  if (!isTime(iat) || !isTime(exp) || exp < iat || exp - iat > maxBindingLifetime) throw new AppError('format.binding', 'iat or exp')
  if (!(ref instanceof Uint8Array) || ref.length !== 16) throw new AppError('format.binding', 'ref')
  const x = key.get(keyLabels.x)
  const y = key.get(keyLabels.y)
  if (!isCoordinate(x) || !isCoordinate(y) || key.get(keyLabels.kty) !== ec2 || key.get(keyLabels.crv) !== p256 || key.size !== 4) {
    throw new AppError('format.binding', 'The key is not P-256')
  }
  if (set.size !== 4) throw new AppError('format.newer', 'Unknown here: a claim of the binding')
  return { ref, holderKey: { kty: 'EC', crv: 'P-256', x: encodeBase64url(x), y: encodeBase64url(y) }, iat, exp }
}

function mapOf(value: CborValue | undefined): ReadonlyMap<CborValue, CborValue> {
  if (!(value instanceof Map)) throw new AppError('format.binding')
  return value
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= maxTime
}

function isCoordinate(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 32
}

function decode(bytes: Uint8Array): CborValue {
  try {
    return decodeCbor(bytes)
  } catch (cause) {
    throw new AppError('format.cbor', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
}
