import { hash } from 'node:crypto'
import { parseSign1 } from '../../core/cose/sign1.ts'
import type { CardClaims } from '../../core/credential/card.ts'
import { requireQrFits } from '../../core/credential/qr.ts'
import { refOf } from '../../core/credential/ref.ts'
import { seal } from '../../core/credential/sealed.ts'
import { decodeBase64url, encodeBase64url } from '../../core/encoding/base64url.ts'
import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { endOfVietnamDay, vietnamDay } from '../../core/encoding/vietnamDay.ts'
import { AppError } from '../../core/errors.ts'
import { type AgencyCode, levelOneOf } from '../../core/identity/agencyCode.ts'
import { type CardSerial, makeCardSerial } from '../../core/identity/cardSerial.ts'
import { categories } from '../../core/identity/category.ts'
import type { EntryDraft } from '../../core/log/entry.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { randomPool } from '../keys/randomPool.ts'
import type { CredentialSigner, SignerPool } from '../keys/signerPool.ts'
import { appendEntries } from '../log/appendEntries.ts'
import { digestOfClaims } from '../requests/createRequest.ts'
import { inChunks } from '../requests/inChunks.ts'
import { type CommittedReason, commitReason, storeReasons } from '../requests/reasons.ts'
import { addProgress, closeRequest, type ItemRow, lockApproved, markItems, requestById } from '../requests/requestsTable.ts'
import { reserveStatusIndices } from '../status-lists/reserveStatusIndices.ts'
import { setStatuses } from '../status-lists/setStatuses.ts'
import { type ShownCard, shownCardOf } from './cardClaims.ts'
import {
  type CardRow,
  insertCards,
  lockCardsByRef,
  type NewCard,
  type PersonForCard,
  personsForCards,
  takeSerials,
  updateStatuses,
} from './cardsTable.ts'
import type { CardDeps } from './requestCards.ts'

export interface IssueDeps extends CardDeps {
  signers: SignerPool
  /** Origin of PUBLIC_URL, for the size of the QR. */
  origin: string
  /** Whether an agency is `restricted`: its entries name neither agency nor key. */
  isRestricted: (agency: AgencyCode) => boolean
}

/**
 * Issues all approved cards of a request, 1,000 at a time; safe to run again at any point and beside itself: an item is
 * issued once, because it is locked and marked in the transaction that inserts its card.
 */
export async function issueCards(deps: IssueDeps, requestId: string): Promise<void> {
  const request = await requestById(deps.pool, requestId)
  if (!request) throw new AppError('request.not-found')
  await inChunks(
    deps.pool,
    requestId,
    items => prepareChunk(deps, requestId, items),
    chunk => inTransaction(deps.pool, tx => writeChunk(deps, tx, requestId, chunk.prepared, chunk.rejected)),
  )
  await closeRequest(deps.pool, requestId)
}

/** A card ready to be inserted, all but its leaf. */
interface PreparedCard {
  item: ItemRow
  person: PersonForCard
  card: Omit<NewCard, 'leafIndex'>
  entry: EntryDraft
  replaces: Buffer | null
  reason: string
}

type Mark = Parameters<typeof markItems>[3][number]

