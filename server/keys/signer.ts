import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { decodeBase64url } from '../../core/encoding/base64url.ts'
import { fromUtf8 } from '../../core/encoding/bytes.ts'
import { parseJson } from '../../core/encoding/strictJson.ts'
import { AppError } from '../../core/errors.ts'
import type { RsaJwk } from '../../core/trust/jwkThumbprint.ts'

/** The uses of agency keys, as the trust slice names them (formats 4). */
export const keyUses = ['card', 'diploma', 'status', 'document'] as const
export type KeyUse = (typeof keyUses)[number]

/** What a private key is for: an agency's uses, the trust office's, the log's, the chain's, and a state certificate's. */
export type SignerUse = KeyUse | 'root' | 'trust' | 'log' | 'anchor' | 'endorsement'

/** What a message is. Each kind has bytes that no other kind can have, so that a signature over one never passes for another. */
export type MessageKind = keyof typeof kinds

/** A message to sign, with what it claims to be. */
export interface TypedMessage {
  readonly kind: MessageKind
  readonly bytes: Uint8Array
}

/**
 * A private key that answers signatures and nothing else. `sign` throws `key.wrong-use` for a kind that the key's use does not
 * allow, or bytes that are not of that kind. Signatures: ES256 64 bytes r‖s with low s; Ed25519 64 bytes; PS256 and RS256 as long
 * as the modulus.
 */
export interface Signer {
  readonly use: SignerUse
  readonly algorithm: 'ES256' | 'Ed25519' | 'PS256' | 'RS256'
  sign(message: TypedMessage): Uint8Array | Promise<Uint8Array>
}

/** A signer whose public key has a JWK. `thumbprint` 32 bytes (RFC 7638), `kid` its first 8. */
export interface JwkSigner extends Signer {
  readonly algorithm: 'ES256' | 'PS256' | 'RS256'
  readonly jwk: P256Jwk | RsaJwk
  readonly kid: Uint8Array
  readonly thumbprint: Uint8Array
}

// RFC 9052 4.4: the array of four and the text "Signature1" that open every COSE_Sign1 signing input.
const sign1Prefix = Buffer.concat([Buffer.from([0x84, 0x6a]), Buffer.from('Signature1')])

const kinds = {
  /** A sealed credential, or the binding of a live card: the Sig_structure of a COSE_Sign1. */
  sign1: { uses: ['card', 'diploma'], fits: (bytes: Uint8Array) => sign1Prefix.equals(bytes.subarray(0, sign1Prefix.length)) },
  'sd-jwt': { uses: ['card', 'diploma'], fits: (bytes: Uint8Array) => headerOf(bytes)?.typ === 'dc+sd-jwt' },
  'status-list': { uses: ['status'], fits: (bytes: Uint8Array) => headerOf(bytes)?.typ === 'statuslist+jwt' },
  'trust-list': { uses: ['trust'], fits: (bytes: Uint8Array) => headerOf(bytes)?.typ === 'trust-list+jwt' },
  root: {
    uses: ['root'],
    fits: (bytes: Uint8Array) => {
      const header = headerOf(bytes)
      return header !== null && Object.keys(header).sort().join() === 'alg,kid'
    },
  },
  endorsement: { uses: ['endorsement'], fits: (bytes: Uint8Array) => headerOf(bytes)?.typ === 'endorsement+jwt' },
  /** The signed attributes of a CMS SignedData (RFC 5652 5.4): a DER SET. */
  document: { uses: ['document'], fits: (bytes: Uint8Array) => bytes[0] === 0x31 },
  /** The text of a log's checkpoint (C2SP tlog-checkpoint). */
  checkpoint: { uses: ['log'], fits: (bytes: Uint8Array) => /^[^\n]+\n\d+\n[A-Za-z0-9+/=]+\n/.test(Buffer.from(bytes).toString('latin1')) },
  /** `0x1901 ‖ domain separator ‖ struct hash` (EIP-712), 66 bytes. */
  anchor: { uses: ['anchor'], fits: (bytes: Uint8Array) => bytes.length === 66 && bytes[0] === 0x19 && bytes[1] === 0x01 },
} as const satisfies Record<string, { uses: readonly SignerUse[]; fits: (bytes: Uint8Array) => boolean }>

/** Asserts that a key of `use` may sign the message, and that its bytes are what it claims to be. Throws `key.wrong-use`. */
export function assertTyped(use: SignerUse, { kind, bytes }: TypedMessage): void {
  const { uses, fits } = kinds[kind]
  if (!(uses as readonly SignerUse[]).includes(use)) throw new AppError('key.wrong-use', `A key for ${use} does not sign a ${kind}`)
  if (!fits(bytes)) throw new AppError('key.wrong-use', `The bytes are not a ${kind}`)
}

const headers = new Map<string, Record<string, unknown> | null>()

/** The protected header of a JWS signing input, or null. Headers repeat (one a key), so the last ones are kept. */
function headerOf(signingInput: Uint8Array): Record<string, unknown> | null {
  const dot = signingInput.indexOf(0x2e)
  if (dot < 1 || dot > 24_000) return null
  const text = Buffer.from(signingInput.buffer, signingInput.byteOffset, dot).toString('latin1')
  const known = headers.get(text)
  if (known !== undefined) return known
  if (headers.size >= 1000) headers.clear()
  let header: Record<string, unknown> | null = null
  try {
    const parsed = parseJson(fromUtf8(decodeBase64url(text)), 4)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) header = parsed as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof AppError)) throw error
  }
  headers.set(text, header)
  return header
}
