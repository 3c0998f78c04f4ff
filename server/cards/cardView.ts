import { sealedUrl, shortUrl } from '../../core/credential/qr.ts'
import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { cardNumber838 } from '../../core/identity/cardNumber838.ts'
import type { Category } from '../../core/identity/category.ts'
import { maskPersonalNumber } from '../../core/identity/maskPersonalNumber.ts'
import type { PersonalNumber } from '../../core/identity/personalNumber.ts'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import type { Db } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { openPrivate } from '../officers/officerPrivate.ts'
import { readPrintedPhoto } from '../photos/photosTable.ts'
import type { CardView } from '../printing/render/cardView.ts'
import { personsForCards } from './cardsTable.ts'
import type { OpenedCard } from './readCard.ts'

export interface CardViewDeps {
  db: Db
  cipher: FieldCipher
  agencies: AgencyTree
  /** Origin of PUBLIC_URL. */
  origin: string
  /** Marks every card "MẪU". */
  demonstration: boolean
}

/** What the printed card shows; with `preview` no code is live and the personal number stays hidden. */
export async function cardViewOf(deps: CardViewDeps, card: OpenedCard, { preview = false } = {}): Promise<CardView> {
  const [person] = await personsForCards(deps.db, [card.officerId])
  const photo = card.photoDigest && (await readPrintedPhoto(deps.db, deps.cipher, card.photoDigest))
  const personalNumber = person ? openPrivate(deps.cipher, person.private).personalNumber : ''
  const shown = preview ? maskPersonalNumber(personalNumber) : personalNumber
  return {
    fullName: card.fullName,
    position: card.position,
    managingAgency: deps.agencies.get(card.issuerCode)?.nameVi ?? card.issuerCode,
    usingAgency: deps.agencies.get(card.usingCode)?.nameVi ?? card.usingCode,
    cardNumber: cardNumber838(card.usingCode as AgencyCode, shown as PersonalNumber, card.category as Category),
    serial: card.serial,
    category: card.category,
    expiresOn: displayDay(card.expiresAt),
    issuedOn: displayDay(card.issuedAt),
    ...(photo ? { photo } : {}),
    sealedUrl: sealedUrl(deps.origin, card.sealedBytes),
    shortUrl: shortUrl(deps.origin, card.token),
    verifyAddress: `${deps.origin.replace(/^https?:\/\//, '')}/v`,
    sample: deps.demonstration,
  }
}

/** dd/mm/yyyy in Vietnam's time. */
export function displayDay(at: Date): string {
  return vietnamDay(at.getTime() / 1000)
    .split('-')
    .reverse()
    .join('/')
}
