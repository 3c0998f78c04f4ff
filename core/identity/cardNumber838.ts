import { type AgencyCode, levelOneOf } from './agencyCode.ts'
import type { Category } from './category.ts'
import type { PersonalNumber } from './personalNumber.ts'

/**
 * The card number of QĐ 838/QĐ-BNV, such as `G09.001185012345.CC`: level-1 agency, personal number, category.
 * It contains the personal number: on the card and to staff only, never in a URL, log or credential.
 */
export function cardNumber838(agencyCode: AgencyCode, personalNumber: PersonalNumber, category: Category): string {
  return `${levelOneOf(agencyCode)}.${personalNumber}.${category}`
}
