import { fromHex } from '../encoding/bytes.ts'

/** Half the order of P-256, big-endian (SEC 2 2.4.2). */
const halfOrder = fromHex('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8')
const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')

/** Whether s, the last 32 of the 64 bytes r‖s, is at most half the order of P-256. */
export function isLowS(signature: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = signature[32 + i]! - halfOrder[i]!
    if (difference !== 0) return difference < 0
  }
  return true
}

/** The same P-256 signature, 64 bytes r‖s, with s at most half the order: both forms verify, only this one is accepted (formats 1). */
export function toLowS(signature: Uint8Array): Uint8Array {
  if (isLowS(signature)) return signature
  let s = 0n
  for (let i = 32; i < 64; i++) s = (s << 8n) | BigInt(signature[i]!)
  if (s >= order) return signature
  let low = order - s
  const out = signature.slice()
  for (let i = 63; i >= 32; i--) {
    out[i] = Number(low & 255n)
    low >>= 8n
  }
  return out
}
