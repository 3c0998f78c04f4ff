import { hash } from 'node:crypto'
import { parseSign1 } from '../../core/cose/sign1.ts'
import type { CardClaims } from '../../core/credential/card.ts'
import { requireQrFits } from '../../core/credential/qr.ts'
import { refOf } from '../../core/credential/ref.ts'
import { seal } from '../../core/credential/sealed.ts'
import { decodeBase64url, encodeBase64url } from '../../core/encoding/base64url.ts'
import { endOfVietnamDay, vietnamDay } from '../../core/encoding/vietnamDay.ts'
import { AppError } from '../../core/errors.ts'
import { type AgencyCode, levelOneOf } from '../../core/identity/agencyCode.ts'
import { type CardSerial, makeCardSerial } from '../../core/identity/cardSerial.ts'
import { categories } from '../../core/identity/category.ts'
import type { EntryDraft } from '../../core/log/entry.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { randomPool } from '../keys/randomPool.ts'
import type { CredentialSigner, SignerPool } from '../keys/signerPool.ts'
import type { ItemMark, ItemRow } from '../requests/requestsTable.ts'
import { reserveStatusIndices } from '../status-lists/reserveStatusIndices.ts'
import { approvedClaims } from './approvedClaims.ts'
import type { ShownCard } from './cardClaims.ts'
import { type NewCard, type PersonForCard, personsForCards, takeSerials } from './cardsTable.ts'
import type { CardDeps } from './requestCards.ts'

export interface IssueDeps extends CardDeps {
  signers: SignerPool
  /** Origin of PUBLIC_URL, for the size of the QR. */
  origin: string
  /** Whether an agency is `restricted`: its entries name neither agency nor key. */
  isRestricted: (agency: AgencyCode) => boolean
}

/** A card ready to be inserted, all but its leaf. */
export interface PreparedCard {
  item: ItemRow
  person: PersonForCard
  card: Omit<NewCard, 'leafIndex'>
  entry: EntryDraft
  replaces: Buffer | null
  reason: string
}

/** Signs the cards of a chunk, outside any transaction; what cannot be issued is marked. */
export async function prepareCards(
  deps: IssueDeps,
  requestId: string,
  items: readonly ItemRow[],
): Promise<{ prepared: PreparedCard[]; rejected: ItemMark[] }> {
  const persons = new Map(
    (
      await personsForCards(
        deps.pool,
        items.map(item => item.officerId!),
      )
    ).map(person => [person.id, person]),
  )
  const rejected: ItemMark[] = []
  const wanted: { item: ItemRow; person: PersonForCard; shown: ShownCard; signer: CredentialSigner }[] = []
  const now = deps.clock()
  for (const item of items) {
    const person = persons.get(item.officerId!)
    const shown = person ? approvedClaims(deps, item, person) : 'request.changed'
    if (typeof shown === 'string') rejected.push({ seq: item.seq, state: 'void', outcome: shown })
    else wanted.push({ item, person: person!, shown, signer: await deps.signers.signerFor(person!.agencyCode as AgencyCode, 'card', now) })
  }
  const prepared: PreparedCard[] = []
  for (const group of Map.groupBy(wanted, one => encodeBase64url(one.signer.kid)).values()) {
    const signer = group[0]!.signer
    const indices = await reserveStatusIndices(deps.pool, signer.agency, group.length)
    const year = Number(vietnamDay(now).slice(0, 4))
    const first = await takeSerials(deps.pool, levelOneOf(signer.agency), year, group.length)
    for (const [at, one] of group.entries()) {
      try {
        prepared.push(await sealCard(deps, requestId, one, makeCardSerial(levelOneOf(signer.agency), year, first + at), indices[at]!, now))
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        rejected.push({ seq: one.item.seq, state: 'failed', outcome: `${error.code}: ${error.detail}` })
      }
    }
  }
  return { prepared, rejected }
}

async function sealCard(
  deps: IssueDeps,
  requestId: string,
  { item, person, shown, signer }: { item: ItemRow; person: PersonForCard; shown: ShownCard; signer: CredentialSigner },
  serial: CardSerial,
  status: { list: number; idx: number },
  now: number,
): Promise<PreparedCard> {
  const cti = randomPool(16)
  const token = randomPool(16)
  const ref = Buffer.from(await refOf(cti, nodeCrypto))
  const exp = endOfVietnamDay(shown.expiresOn)
  const claims: CardClaims = {
    iss: signer.agency,
    iat: now,
    exp,
    cti,
    card: {
      serial,
      fullName: shown.fullName,
      position: shown.position,
      ...(shown.usingAgency === signer.agency ? {} : { usingAgency: shown.usingAgency as AgencyCode }),
      category: categories.indexOf(shown.category) as CardClaims['card']['category'],
      ...(shown.photo ? { photo: Buffer.from(shown.photo, 'hex').subarray(0, 16) } : {}),
      status,
    },
  }
  const sealed = await seal({ kid: signer.kid, claims, sign: signer.sign })
  requireQrFits(deps.origin, sealed.length, claims)
  const hidden = deps.isRestricted(signer.agency)
  return {
    item,
    person,
    replaces: shown.replaces ? Buffer.from(decodeBase64url(shown.replaces)) : null,
    reason: shown.replaceReason ?? '',
    entry: {
      type: 'card.issued',
      ref: encodeBase64url(ref),
      digest: encodeBase64url(nodeCrypto.sha256(parseSign1(sealed).payload)),
      ...(hidden ? {} : { agency: signer.agency, kid: encodeBase64url(signer.kid) }),
    },
    card: {
      ref,
      serial,
      officerId: person.id,
      issuerCode: signer.agency,
      usingCode: shown.usingAgency,
      fullName: shown.fullName,
      position: shown.position,
      category: shown.category,
      kid: Buffer.from(signer.kid),
      sealed: deps.cipher.seal(Buffer.concat([token, sealed])),
      tokenHash: hash('sha256', token, 'buffer'),
      photoDigest: person.photoDigest,
      list: status.list,
      idx: status.idx,
      issuedAt: new Date(now * 1000),
      expiresAt: new Date(exp * 1000),
      requestId,
      requestSeq: item.seq,
    },
  }
}
