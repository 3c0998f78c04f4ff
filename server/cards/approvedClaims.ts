import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { digestOfClaims } from '../requests/createRequest.ts'
import type { ItemRow } from '../requests/requestsTable.ts'
import { type ShownCard, shownCardOf } from './cardClaims.ts'
import type { PersonForCard } from './cardsTable.ts'
import type { CardDeps } from './requestCards.ts'

/** The claims that the approver is shown, if they still are what the person's data say; else the outcome of the item: why not. */
export function approvedClaims(
  deps: Pick<CardDeps, 'cipher' | 'termYears'>,
  item: Pick<ItemRow, 'claims' | 'claimsDigest'>,
  person: PersonForCard,
): ShownCard | string {
  const text = deps.cipher.open(item.claims).toString('utf8')
  if (!digestOfClaims(text).equals(item.claimsDigest)) return 'request.changed'
  const approved = JSON.parse(text) as ShownCard
  const current = shownCardOf(deps.cipher, person, {
    madeOn: approved.madeOn,
    termYears: deps.termYears,
    replaces: approved.replaces,
    replaceReason: approved.replaceReason,
  })
  if (typeof current === 'string') return current
  if (canonicalJson(current) !== text) return 'request.changed'
  const valid = person.validRef ? encodeBase64url(person.validRef) : undefined
  if (valid !== approved.replaces) return valid ? 'card.exists' : 'card.none'
  return approved
}
