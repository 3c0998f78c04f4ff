import type { Pool } from 'pg'
import { decodeBase64url, encodeBase64url } from '../../core/encoding/base64url.ts'
import { openCheckpoint } from '../../core/log/checkpoint.ts'
import { rootOfRange } from '../../core/log/compactRange.ts'
import { type Entry, parseEntry } from '../../core/log/entry.ts'
import { parseEntryBundle } from '../../core/log/tiles.ts'
import type { VerifierKey } from '../../core/log/verifierKey.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { auditTree, type ClaimedRoot } from './auditTree.ts'
import { checkpointsAfter } from './checkpointsTable.ts'
import { type Finding, Findings } from './finding.ts'
import type { LogSource } from './logSource.ts'
import { readHead } from './logTable.ts'
import { entriesWithoutRow, listEntriesFrom, rowsWithoutEntry, statusDifferences, statusListDigests } from './reconcileTable.ts'

/** What a contract holds, as a node says: roots by size. */
export interface AnchoredRoots {
  readonly name: string
  readonly roots: readonly { readonly treeSize: number; readonly rootHash: Uint8Array }[]
}

export interface VerifyLogInput {
  readonly source: LogSource
  readonly logKey: VerifierKey
  /** The database behind the log, to be reconciled with it. */
  readonly pool?: Pool | undefined
  /** Contracts as read from nodes; an error where one could not be. */
  readonly contracts?: readonly (AnchoredRoots | Error)[] | undefined
  /** The bits of a status list as verifiers get it, or null; for a log without its database. */
  readonly statusList?: ((list: number) => Promise<Uint8Array | null>) | undefined
  /** Signed notes that were seen before: the log must extend each. */
  readonly seen?: readonly string[] | undefined
  readonly onProgress?: ((done: number, size: number) => void) | undefined
}

/** What a run found. Sound means: no findings. */
export interface LogVerdict {
  readonly sound: boolean
  readonly treeSize: number
  readonly rootHash: Uint8Array | null
  readonly findings: readonly Finding[]
}

/**
 * Recomputes the whole log and compares it with everything that says something about it: its tiles, every stored checkpoint, notes seen
 * before, contracts, and the rows and status lists of the database, both ways.
 */
export async function verifyLog(input: VerifyLogInput): Promise<LogVerdict> {
  const { source, logKey, pool, contracts = [] } = input
  const findings = new Findings()
  const note = await source.checkpoint()
  if (note === null) findings.add('checkpoint.missing', source.name)
  const checkpoint = note === null ? null : await openCheckpoint(note, logKey, nodeCrypto)
  if (note !== null && !checkpoint) findings.add('checkpoint.signature', `the newest of ${source.name}`)
  if (!checkpoint) return { sound: false, treeSize: 0, rootHash: null, findings: findings.list }

  const claims: ClaimedRoot[] = [{ ...checkpoint, claimant: 'the newest checkpoint', code: 'checkpoint.root' }]
  for (const text of input.seen ?? []) {
    const seen = await openCheckpoint(text, logKey, nodeCrypto)
    if (!seen) findings.add('checkpoint.signature', 'a checkpoint seen before')
    else claims.push({ ...seen, claimant: 'a checkpoint seen before', code: 'checkpoint.root' })
  }
  if (pool) claims.push(...(await claimsOfDatabase(pool, logKey, findings)))
  for (const contract of contracts) {
    if (contract instanceof Error) findings.add('contract.unavailable', contract.message)
    else for (const root of contract.roots) claims.push({ ...root, claimant: contract.name, code: 'contract.root' })
  }

  const { treeSize } = checkpoint
  // The head may be ahead of the checkpoint by what was committed since; entries up to it are there in the database only.
  for (const claim of claims) {
    if (claim.treeSize <= treeSize || claim.code === 'head.differs') continue
    findings.add(
      claim.code === 'contract.root' ? 'contract.ahead' : 'checkpoint.shrunk',
      `${claim.claimant} has ${claim.treeSize}, ${source.name} ${treeSize}`,
    )
  }
  const lists: ListStates = new Map()
  const head = pool && source.name === 'database' ? (await readHead(pool)).range.size : treeSize
  const size = Math.max(treeSize, head)
  const root = await auditTree({
    source,
    size,
    claims: claims.filter(claim => claim.treeSize <= size),
    findings,
    onEntry: (entry, leafIndex) => {
      if (entry.type === 'status-list.changed') lists.set(entry.list, { digest: entry.digest, leafIndex })
    },
    onProgress: done => input.onProgress?.(done, size),
  })
  if (pool && root) await reconcile(pool, lists, size, findings)
  if (input.statusList && root) await compareLists(input, input.statusList, lists, size, findings)
  return { sound: findings.list.length === 0, treeSize, rootHash: checkpoint.rootHash, findings: findings.list }
}

