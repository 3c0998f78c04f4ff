import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { utf8 } from '../encoding/bytes.ts'
import { decimalLength, decodeDecimal, encodeDecimal } from '../encoding/decimal.ts'
import { AppError } from '../errors.ts'
import type { CardClaims } from './card.ts'
import type { DiplomaClaims } from './diploma.ts'
import { qrVersion } from './qrVersion.ts'

/** A QR text is read up to this many characters. */
export const maxQrText = 4096
/** A sealed credential whose QR needs a larger version is not issued. */
export const maxSealedQrVersion = 15

/** No sealed credential is so short that it has fewer digits; a shorter number is some other bar code. */
const minBareDigits = 240
const tokenLength = 16
const linkForm = /^https?:\/\/([^/?#\s]+)\/([vl])(?:\?[^#\s]*)?#([0-9]+)$/i
const tokenForm = /^https?:\/\/([^/?#\s]+)\/t\/([\w-]{22})(?:[?#]\S*)?$/i

/** Segments as the `qrcode` package takes them, in order. */
export type QrSegment = { mode: 'byte'; data: Uint8Array } | { mode: 'numeric'; data: string }

/**
 * What a QR text is. `host` is what stood in the link, lower case, absent for bare digits: it never influences a verdict,
 * and a caller may say that it is foreign.
 */
export type QrContent =
  | { readonly kind: 'sealed' | 'live'; readonly bytes: Uint8Array; readonly host?: string }
  | { readonly kind: 'token'; readonly token: Uint8Array; readonly host: string }
  | { readonly kind: 'foreign'; readonly text: string }

/** The link that a sealed credential's QR holds; `origin` is that of PUBLIC_URL, without a slash at the end. */
export function sealedUrl(origin: string, bytes: Uint8Array): string {
  return `${origin}/v#${encodeDecimal(bytes)}`
}

/** The link of the short QR; `token` is 16 random bytes. */
export function shortUrl(origin: string, token: Uint8Array): string {
  return `${origin}/t/${encodeBase64url(token)}`
}

/** The link that a live card's QR holds (formats 10). */
export function liveUrl(origin: string, bytes: Uint8Array): string {
  return `${origin}/l#${encodeDecimal(bytes)}`
}

/** A link as QR segments: the digits after `#` in numeric mode, all before them as bytes. To be drawn at level M. */
export function qrSegments(url: string): QrSegment[] {
  const parts = /^([^#]*#)([0-9]+)$/.exec(url)
  if (parts === null) return [{ mode: 'byte', data: utf8(url) }]
  return [
    { mode: 'byte', data: utf8(parts[1]!) },
    { mode: 'numeric', data: parts[2]! },
  ]
}

/** The QR version at level M of a sealed credential of so many bytes; `undefined` past version 27. */
export function sealedQrVersion(origin: string, sealedLength: number): number | undefined {
  return qrVersion(utf8(`${origin}/v#`).length, decimalLength(sealedLength))
}

/** Refuses a sealed credential that does not fit version 15: throws `qr.too-large` whose detail names the field to shorten. */
export function requireQrFits(origin: string, sealedLength: number, claims: CardClaims | DiplomaClaims): void {
  const version = sealedQrVersion(origin, sealedLength)
  if (version === undefined || version > maxSealedQrVersion) throw new AppError('qr.too-large', longestText(claims))
}

/**
 * Reads a QR text: a link to `/v`, `/l` or `/t/TOKEN` on any host, or bare digits. Throws `format.cap` past 4096 characters
 * and `format.decimal` for digits that are no bytes; any other text is `foreign`.
 */
export function parseQrText(text: string): QrContent {
  if (text.length > maxQrText) throw new AppError('format.cap')
  const trimmed = text.trim()
  if (/^[0-9]+$/.test(trimmed) && trimmed.length >= minBareDigits) {
    const bytes = bytesOf(trimmed)
    // A live card is a CBOR array of four; a sealed credential begins with its tag.
    return { kind: bytes[0] === 0x84 ? 'live' : 'sealed', bytes }
  }
  const link = linkForm.exec(trimmed)
  if (link !== null) {
    const kind = link[2]!.toLowerCase() === 'v' ? 'sealed' : 'live'
    return { kind, bytes: bytesOf(link[3]!), host: link[1]!.toLowerCase() }
  }
  const short = tokenForm.exec(trimmed)
  const token = short === null ? null : tokenOf(short[2]!)
  return token === null ? { kind: 'foreign', text } : { kind: 'token', token, host: short![1]!.toLowerCase() }
}

function bytesOf(digits: string): Uint8Array {
  try {
    return decodeDecimal(digits)
  } catch (cause) {
    throw new AppError('format.decimal', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
}

function tokenOf(text: string): Uint8Array | null {
  try {
    const token = decodeBase64url(text)
    return token.length === tokenLength ? token : null
  } catch {
    return null
  }
}

/** The name of the free text that takes the most bytes. */
function longestText(claims: CardClaims | DiplomaClaims): string {
  const fields = Object.entries('card' in claims ? claims.card : claims.diploma)
  const lengths = fields.map(([name, value]) => ({ name, length: typeof value === 'string' ? utf8(value).length : 0 }))
  return lengths.reduce((longest, field) => (field.length > longest.length ? field : longest)).name
}
