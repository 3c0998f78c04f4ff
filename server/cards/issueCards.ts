import { AppError } from '../../core/errors.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { appendEntries } from '../log/appendEntries.ts'
import { inChunks } from '../requests/inChunks.ts'
import { type CommittedReason, commitReason } from '../requests/reasons.ts'
import { storeReasons } from '../requests/reasonsTable.ts'
import { addProgress, closeRequest, type ItemMark, lockApproved, markItems, requestById } from '../requests/requestsTable.ts'
import { statusEntry } from '../requests/statusEntry.ts'
import { setStatuses } from '../status-lists/setStatuses.ts'
import { type CardRow, insertCards, lockCardsByRef, updateStatuses } from './cardsTable.ts'
import { type IssueDeps, type PreparedCard, prepareCards } from './prepareCards.ts'

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
    items => prepareCards(deps, requestId, items),
    chunk => inTransaction(deps.pool, tx => writeChunk(deps, tx, requestId, chunk.prepared, chunk.rejected)),
  )
  await closeRequest(deps.pool, requestId)
}

/** One transaction: items, old cards, status bits, entries, cards, audit. The log's head is the last lock. */
async function writeChunk(
  deps: IssueDeps,
  tx: Tx,
  requestId: string,
  prepared: readonly PreparedCard[],
  rejected: readonly ItemMark[],
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
  const marks: ItemMark[] = [...rejected]
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
  const endEntries = ended.map(({ card, successor, committed }) => statusEntry(deps, card, 'card.ended', committed, successor.card.ref))
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
