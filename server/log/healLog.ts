import type { Pool } from 'pg'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import { openCheckpoint } from '../../core/log/checkpoint.ts'
import { appendLeaf, rootOfRange } from '../../core/log/compactRange.ts'
import { type Entry, type EntryDraft, parseEntry } from '../../core/log/entry.ts'
import { leafHash } from '../../core/log/leafHash.ts'
import { parseEntryBundle } from '../../core/log/tiles.ts'
import type { VerifierKey } from '../../core/log/verifierKey.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { appendEntries } from './appendEntries.ts'
import { insertSigned } from './checkpointsTable.ts'
import { openLog } from './comparisonTable.ts'
import { acceptLost, applyStatusEntry, raiseSerialCounters, replaceLostList, retireLists } from './healTable.ts'
import type { LogSource } from './logSource.ts'
import { insertEntries, lockHead, type NewEntry, type NewNode, setClosed } from './logTable.ts'
import { entriesWithoutRow, listEntriesFrom, statusListDigests, type Unmatched } from './reconcileTable.ts'

export interface HealInput {
  readonly pool: Pool
  readonly logKey: VerifierKey
  /** Where the public log still is: a mirror, a cache, another site. */
  readonly source: LogSource
  /** Accept that what has an entry but no row any more is lost, so that issuing may begin again. */
  readonly acceptLosses: boolean
}

/** What healing did. `lost` has an entry and no row: to be issued again or registered again. */
export interface HealResult {
  readonly refilled: number
  readonly treeSize: number
  /** Cards and diplomas whose status was brought up to their newest entry. */
  readonly restored: number
  readonly lost: readonly Unmatched[]
  /** Whether nothing stands against opening the log. */
  readonly mended: boolean
}

const step = 4096
/** Entries of a status list (formats 3). */
const listSize = 131_072
/** Why the log stays closed while something is lost. */
const lostReason = 'Cards or diplomas were lost with the old database: `antin log verify --heal --accept-lost` lists and accepts them'

/**
 * Brings a database that was restored from an older backup up to the public log: refills the missing entries from the source's tiles
 * (only if its signed checkpoint extends ours), brings the rows' statuses and status bits up to their newest entries, gives no serial and
 * no status index twice, and lists what is lost. A closed log stays closed: once nothing is lost or the losses were accepted, and
 * `verifyLog` finds it sound, the caller lets it open by the next comparison. Throws `log.checkpoint` when the source is not this log or does not extend it.
 */
export async function healLog(input: HealInput): Promise<HealResult> {
  const { pool, logKey, source } = input
  const note = await source.checkpoint()
  const checkpoint = note === null ? null : await openCheckpoint(note, logKey, nodeCrypto)
  if (!checkpoint || note === null) throw new AppError('log.checkpoint', `${source.name} has no checkpoint signed by this log`)
  const { from, restored } = await inTransaction(pool, async tx => {
    // Tiles are read inside this transaction, unlike anywhere else: the log is closed, and all of it or nothing has to be kept.
    await tx.query('set local statement_timeout = 0')
    await tx.query('set local idle_in_transaction_session_timeout = 0')
    const head = await lockHead(tx)
    const from = head.range.size
    if (checkpoint.treeSize < from)
      throw new AppError('log.checkpoint', `${source.name} ends at ${checkpoint.treeSize}, before our ${from}`)
    const news = await refill(tx, source, head, checkpoint)
    await insertSigned(tx, { treeSize: checkpoint.treeSize, rootHash: checkpoint.rootHash, note })
    return { from, restored: await applyNews(tx, news) }
  })
  const lost = await allLost(pool)
  const mended = lost.length === 0 || input.acceptLosses
  if (mended) await inTransaction(pool, tx => settleLosses(tx, lost))
  else await setClosed(pool, lostReason)
  return { refilled: checkpoint.treeSize - from, treeSize: checkpoint.treeSize, restored, lost, mended }
}

