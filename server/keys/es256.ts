import { type KeyObject, sign } from 'node:crypto'
import { AppError } from '../../core/errors.ts'

// n of P-256 (FIPS 186-5), big-endian, and its half.
const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
const halfOrder = Buffer.from('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8', 'hex')

/**
 * ES256 over `message` with a P-256 private key: 64 bytes r‖s with low s. The bare KeyObject and DER by hand are twice as fast
 * as `dsaEncoding: 'ieee-p1363'`.
 */
export function signEs256(key: KeyObject, message: Uint8Array): Uint8Array {
  return withLowS(derToRs(sign('sha256', message, key)))
}

/** r‖s (64 bytes) of a DER ECDSA signature (RFC 3279 2.2.3). */
function derToRs(der: Uint8Array): Uint8Array {
  const out = new Uint8Array(64)
  const afterR = readInteger(der, 2, out, 32)
  readInteger(der, afterR, out, 64)
  return out
}

function readInteger(der: Uint8Array, at: number, out: Uint8Array, end: number): number {
  const length = der[at + 1]!
  const next = at + 2 + length
  const start = Math.max(at + 2, next - 32)
  if (der[at] !== 2 || next > der.length) throw new AppError('internal', 'Not an ECDSA signature in DER')
  out.set(der.subarray(start, next), end - (next - start))
  return next
}

/** The same signature with s at most half the order, changed in place: s and n - s both verify, and only one form is accepted. */
export function withLowS(signature: Uint8Array): Uint8Array {
  if (!isHighS(signature)) return signature
  let borrow = 0
  for (let i = 31; i >= 0; i--) {
    const difference = order[i]! - signature[32 + i]! - borrow
    borrow = difference < 0 ? 1 : 0
    signature[32 + i] = difference & 255
  }
  return signature
}

function isHighS(signature: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = signature[32 + i]! - halfOrder[i]!
    if (difference !== 0) return difference > 0
  }
  return false
}
