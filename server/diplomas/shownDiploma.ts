import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'

/** A diploma or certificate as approvers see it and as it will be registered. Dates other than its last day: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
export interface ShownDiploma {
  issuer: string
  number?: string
  registerNumber?: string
  holderName: string
  birthDate?: string
  title: string
  field?: string
  classification?: string
  awarded: string
  /** Its last day, `YYYY-MM-DD`, in Vietnam's time; absent when it does not expire. */
  expiresOn?: string
  institutionThen?: string
  basis: 0 | 1 | 2 | 3
  /** Hex SHA-256 of the registered file. */
  document?: string
  /** The holder's personal number, 12 digits; shown masked, never part of the credential. */
  holderNumber?: string
  /** The number is taken by another diploma, and that was flagged for the approver. */
  duplicate?: true
  /** b64u ref of the diploma that this one corrects, and the decision's number and date. */
  corrects?: string
  decision?: string
}

/** HMAC of what makes a number unique: issuer, kind, year of award, number (or register number). */
export function numberIndex(
  cipher: FieldCipher,
  diploma: Pick<ShownDiploma, 'issuer' | 'title' | 'awarded' | 'number' | 'registerNumber'>,
): Buffer {
  const title = diploma.title.toLowerCase().replace(/\s+/g, ' ')
  return cipher.index('diploma-number', JSON.stringify([diploma.issuer, title, diploma.awarded.slice(0, 4), numberOf(diploma)]))
}

/** HMAC of issuer and number (or register number): how a typed number is found. */
export function lookupIndex(cipher: FieldCipher, issuer: AgencyCode | string, number: string): Buffer {
  return cipher.index('diploma-lookup', JSON.stringify([issuer, number.trim().toUpperCase()]))
}

/** Số hiệu, or the register number of old records that have none. */
export function numberOf(diploma: { number?: string | undefined; registerNumber?: string | undefined }): string {
  return (diploma.number ?? diploma.registerNumber ?? '').trim().toUpperCase()
}