/** Notes the losses, and in the log what the status lists now hold: the bits of lost cards are gone. */
async function settleLosses(tx: Tx, lost: readonly Unmatched[]): Promise<void> {
  await acceptLost(tx, lost)
  const drafts = await listDrafts(tx)
  if (drafts.length === 0) return
  const { closed } = await lockHead(tx)
  // Open for these entries only: nobody else sees it so before the commit.
  await openLog(tx)
  await appendEntries(tx, drafts)
  await setClosed(tx, closed)
}

/** What the refilled entries say of rows: changes of status and of status lists in their order, and how many cards were issued. */
interface News {
  readonly changes: readonly Entry[]
  readonly cardsIssued: number
}

/** Adds the source's entries from our size on. Nothing is kept unless they lead to the checkpoint. */
async function refill(
  tx: Tx,
  source: LogSource,
  head: Awaited<ReturnType<typeof lockHead>>,
  checkpoint: { readonly treeSize: number; readonly rootHash: Uint8Array },
): Promise<News> {
  const { range } = head
  const { treeSize } = checkpoint
  const changes: Entry[] = []
  let cardsIssued = 0
  let { at } = head
  // Bundles begin at multiples of 256; what we have of the first one is skipped.
  for (let start = range.size - (range.size % 256); start < treeSize; start += step) {
    const count = Math.min(step, treeSize - start)
    const bundle = parseEntryBundle(await source.bundle(start, count, treeSize), count).slice(Math.max(0, range.size - start))
    const first = range.size
    const nodes: NewNode[] = []
    const entries = bundle.map((bytes): NewEntry => {
      const entry = parseEntry(bytes)
      at = Math.max(at, entry.at)
      if ('commitment' in entry || entry.type === 'status-list.changed') changes.push(entry)
      if (entry.type === 'card.issued') cardsIssued++
      const hash = leafHash(bytes, nodeCrypto.sha256)
      appendLeaf(range, hash, nodeCrypto.sha256, (level, index, node) => {
        if (level > 0 && level % 8 === 0) nodes.push({ level: level / 8, index, hash: node })
      })
      const ref = 'ref' in entry ? Buffer.from(entry.ref, 'base64url').toString('hex') : null
      return { entry: Buffer.from(bytes).toString('utf8'), leafHash: hash, ref, type: entry.type }
    })
    if (entries.length > 0) await insertEntries(tx, first, entries, nodes, { range, at })
  }
  // Holds for the old part too: its root is in the new one only if the source's log extends ours.
  if (!Buffer.from(checkpoint.rootHash).equals(rootOfRange(range, nodeCrypto.sha256)))
    throw new AppError('log.checkpoint', `${source.name} does not extend the log of this database`)
  return { changes, cardsIssued }
}

async function applyNews(tx: Tx, { changes, cardsIssued }: News): Promise<number> {
  let restored = 0
  for (const entry of changes) restored += await applyStatusEntry(tx, entry)
  if (cardsIssued > 0) await raiseSerialCounters(tx, cardsIssued)
  const lists = new Map(changes.flatMap(entry => (entry.type === 'status-list.changed' ? [[entry.list, entry.agency]] : [])))
  for (const [list, agency] of lists) await replaceLostList(tx, list, agency, listSize)
  await retireLists(tx, [...lists.keys()])
  return restored
}

async function allLost(pool: Pool): Promise<Unmatched[]> {
  const lost: Unmatched[] = []
  for (;;) {
    const more = await entriesWithoutRow(pool, lost.at(-1)?.leafIndex)
    lost.push(...more)
    if (more.length < 1000) return lost
  }
}

/** An entry for each status list that is not what its newest entry says. */
async function listDrafts(tx: Tx): Promise<EntryDraft[]> {
  const newest = new Map<number, Extract<Entry, { type: 'status-list.changed' }>>()
  for (const { entry } of await listEntriesFrom(tx, 0)) {
    const parsed = parseEntry(entry) as Extract<Entry, { type: 'status-list.changed' }>
    newest.set(parsed.list, parsed)
  }
  const drafts: EntryDraft[] = []
  for (const [list, digest] of await statusListDigests(tx)) {
    const entry = newest.get(list)
    if (entry && entry.digest !== encodeBase64url(digest))
      drafts.push({ type: 'status-list.changed', agency: entry.agency, list, digest: encodeBase64url(digest) })
  }
  return drafts
}
