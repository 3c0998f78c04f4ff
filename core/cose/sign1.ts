import type { CoreCrypto, P256Jwk } from '../crypto/coreCrypto.ts'
import { concatBytes, fromHex } from '../encoding/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../encoding/strictCbor.ts'
import { AppError } from '../errors.ts'
import { isLowS } from './lowS.ts'

const tag18 = 0xd2
const es256 = -7
const labels = { alg: 1, kid: 4 } as const
const empty = new Map<CborValue, CborValue>()
const noBytes = new Uint8Array(0)
const none: readonly string[] = []

/** What we write begins with: tag, array of 4, and the protected header up to the kid of 8 bytes and the empty unprotected header. */
const writtenOpening = fromHex('d2844da201260448')
/** The Sig_structure's array of 4 and "Signature1". */
const messageOpening = fromHex('846a5369676e617475726531')
/** Where the payload's head stands in what we write, and how long the signature is with its head. */
const payloadPart = 17
const signaturePart = 66

/** A COSE_Sign1 (RFC 9052 4.2), parsed and not yet verified. */
export interface Sign1 {
  /** 8 bytes: the start of the key's JWK thumbprint (RFC 7638). */
  readonly kid: Uint8Array
  readonly payload: Uint8Array
  /** 64 bytes r‖s; of another length only when `newer` holds `alg`. */
  readonly signature: Uint8Array
  /** What the signature is over: the Sig_structure (RFC 9052 4.4). */
  readonly signedMessage: Uint8Array
  /** What is well formed but unknown to this version: `alg`, `header`. Empty for the form that is written. */
  readonly newer: readonly string[]
}

/** The protected header of what we sign, exactly `{1: -7, 4: kid}`, encoded. `kid` is 8 bytes. */
export function protectedHeaderFor(kid: Uint8Array): Uint8Array {
  if (kid.length !== 8) throw new AppError('format.kid')
  return encodeCbor(
    new Map<CborValue, CborValue>([
      [labels.alg, es256],
      [labels.kid, kid],
    ]),
  )
}

/** Sig_structure of a COSE_Sign1 without external data (RFC 9052 4.4). */
export function sign1Message(protectedHeader: Uint8Array, payload: Uint8Array): Uint8Array {
  return encodeCbor(['Signature1', protectedHeader, noBytes, payload])
}

/** The tagged COSE_Sign1 with an empty unprotected header. */
export function encodeSign1(protectedHeader: Uint8Array, payload: Uint8Array, signature: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(Uint8Array.of(tag18), encodeCbor([protectedHeader, empty, payload, signature]))
}

/**
 * A tagged COSE_Sign1 in deterministic CBOR. Throws `format.tag`, `format.cbor`, `format.structure`, `format.header`,
 * `format.kid`, `format.signature-length`. An unknown algorithm or header label is no error here: it is named in `newer`.
 */
export function parseSign1(bytes: Uint8Array): Sign1 {
  return parseWrittenForm(bytes) ?? parseAnyForm(bytes)
}

/**
 * The parts of exactly the form that is written, without decoding CBOR; null for any other. Its bytes have one reading, so what
 * passes here has the same parts by `parseAnyForm`.
 */
function parseWrittenForm(bytes: Uint8Array): Sign1 | null {
  const end = bytes.length - signaturePart
  if (end < payloadPart + 1 || bytes[payloadPart - 1] !== 0xa0 || bytes[end] !== 0x58 || bytes[end + 1] !== 0x40) return null
  for (let i = 0; i < writtenOpening.length; i++) if (bytes[i] !== writtenOpening[i]) return null
  const head = bytes[payloadPart]!
  let payloadAt = payloadPart + 1
  let length = head - 0x40
  if (head === 0x58) {
    length = bytes[payloadAt++]!
    if (length < 24) return null
  } else if (head === 0x59) {
    length = (bytes[payloadAt]! << 8) | bytes[payloadAt + 1]!
    payloadAt += 2
    if (length < 256) return null
  } else if (length < 0 || length > 23) {
    return null
  }
  if (payloadAt + length !== end) return null
  const signedMessage = new Uint8Array(messageOpening.length + end - 2)
  signedMessage.set(messageOpening)
  signedMessage.set(bytes.subarray(2, end), messageOpening.length)
  // The empty external data stand where the empty unprotected header stood.
  signedMessage[messageOpening.length + payloadPart - 3] = 0x40
  return {
    kid: bytes.subarray(8, 16),
    payload: bytes.subarray(payloadAt, end),
    signature: bytes.subarray(end + 2),
    signedMessage,
    newer: none,
  }
}

function parseAnyForm(bytes: Uint8Array): Sign1 {
  const tag = bytes[0] ?? 0
  if (tag !== tag18) throw tag >> 5 === 6 ? new AppError('format.tag') : new AppError('format.structure')
  const parts = decode(bytes.subarray(1))
  if (!Array.isArray(parts) || parts.length !== 4) throw new AppError('format.structure')
  const [protectedHeader, unprotected, payload, signature] = parts as readonly CborValue[]
  const isShaped = protectedHeader instanceof Uint8Array && payload instanceof Uint8Array && signature instanceof Uint8Array
  if (!isShaped || !(unprotected instanceof Map)) throw new AppError('format.structure')
  const header = decode(protectedHeader)
  if (!(header instanceof Map)) throw new AppError('format.header')

  const newer: string[] = []
  const alg = header.get(labels.alg)
  if (typeof alg !== 'number' && (typeof alg !== 'string' || alg === ''))
    throw new AppError('format.header', 'No algorithm in the protected header')
  if (alg !== es256) newer.push('alg')
  const kid = header.get(labels.kid)
  if (!(kid instanceof Uint8Array) || kid.length !== 8) throw new AppError('format.kid')
  if (header.size > 2 || unprotected.size > 0) {
    refuseBrokenLabels(header, unprotected)
    newer.push('header')
  }
  if (signature.length !== 64 && alg === es256) throw new AppError('format.signature-length')
  return { kid, payload, signature, signedMessage: sign1Message(protectedHeader, payload), newer }
}

/** Whether the signature is the key's, with low s. Says nothing about whose key it is. */
export function verifySign1(
  sign1: Pick<Sign1, 'signature' | 'signedMessage'>,
  key: P256Jwk,
  crypto: Pick<CoreCrypto, 'verifyEs256'>,
): boolean | Promise<boolean> {
  return sign1.signature.length === 64 && isLowS(sign1.signature) && crypto.verifyEs256(key, sign1.signedMessage, sign1.signature)
}

/** Labels are integers or text, and none stands in both headers (RFC 9052 3). */
function refuseBrokenLabels(header: ReadonlyMap<CborValue, CborValue>, unprotected: ReadonlyMap<CborValue, CborValue>): void {
  for (const label of [...header.keys(), ...unprotected.keys()]) {
    if (typeof label !== 'number' && typeof label !== 'string') throw new AppError('format.header', 'A header label is no integer or text')
  }
  for (const label of unprotected.keys()) if (header.has(label)) throw new AppError('format.header', 'A label stands in both headers')
}

function decode(bytes: Uint8Array): CborValue {
  try {
    return decodeCbor(bytes)
  } catch (cause) {
    throw new AppError('format.cbor', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
}
