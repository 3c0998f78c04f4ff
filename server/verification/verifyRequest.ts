import { parseLive } from '../../core/credential/live.ts'
import { parseQrText } from '../../core/credential/qr.ts'
import { decodeBase64url } from '../../core/encoding/base64url.ts'

/** What a caller gave as `credential`: the sealed bytes, the live QR they came in, or a short QR's token. */
export type GivenCredential =
  | { readonly kind: 'sealed'; readonly sealed: Uint8Array; readonly live?: Uint8Array }
  | { readonly kind: 'token'; readonly token: Uint8Array }

const nothing = new Uint8Array(0)
const base64url = /^[\w-]+$/

/**
 * Reads the text of a QR code, or a sealed credential in base64url. What is neither gives no bytes, of which the report says that
 * they are no credential: hostile text is judged, not refused.
 */
export function readGivenCredential(text: string): GivenCredential {
  try {
    // A QR's digits pass for base64url too: the QR comes first.
    const content = parseQrText(text)
    if (content.kind === 'token') return { kind: 'token', token: content.token }
    if (content.kind === 'sealed') return { kind: 'sealed', sealed: content.bytes }
    if (content.kind === 'live') return { kind: 'sealed', sealed: parseLive(content.bytes).sealedBytes, live: content.bytes }
    return { kind: 'sealed', sealed: base64url.test(text) ? decodeBase64url(text) : nothing }
  } catch {
    return { kind: 'sealed', sealed: nothing }
  }
}

/** A short QR's token in base64url, 16 bytes; null for anything else. */
export function readToken(text: string): Uint8Array | null {
  try {
    const token = decodeBase64url(text)
    return token.length === 16 ? token : null
  } catch {
    return null
  }
}
