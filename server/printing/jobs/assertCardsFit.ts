import { setImmediate } from 'node:timers/promises'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { cardNumber838 } from '../../../core/identity/cardNumber838.ts'
import type { Category } from '../../../core/identity/category.ts'
import type { PersonalNumber } from '../../../core/identity/personalNumber.ts'
import { faceDocument, groundDocument, sharedTexts } from '../render/cardFaces.ts'
import type { CardView } from '../render/cardView.ts'
import type { Template } from '../render/template.ts'
import type { QueuedCard } from './printJobsTable.ts'

/** Cards laid out in one turn of the event loop. */
const together = 100

/** Every card number is as long as this one's. */
const anyNumber = '000000000000' as PersonalNumber

/**
 * Lays out the texts of all cards of a run, without writing anything: a text that does not fit would break off the run's file in its
 * middle. Throws `render.*` with the first such card: `SERIAL: field …`.
 */
export async function assertCardsFit(template: Template, cards: readonly QueuedCard[], nameOf: (agency: string) => string): Promise<void> {
  // A photo has no text.
  const { photo: _, ...texts } = template
  const grounds = new Set<string>()
  const layOut = (views: readonly CardView[]) => {
    faceDocument(texts, views)
    for (const view of views) {
      const shared = sharedTexts(texts, view)
      const key = JSON.stringify(shared)
      if (!grounds.has(key)) groundDocument(texts, shared)
      grounds.add(key)
    }
  }
  for (let at = 0; at < cards.length; at += together) {
    const views = cards.slice(at, at + together).map(card => viewOf(card, nameOf))
    try {
      layOut(views)
    } catch {
      for (const view of views) layOutOne(view)
    }
    await setImmediate()
  }

  function layOutOne(view: CardView): void {
    try {
      layOut([view])
    } catch (error) {
      if (error instanceof AppError) throw new AppError(error.code, `${view.serial}: ${error.detail}`, { cause: error })
      throw error
    }
  }
}

/** What the card will show, without its codes. */
function viewOf(card: QueuedCard, nameOf: (agency: string) => string): CardView {
  return {
    fullName: card.fullName,
    position: card.position,
    managingAgency: nameOf(card.issuerCode),
    usingAgency: nameOf(card.usingCode),
    cardNumber: cardNumber838(card.usingCode as AgencyCode, anyNumber, card.category as Category),
    serial: card.serial,
    category: card.category,
    expiresOn: '00/00/0000',
    issuedOn: '00/00/0000',
    sealedUrl: '',
    shortUrl: '',
    verifyAddress: '-',
  }
}
