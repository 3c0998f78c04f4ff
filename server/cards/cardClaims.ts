import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { cardNumber838 } from '../../core/identity/cardNumber838.ts'
import type { Category } from '../../core/identity/category.ts'
import type { PersonalNumber } from '../../core/identity/personalNumber.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { openPrivate } from '../officers/officerPrivate.ts'
import type { PersonForCard } from './cardsTable.ts'
import { expiryDay } from './expiryDay.ts'

/** What approvers are shown of a card and what is issued; canonical JSON of it is what the approval's digest covers. */
export interface ShownCard {
  officerId: string
  fullName: string
  position: string
  usingAgency: string
  category: Category
  /** Hex SHA-256 of the shown JPEG; absent where the rule allows a card without photo. */
  photo?: string
  /** Under QĐ 838; it contains the personal number. */
  cardNumber: string
  madeOn: string
  expiresOn: string
  /** b64u ref of the card that this one replaces, and why (reason code). */
  replaces?: string
  replaceReason?: string
}

/** Why a person cannot have a card now. */
export type CardObstacle =
  | 'card.photo-missing'
  | 'card.position-missing'
  | 'card.contract-ended'
  | 'card.person-left'
  | 'card.exists'
  | 'card.none'

/** What a person's card would say if requested on `madeOn`, or why there can be none. */
export function shownCardOf(
  cipher: FieldCipher,
  person: PersonForCard,
  options: { madeOn: string; termYears: number; replaces?: string | undefined; replaceReason?: string | undefined },
): ShownCard | CardObstacle {
  if (person.leftAt !== null) return 'card.person-left'
  if (person.photoDigest === null) return 'card.photo-missing'
  const position = person.position || person.title
  if (!position) return 'card.position-missing'
  const secret = openPrivate(cipher, person.private)
  const expiresOn = expiryDay({
    ...options,
    birthDate: secret.birthDate,
    gender: secret.gender,
    contractEnd: secret.contractEnd,
  })
  if (expiresOn === null) return 'card.contract-ended'
  return {
    officerId: person.id,
    fullName: person.fullName,
    position,
    usingAgency: person.agencyCode,
    category: person.category as Category,
    photo: person.photoDigest.toString('hex'),
    cardNumber: cardNumber838(person.agencyCode as AgencyCode, secret.personalNumber as PersonalNumber, person.category as Category),
    madeOn: options.madeOn,
    expiresOn,
    ...(options.replaces ? { replaces: options.replaces, replaceReason: options.replaceReason ?? 'KHAC' } : {}),
  }
}