/** Signs the cards of a chunk, outside any transaction; what cannot be issued is marked. */
async function prepareChunk(
  deps: IssueDeps,
  requestId: string,
  items: readonly ItemRow[],
): Promise<{ prepared: PreparedCard[]; rejected: Mark[] }> {
  const persons = new Map(
    (
      await personsForCards(
        deps.pool,
        items.map(item => item.officerId!),
      )
    ).map(person => [person.id, person]),
  )
  const rejected: Mark[] = []
  const wanted: { item: ItemRow; person: PersonForCard; shown: ShownCard; signer: CredentialSigner }[] = []
  const now = deps.clock()
  for (const item of items) {
    const person = persons.get(item.officerId!)
    const shown = person ? approvedClaims(deps, item, person) : 'request.changed'
    if (typeof shown === 'string') rejected.push({ seq: item.seq, state: 'void', outcome: shown })
    else wanted.push({ item, person: person!, shown, signer: await deps.signers.signerFor(person!.agencyCode as AgencyCode, 'card', now) })
  }
  const prepared: PreparedCard[] = []
  for (const group of groupBy(wanted, one => encodeBase64url(one.signer.kid))) {
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

/** The claims that the approver was shown, if they still are what the person's data say; else why not. */
function approvedClaims(deps: IssueDeps, item: ItemRow, person: PersonForCard): ShownCard | string {
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

/** One transaction: items, old cards, status bits, entries, cards, audit. The log's head is the last lock. */
async function writeChunk(
  deps: IssueDeps,
  tx: Tx,
  requestId: string,
  prepared: readonly PreparedCard[],
  rejected: readonly Mark[],
): Promise<void> {
  // Another run may have decided on some since.
  const open = await lockApproved(
    tx,
    requestId,
    prepared.map(one => one.item.seq),
  )
  const todo = prepared.filter(one => open.has(one.item.seq))
  const changed = new Set(await changedOfficers(tx, todo))
  const old = new Map(
    (
      await lockCardsByRef(
        tx,
        todo.flatMap(one => one.replaces ?? []),
      )
    ).map(card => [card.ref.toString('hex'), card]),
  )
  const issued: PreparedCard[] = []
  const ended: { card: CardRow; successor: PreparedCard; committed: CommittedReason }[] = []
  const marks: Mark[] = [...rejected]
  for (const one of todo) {
    const replaced = one.replaces ? old.get(one.replaces.toString('hex')) : undefined
    if (changed.has(one.person.id)) marks.push({ seq: one.item.seq, state: 'void', outcome: 'request.changed' })
    else if (one.replaces && (!replaced || replaced.endedAs !== null))
      marks.push({ seq: one.item.seq, state: 'void', outcome: 'card.none' })
    else {
      issued.push(one)
      marks.push({ seq: one.item.seq, state: 'done', ref: one.card.ref })
      if (replaced) ended.push({ card: replaced, successor: one, committed: commitReason(deps.cipher, one.reason) })
    }
  }
  const marked = await markItems(tx, requestId, 'approved', marks)
  await addProgress(tx, requestId, issued.length, marked - issued.length)
  if (issued.length === 0) return
  await updateStatuses(
    tx,
    ended.map(({ card, successor }) => ({ ref: card.ref, status: 1, endedAs: 'replaced', successor: successor.card.ref })),
  )
  const listEntries = await setStatuses(tx, [
    ...issued.map(({ card }) => ({ list: card.list, idx: card.idx, status: 0 as const })),
    ...ended.map(({ card }) => ({ list: card.list, idx: card.idx, status: 1 as const })),
  ])
  const endEntries = ended.map(
    ({ card, successor, committed }): EntryDraft => ({
      type: 'card.ended',
      ...(deps.isRestricted(card.issuerCode as AgencyCode) ? {} : { agency: card.issuerCode }),
      ref: encodeBase64url(card.ref),
      commitment: committed.commitment,
      by: encodeBase64url(successor.card.ref),
    }),
  )
  const leaves = await appendEntries(tx, [...issued.map(one => one.entry), ...endEntries, ...listEntries])
  await insertCards(
    tx,
    issued.map((one, at) => ({ ...one.card, leafIndex: leaves[at]!.leafIndex })),
  )
  await storeReasons(
    tx,
    ended.map(({ committed }, at) => ({ leafIndex: leaves[issued.length + at]!.leafIndex, sealed: committed.sealed })),
  )
  await recordAudit(tx, {
    actor: 'system',
    action: 'cards.issued',
    agency: issued[0]!.card.issuerCode,
    subject: `request:${requestId}`,
    detail: { count: issued.length, lastLeaf: leaves[issued.length - 1]!.leafIndex },
    leafIndex: leaves[0]!.leafIndex,
  })
}

/** Officers changed since they were read; the share lock keeps the others as they are until the commit. */
async function changedOfficers(tx: Tx, prepared: readonly PreparedCard[]): Promise<string[]> {
  const { rows } = await tx.query<{ id: string; version: number }>(
    'select id, version from officers where id = any($1::uuid[]) order by id for share',
    [prepared.map(one => one.person.id)],
  )
  const versions = new Map(rows.map(row => [row.id, row.version]))
  return prepared.filter(one => versions.get(one.person.id) !== one.person.version).map(one => one.person.id)
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  return [...Map.groupBy(values, keyOf).values()]
}
