import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { CoreCrypto, P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'

/**
 * nodeCrypto for a server that verifies for many at once: while one ES256 signature is being verified, further ones go to the thread pool,
 * so that the event loop reads and answers meanwhile. Alone, a signature is verified at once, which is sooner.
 */
export function createPooledCrypto(): CoreCrypto {
  const keys = new WeakMap<P256Jwk, KeyObject | null>()
  let asked = 0
  // Holds: `asked` counts the requests of this turn of the event loop and those in the pool.
  const release = () => {
    asked--
  }
  return {
    ...nodeCrypto,
    verifyEs256(jwk, message, signature) {
      if (signature.length !== 64) return false
      if (asked++ === 0) {
        setImmediate(release)
        return nodeCrypto.verifyEs256(jwk, message, signature)
      }
      const key = keyOf(jwk)
      if (!key) {
        release()
        return false
      }
      return new Promise(resolve => {
        verify('sha256', message, key, derOf(signature), (error, isGood) => {
          release()
          resolve(!error && isGood)
        })
      })
    },
  }

  function keyOf(jwk: P256Jwk): KeyObject | null {
    let key = keys.get(jwk)
    if (key === undefined) {
      try {
        key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y }, format: 'jwk' })
      } catch {
        key = null
      }
      keys.set(jwk, key)
    }
    return key
  }
}

/** r‖s as DER (RFC 3279 2.2.3), in an array of its own, because the pool reads it later. */
function derOf(signature: Uint8Array): Buffer {
  const r = integerOf(signature.subarray(0, 32))
  const s = integerOf(signature.subarray(32))
  return Buffer.concat([Uint8Array.of(0x30, r.length + s.length), r, s])
}

function integerOf(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < 31 && bytes[start] === 0) start++
  const sign = bytes[start]! >= 0x80 ? 1 : 0
  const out = new Uint8Array(2 + sign + 32 - start)
  out[0] = 2
  out[1] = out.length - 2
  out.set(bytes.subarray(start), 2 + sign)
  return out
}
