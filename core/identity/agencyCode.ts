import { AppError } from '../errors.ts'

/** An agency's code by QĐ 20/2020/QĐ-TTg, such as `G09.12.04`: well formed, not necessarily in use. */
export type AgencyCode = string & { readonly agencyCode: unique symbol }

const form = /^[A-Z][0-9]{2}(?:\.[0-9A-Z]+)*$/
const maxLength = 35
const ministries = 'G01 G02 G03 G06 G08 G09 G10 G11 G12 G15 G16 G17 G18 G19 G20 G21 G22'.split(' ')
const provinceCount = 63

/** Whether the text has the form of an agency code: at most 35 characters, the first group a letter and two digits. */
export function isAgencyCode(text: string): text is AgencyCode {
  return text.length <= maxLength && form.test(text)
}

/** The text as an agency code. Throws `identity.agency-code`. */
export function parseAgencyCode(text: string): AgencyCode {
  if (!isAgencyCode(text)) throw new AppError('identity.agency-code')
  return text
}

/** The code of the ministry or province that the agency belongs to: its first group. */
export function levelOneOf(code: AgencyCode): AgencyCode {
  return code.slice(0, 3) as AgencyCode
}

/** Whether the first group is in the level-1 table (QĐ 20/2020, QĐ 09/2025). A code outside it warns: the table changes by decree. */
export function isKnownLevelOne(code: AgencyCode): boolean {
  const levelOne = levelOneOf(code)
  const province = levelOne.startsWith('H') ? Number(levelOne.slice(1)) : 0
  return ministries.includes(levelOne) || (province >= 1 && province <= provinceCount)
}
