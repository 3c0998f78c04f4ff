import { type CwtClaims, cwtLabels, parseCwt, registeredClaims } from '../cose/cwt.ts'
import { toLowS } from '../cose/lowS.ts'
import { encodeSign1, parseSign1, protectedHeaderFor, type Sign1, sign1Message } from '../cose/sign1.ts'
import type { SignEs256 } from '../crypto/coreCrypto.ts'
import { type CborValue, encodeCbor } from '../encoding/strictCbor.ts'
import { AppError } from '../errors.ts'
import { type CardClaims, cardFromCbor, cardLabel, cardToCbor } from './card.ts'
import { type DiplomaClaims, diplomaFromCbor, diplomaLabel, diplomaToCbor } from './diploma.ts'

/** No sealed credential is larger: a QR text has at most 4 KiB, and few of its digits are needed. */
export const maxSealedLength = 4096

const registeredLabels = new Set<unknown>(Object.values(cwtLabels))

/** A sealed credential (formats 1), parsed and not yet verified: nothing in it is true before its signature and issuer are. */
export type SealedCredential = Sign1 &
  ({ readonly kind: 'card'; readonly claims: CardClaims } | { readonly kind: 'diploma'; readonly claims: DiplomaClaims })

/**
 * The payload to be sealed: deterministic CBOR of the claims set, which `parseSealed` will accept.
 * Throws `encoding.cbor`, `format.claims`, `format.card`, `format.diploma` for claims that break a rule of formats 1.
 */
export function sealedPayload(claims: CardClaims | DiplomaClaims): Uint8Array<ArrayBuffer> {
  const set = 'card' in claims ? cardToCbor(claims) : diplomaToCbor(claims)
  const payload = encodeCbor(set)
  if (contentOf({ claims: registeredClaims(set), set }).newer.length > 0) throw new AppError('format.claims', 'A value out of range')
  return payload
}

/**
 * Signs a card or diploma: the tagged COSE_Sign1 that a QR carries. `kid` is 8 bytes and names the key behind `sign`.
 * Throws what `sealedPayload` throws.
 */
export async function seal(input: {
  kid: Uint8Array
  claims: CardClaims | DiplomaClaims
  sign: SignEs256
}): Promise<Uint8Array<ArrayBuffer>> {
  const payload = sealedPayload(input.claims)
  const protectedHeader = protectedHeaderFor(input.kid)
  const signature = await input.sign(sign1Message(protectedHeader, payload))
  if (signature.length !== 64) throw new AppError('format.signature-length')
  return encodeSign1(protectedHeader, payload, toLowS(signature))
}

/**
 * The sealed credential of its bytes. Throws `format.cap`, `format.tag`, `format.cbor`, `format.structure`, `format.header`,
 * `format.kid`, `format.signature-length`, `format.claims`, `format.card`, `format.diploma` when it is broken, and
 * `format.newer` when it is well formed but of a kind that this version does not know.
 */
export function parseSealed(bytes: Uint8Array): SealedCredential {
  const sealed = readSealed(bytes)
  if (sealed.newer.length > 0) throw new AppError('format.newer', `Unknown here: ${sealed.newer.join(', ')}`)
  return sealed
}

/**
 * As `parseSealed`, but what is unknown is named in `newer` (`alg`, `header`, `claim`, `field`, `category`, `basis`) so that the
 * remaining checks can run; an enum value is then out of its type's range. A set without card and diploma still throws `format.newer`.
 */
export function readSealed(bytes: Uint8Array): SealedCredential {
  if (bytes.length > maxSealedLength) throw new AppError('format.cap')
  const sign1 = parseSign1(bytes)
  const { newer, ...content } = contentOf(parseCwt(sign1.payload))
  return { ...sign1, ...content, newer: [...sign1.newer, ...newer] } as SealedCredential
}

function contentOf({ claims, set }: { claims: CwtClaims; set: ReadonlyMap<CborValue, CborValue> }) {
  const newer: string[] = []
  const isCard = set.has(cardLabel)
  if (isCard === set.has(diplomaLabel)) {
    throw isCard ? new AppError('format.claims', 'Both a card and a diploma') : withoutKind(hasUnknown(set))
  }
  if (hasUnknown(set)) newer.push('claim')
  return isCard
    ? { kind: 'card', claims: cardFromCbor(claims, set.get(cardLabel), newer), newer }
    : { kind: 'diploma', claims: diplomaFromCbor(claims, set.get(diplomaLabel), newer), newer }
}

function hasUnknown(set: ReadonlyMap<unknown, unknown>): boolean {
  for (const label of set.keys()) if (!registeredLabels.has(label) && label !== cardLabel && label !== diplomaLabel) return true
  return false
}

function withoutKind(hasUnknownClaim: boolean): AppError {
  return hasUnknownClaim
    ? new AppError('format.newer', 'Neither a card nor a diploma')
    : new AppError('format.claims', 'No card and no diploma')
}
