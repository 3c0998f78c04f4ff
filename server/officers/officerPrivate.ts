import type { FieldCipher } from '../keys/fieldCipher.ts'

/** What is kept sealed about a person. Dates are ISO; optional fields are absent, never empty. */
export interface OfficerPrivate {
  /** '' once erased. */
  personalNumber: string
  birthDate: string
  gender: 'male' | 'female'
  email?: string
  soHieu?: string
  maNgach?: string
  contractEnd?: string
}

export function sealPrivate(cipher: FieldCipher, value: OfficerPrivate): Buffer {
  return cipher.seal(JSON.stringify(value))
}

/** Throws `cipher.open`. */
export function openPrivate(cipher: FieldCipher, sealed: Uint8Array): OfficerPrivate {
  return JSON.parse(cipher.open(sealed).toString('utf8')) as OfficerPrivate
}
