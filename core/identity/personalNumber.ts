import { AppError } from '../errors.ts'

/** A personal identification number: 12 digits. */
export type PersonalNumber = string & { readonly personalNumber: unique symbol }

export type PersonalNumberWarning = 'province' | 'century' | 'year' | 'gender'

const provinces = new Set(
  (
    '001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 040 042 044 045 046 ' +
    '048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084 086 087 089 091 092 093 094 095 096'
  ).split(' '),
)

/** The text as a personal number. Throws `identity.personal-number`. */
export function parsePersonalNumber(text: string): PersonalNumber {
  if (!/^[0-9]{12}$/.test(text)) throw new AppError('identity.personal-number')
  return text as PersonalNumber
}

/**
 * Where the number disagrees with what it encodes: province of birth registration (codes above 100 are countries), century
 * and gender (digit 4), year (digits 5 and 6). Such a number warns and is not refused. `birthDate` begins with the year.
 */
export function personalNumberWarnings(
  number: PersonalNumber,
  person: { birthDate?: string; gender?: 'male' | 'female' } = {},
): PersonalNumberWarning[] {
  const warnings: PersonalNumberWarning[] = []
  const province = number.slice(0, 3)
  if (Number(province) <= 100 && !provinces.has(province)) warnings.push('province')
  const digit = Number(number[3])
  const century = 19 + Math.floor(digit / 2)
  if (person.birthDate === undefined ? century > 20 : person.birthDate.slice(0, 2) !== String(century)) warnings.push('century')
  if (person.birthDate !== undefined && person.birthDate.slice(2, 4) !== number.slice(4, 6)) warnings.push('year')
  if (person.gender !== undefined && person.gender !== (digit % 2 === 0 ? 'male' : 'female')) warnings.push('gender')
  return warnings
}
