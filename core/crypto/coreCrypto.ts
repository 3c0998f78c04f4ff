/** A P-256 public key as a JWK (RFC 7518 6.2). */
export interface P256Jwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** What `core` needs from a platform's cryptography. No method throws on hostile input. */
export interface CoreCrypto {
  /** SHA-256, 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
  /** SHA-256 of an ASCII text, in b64u; where it is absent `sha256` serves. Strings are cheaper than byte arrays in Node. */
  sha256Base64url?(ascii: string): string
  /** ES256 over `message`; `signature` is 64 bytes r‖s. False for a key that is no point of the curve. */
  verifyEs256(key: P256Jwk, message: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>
  /** Ed25519 (RFC 8032); `publicKey` is 32 bytes, `signature` 64. */
  verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>
}

/** Signs with a key bound to one use; the answer is 64 bytes r‖s with low s. */
export type SignEs256 = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>