async function claimsOfDatabase(pool: Pool, logKey: VerifierKey, findings: Findings): Promise<ClaimedRoot[]> {
  const { range } = await readHead(pool)
  const claims: ClaimedRoot[] = [
    { treeSize: range.size, rootHash: rootOfRange(range, nodeCrypto.sha256), claimant: "the database's head", code: 'head.differs' },
  ]
  for (let after = -1; ; ) {
    const rows = await checkpointsAfter(pool, after)
    for (const { treeSize, rootHash, note } of rows) {
      const opened = await openCheckpoint(note, logKey, nodeCrypto)
      if (!opened || opened.treeSize !== treeSize || !rootHash.equals(opened.rootHash))
        findings.add('checkpoint.signature', `the one stored at ${treeSize}`)
      claims.push({ treeSize, rootHash, claimant: 'a stored checkpoint', code: 'checkpoint.root' })
    }
    if (rows.length < 1000) return claims
    after = rows.at(-1)!.treeSize
  }
}

/** What the newest entry about each status list says. */
type ListStates = Map<number, { readonly digest: string; readonly leafIndex: number }>

/** Compares each list as it is served with its newest entry; one that is newer than the checkpoint is looked for in what was added since. */
async function compareLists(
  { source, logKey }: VerifyLogInput,
  read: (list: number) => Promise<Uint8Array | null>,
  lists: ListStates,
  size: number,
  findings: Findings,
): Promise<void> {
  const differing = new Map<number, string | null>()
  for (const [list, { digest }] of lists) {
    const bits = await read(list)
    const served = bits && encodeBase64url(nodeCrypto.sha256(bits))
    if (served !== digest) differing.set(list, served)
  }
  if (differing.size === 0) return
  const added = await listDigestsSince(source, logKey, size)
  for (const [list, served] of differing) {
    if (served !== null && added.has(`${list} ${served}`)) continue
    findings.add('status-list.rolled-back', served === null ? `list ${list} is missing` : `list ${list}`, lists.get(list)!.leafIndex)
  }
}

/** List and digest of every status-list.changed entry from `first` on, as the source has them now. */
async function listDigestsSince(source: LogSource, logKey: VerifierKey, first: number): Promise<Set<string>> {
  const note = await source.checkpoint()
  const checkpoint = note === null ? null : await openCheckpoint(note, logKey, nodeCrypto)
  const size = checkpoint?.treeSize ?? 0
  const digests = new Set<string>()
  for (let start = first - (first % 256); start < size; start += 256) {
    const count = Math.min(256, size - start)
    for (const bytes of parseEntryBundle(await source.bundle(start, count, size), count).slice(Math.max(0, first - start))) {
      const entry = parseEntry(bytes)
      if (entry.type === 'status-list.changed') digests.add(`${entry.list} ${entry.digest}`)
    }
  }
  return digests
}

async function reconcile(pool: Pool, lists: ListStates, size: number, findings: Findings): Promise<void> {
  const client = await pool.connect()
  try {
    // One snapshot: what is issued meanwhile is in it with row, entry and bits, or not at all.
    await client.query('begin isolation level repeatable read read only')
    await client.query('set local statement_timeout = 0')
    for (const { kind, ref, leafIndex } of await rowsWithoutEntry(client))
      findings.add('row.without-entry', `${kind} ${encodeBase64url(ref)}`, leafIndex)
    for (const { kind, ref, leafIndex } of await entriesWithoutRow(client))
      findings.add('entry.without-row', `${kind} ${encodeBase64url(ref)}`, leafIndex)
    for (const { kind, ref, leafIndex, type, status } of await statusDifferences(client))
      findings.add('row.status', `${kind} ${encodeBase64url(ref)} has status ${status} after ${type}`, leafIndex)
    for (const { leafIndex, entry } of await listEntriesFrom(client, size)) {
      const { list, digest } = parseEntry(entry) as Extract<Entry, { type: 'status-list.changed' }>
      lists.set(list, { digest, leafIndex })
    }
    const digests = await statusListDigests(client)
    for (const [list, { digest, leafIndex }] of lists) {
      const stored = digests.get(list)
      if (stored?.equals(decodeBase64url(digest))) continue
      findings.add('status-list.rolled-back', stored ? `list ${list}` : `list ${list} is missing`, leafIndex)
    }
    await client.query('commit')
  } finally {
    client.release()
  }
}
