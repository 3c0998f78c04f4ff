import { type CwtClaims, cwtLabels } from '../cose/cwt.ts'
import type { CborValue } from '../encoding/strictCbor.ts'
import { type AgencyCode, isAgencyCode } from '../identity/agencyCode.ts'
import { type CardSerial, isCardSerial } from '../identity/cardSerial.ts'
import { categories } from '../identity/category.ts'
import { Fields, type StatusReference } from './fields.ts'

/** Label of the card claim (formats 1). */
export const cardLabel = -65537

const labels = { serial: 1, fullName: 2, position: 3, usingAgency: 4, category: 5, photo: 6, status: 7 } as const

/** The claims set of a sealed card. */
export interface CardClaims extends CwtClaims {
  /** Seconds since 1970-01-01 UTC. */
  readonly exp: number
  readonly card: {
    readonly serial: CardSerial
    readonly fullName: string
    readonly position: string
    /** Absent when equal to `iss`. */
    readonly usingAgency?: AgencyCode
    /** Position in `categories`. */
    readonly category: 0 | 1 | 2 | 3 | 4 | 5
    /** First 16 bytes of SHA-256 of the JPEG. */
    readonly photo?: Uint8Array
    readonly status: StatusReference
  }
}

/** The claims set as CBOR holds it, labels in their canonical order. */
export function cardToCbor({ iss, iat, exp, cti, card }: CardClaims): Map<CborValue, CborValue> {
  const fields = new Map<CborValue, CborValue>()
  fields.set(labels.serial, card.serial)
  fields.set(labels.fullName, card.fullName)
  fields.set(labels.position, card.position)
  if (card.usingAgency !== undefined) fields.set(labels.usingAgency, card.usingAgency)
  fields.set(labels.category, card.category)
  if (card.photo !== undefined) fields.set(labels.photo, card.photo)
  fields.set(labels.status, [card.status.list, card.status.idx])
  const set = new Map<CborValue, CborValue>()
  set.set(cwtLabels.iss, iss)
  set.set(cwtLabels.exp, exp)
  set.set(cwtLabels.iat, iat)
  set.set(cwtLabels.cti, cti)
  return set.set(cardLabel, fields)
}

/**
 * The card of a claims set; what is well formed but unknown is added to `newer` (`field`, `category`). Throws `format.card`.
 */
export function cardFromCbor(claims: CwtClaims, value: CborValue | undefined, newer: string[]): CardClaims {
  const fields = new Fields(value, 'format.card')
  const { exp } = claims
  if (exp === undefined) throw fields.broken('exp')
  const serial = fields.text(labels.serial)
  if (!isCardSerial(serial)) throw fields.broken('the serial')
  const category = fields.uint(labels.category)
  if (category >= categories.length) newer.push('category')
  if (fields.hasOthersThan(labels.status)) newer.push('field')
  const card: Writable<CardClaims['card']> = {
    serial,
    fullName: fields.text(labels.fullName),
    position: fields.text(labels.position),
    category: category as CardClaims['card']['category'],
    status: fields.status(labels.status),
  }
  if (fields.has(labels.usingAgency)) card.usingAgency = usingAgencyOf(fields, claims.iss)
  if (fields.has(labels.photo)) card.photo = fields.bytes(labels.photo, 16)
  return { iss: claims.iss, iat: claims.iat, exp, cti: claims.cti, card }
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

function usingAgencyOf(fields: Fields, iss: AgencyCode): AgencyCode {
  const code = fields.text(labels.usingAgency)
  if (!isAgencyCode(code) || code === iss) throw fields.broken('the using agency')
  return code
}
