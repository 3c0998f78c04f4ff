import { AppError } from '../errors.ts'
import type { AgencyCode } from './agencyCode.ts'
import { checkCharacter } from './mod3736.ts'

/** A card's public serial, such as `G09-26-0000123-K`. */
export type CardSerial = string & { readonly cardSerial: unique symbol }

const form = /^([A-Z][0-9]{2})-([0-9]{2})-([0-9]{7})-([0-9A-Z])$/

/**
 * The serial of the `sequence`th card (1..9999999) of a level-1 agency in a calendar year (2000..2099), with its check
 * character (ISO 7064 MOD 37,36). Throws `identity.card-serial` when a part is out of range.
 */
export function makeCardSerial(levelOne: AgencyCode, year: number, sequence: number): CardSerial {
  const inRange = levelOne.length === 3 && Number.isInteger(year) && year >= 2000 && year <= 2099 && Number.isInteger(sequence)
  if (!inRange || sequence < 1 || sequence > 9_999_999) throw new AppError('identity.card-serial', 'A part is out of range')
  const parts = [levelOne, String(year % 100).padStart(2, '0'), String(sequence).padStart(7, '0')]
  return `${parts.join('-')}-${checkCharacter(parts.join(''))}` as CardSerial
}

/** Whether the text is a serial with a right check character. */
export function isCardSerial(text: string): text is CardSerial {
  const parts = form.exec(text)
  return parts !== null && checkCharacter(parts.slice(1, 4).join('')) === parts[4]
}

/** The text as a serial; small letters and surrounding white space are taken for what they mean. Throws `identity.card-serial`. */
export function parseCardSerial(text: string): CardSerial {
  const serial = text.trim().toUpperCase()
  if (!isCardSerial(serial)) throw new AppError('identity.card-serial')
  return serial
}
