import type { CoreCrypto } from '../../core/crypto/coreCrypto.ts'
import { webCrypto } from '../../core/crypto/webCrypto.ts'

let hasEd25519: Promise<boolean> | undefined

/** WebCrypto, with a slower Ed25519 of our own where the browser has none (Chrome before 137). */
export const browserCrypto: CoreCrypto = {
  ...webCrypto,
  async verifyEd25519(publicKey, message, signature) {
    hasEd25519 ??= crypto.subtle.importKey('raw', basePoint, 'Ed25519', false, ['verify']).then(
      () => true,
      () => false,
    )
    if (await hasEd25519) return webCrypto.verifyEd25519(publicKey, message, signature)
    if (publicKey.length !== 32 || signature.length !== 64) return false
    const { ed25519 } = await import('@noble/curves/ed25519.js')
    try {
      return ed25519.verify(signature, message, publicKey)
    } catch {
      return false
    }
  },
}

/** The curve's base point, as good a public key as any to ask whether the browser knows the algorithm (RFC 8032 5.1). */
const basePoint = new Uint8Array(32).fill(0x66)
basePoint[0] = 0x58

/** False at http addresses other than localhost, where the browser hides its cryptography. */
export function canVerifyHere(): boolean {
  return typeof crypto !== 'undefined' && crypto.subtle !== undefined
}
