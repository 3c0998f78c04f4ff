import { parseSign1 } from '../../core/cose/sign1.ts'
import { requireQrFits } from '../../core/credential/qr.ts'
import { refOf } from '../../core/credential/ref.ts'
import { seal } from '../../core/credential/sealed.ts'
import { decodeBase64url, encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { EntryDraft } from '../../core/log/entry.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { randomPool } from '../keys/randomPool.ts'
import type { CredentialSigner, SignerPool } from '../keys/signerPool.ts'
import { appendEntries } from '../log/appendEntries.ts'
import { digestOfClaims } from '../requests/createRequest.ts'
import { inChunks } from '../requests/inChunks.ts'
import { type CommittedReason, commitReason } from '../requests/reasons.ts'
import { storeReasons } from '../requests/reasonsTable.ts'
import { addProgress, closeRequest, type ItemMark, type ItemRow, lockApproved, markItems } from '../requests/requestsTable.ts'
import { statusEntry } from '../requests/statusEntry.ts'
import { reserveStatusIndices } from '../status-lists/reserveStatusIndices.ts'
import { setStatuses } from '../status-lists/setStatuses.ts'
import { searchName } from '../tables/searchName.ts'
import { diplomaClaims } from './diplomaClaims.ts'
import { type DiplomaRow, diplomasByNumber, endDiplomas, insertDiplomas, lockDiplomas, type NewDiploma } from './diplomasTable.ts'
import type { RequestDiplomasDeps } from './requestDiplomas.ts'
import { sealedHolder } from './sealedHolder.ts'
import { lookupIndex, numberIndex, numberOf, type ShownDiploma } from './shownDiploma.ts'

export interface RegisterDeps extends RequestDiplomasDeps {
  signers: SignerPool
  /** Seconds. */
  clock: () => number
  isRestricted: (agency: AgencyCode) => boolean
}

/**
 * Registers all approved diplomas of a request (new ones and corrections), 1,000 at a time; safe to run again at any point
 * and beside itself.
 */
export async function registerDiplomas(deps: RegisterDeps, requestId: string): Promise<void> {
  await inChunks(
    deps.pool,
    requestId,
    items => prepareChunk(deps, requestId, items),
    chunk => inTransaction(deps.pool, tx => writeChunk(deps, tx, requestId, chunk.prepared, chunk.marks)),
  )
  await closeRequest(deps.pool, requestId)
}

interface PreparedDiploma {
  item: ItemRow
  shown: ShownDiploma
  row: Omit<NewDiploma, 'leafIndex'>
  entry: EntryDraft
}

/** Signs the diplomas of a chunk, outside any transaction; what cannot be registered is marked. */
async function prepareChunk(
  deps: RegisterDeps,
  requestId: string,
  items: readonly ItemRow[],
): Promise<{ prepared: PreparedDiploma[]; marks: ItemMark[] }> {
  const now = deps.clock()
  const marks: ItemMark[] = []
  const wanted: { item: ItemRow; shown: ShownDiploma; signer: CredentialSigner }[] = []
  for (const item of items) {
    const text = deps.cipher.open(item.claims).toString('utf8')
    if (!digestOfClaims(text).equals(item.claimsDigest)) marks.push({ seq: item.seq, state: 'void', outcome: 'request.changed' })
    else {
      const shown = JSON.parse(text) as ShownDiploma
      wanted.push({ item, shown, signer: await deps.signers.signerFor(shown.issuer as AgencyCode, 'diploma', now) })
    }
  }
  const prepared: PreparedDiploma[] = []
  for (const group of Map.groupBy(wanted, one => encodeBase64url(one.signer.kid)).values()) {
    const indices = await reserveStatusIndices(deps.pool, group[0]!.signer.agency, group.length)
    for (const [at, one] of group.entries()) {
      try {
        prepared.push(await sealDiploma(deps, requestId, one, indices[at]!, now))
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        marks.push({ seq: one.item.seq, state: 'failed', outcome: `${error.code}: ${error.detail}` })
      }
    }
  }
  return { prepared, marks }
}

async function sealDiploma(
  deps: RegisterDeps,
  requestId: string,
  { item, shown, signer }: { item: ItemRow; shown: ShownDiploma; signer: CredentialSigner },
  status: { list: number; idx: number },
  now: number,
): Promise<PreparedDiploma> {
  const issuer = shown.issuer as AgencyCode
  const cti = randomPool(16)
  const ref = Buffer.from(await refOf(cti, nodeCrypto))
  const claims = diplomaClaims(shown, { iat: now, cti, status })
  const sealed = await seal({ kid: signer.kid, claims, sign: signer.sign })
  requireQrFits(deps.origin, sealed.length, claims)
  return {
    item,
    shown,
    entry: {
      type: 'diploma.registered',
      ref: encodeBase64url(ref),
      digest: encodeBase64url(nodeCrypto.sha256(parseSign1(sealed).payload)),
      ...(deps.isRestricted(issuer) ? {} : { agency: issuer, kid: encodeBase64url(signer.kid) }),
    },
    row: {
      ref,
      issuerCode: issuer,
      number: shown.number ?? null,
      registerNumber: shown.registerNumber ?? null,
      holderName: shown.holderName,
      searchName: searchName(shown.holderName),
      title: shown.title,
      field: shown.field ?? null,
      awarded: shown.awarded,
      expiresAt: claims.exp === undefined ? null : new Date(claims.exp * 1000),
      classification: shown.classification ?? null,
      basis: shown.basis,
      ...sealedHolder(deps.cipher, shown.holderNumber),
      numberIndex: numberIndex(deps.cipher, shown),
      lookupIndex: lookupIndex(deps.cipher, issuer, numberOf(shown)),
      kid: Buffer.from(signer.kid),
      sealed: deps.cipher.seal(sealed),
      documentDigest: shown.document ? Buffer.from(shown.document, 'hex') : null,
      list: status.list,
      idx: status.idx,
      duplicateOf: null,
      issuedAt: new Date(now * 1000),
      requestId,
      requestSeq: item.seq,
    },
  }
}

/** One transaction: items, corrected diplomas, status bits, entries, diplomas, audit. The log's head is the last lock. */
async function writeChunk(
  deps: RegisterDeps,
  tx: Tx,
  requestId: string,
  prepared: readonly PreparedDiploma[],
  rejected: readonly ItemMark[],
): Promise<void> {
  const open = await lockApproved(
    tx,
    requestId,
    prepared.map(one => one.item.seq),
  )
  const corrected = new Map(
    (
      await lockDiplomas(
        tx,
        prepared.flatMap(one => (one.shown.corrects ? [decodeBase64url(one.shown.corrects)] : [])),
      )
    ).map(row => [encodeBase64url(row.ref), row]),
  )
  const taken = new Map<string, { ref: Buffer }>(
    (
      await diplomasByNumber(
        tx,
        prepared.map(one => one.row.numberIndex),
      )
    ).map(row => [row.numberIndex.toString('hex'), row]),
  )
  const marks: ItemMark[] = [...rejected]
  const registered: PreparedDiploma[] = []
  const ended: { old: DiplomaRow; by: PreparedDiploma; committed: CommittedReason }[] = []
  for (const one of prepared) {
    if (!open.has(one.item.seq)) continue
    const old = one.shown.corrects ? corrected.get(one.shown.corrects) : undefined
    const other = taken.get(one.row.numberIndex.toString('hex'))
    if (one.shown.corrects && (!old || old.endedAs !== null))
      marks.push({ seq: one.item.seq, state: 'void', outcome: 'diploma.ended.conflict' })
    else if (!one.shown.corrects && other && !one.shown.duplicate)
      marks.push({ seq: one.item.seq, state: 'void', outcome: 'diploma.number.conflict' })
    else {
      const duplicateOf = one.shown.duplicate && other ? other.ref : null
      const current = { ...one, row: { ...one.row, duplicateOf } }
      if (!other && !old) taken.set(one.row.numberIndex.toString('hex'), current.row)
      registered.push(current)
      marks.push({ seq: one.item.seq, state: 'done', ref: one.row.ref })
      if (old) ended.push({ old, by: one, committed: commitReason(deps.cipher, `QUYET_DINH: ${one.shown.decision ?? ''}`) })
    }
  }
  const marked = await markItems(tx, requestId, 'approved', marks)
  await addProgress(tx, requestId, registered.length, marked - registered.length)
  if (registered.length === 0) return
  await endDiplomas(
    tx,
    ended.map(({ old, by }) => ({ ref: old.ref, endedAs: 'corrected', decision: by.shown.decision, successor: by.row.ref })),
  )
  const listEntries = await setStatuses(tx, [
    ...registered.map(({ row }) => ({ list: row.list, idx: row.idx, status: 0 as const })),
    ...ended.map(({ old }) => ({ list: old.list, idx: old.idx, status: 1 as const })),
  ])
  const endEntries = ended.map(({ old, by, committed }) => statusEntry(deps, old, 'diploma.corrected', committed, by.row.ref))
  const leaves = await appendEntries(tx, [...registered.map(one => one.entry), ...endEntries, ...listEntries])
  await insertDiplomas(
    tx,
    registered.map(({ row }, at) => ({ ...row, leafIndex: leaves[at]!.leafIndex })),
  )
  await storeReasons(
    tx,
    ended.map(({ committed }, at) => ({ leafIndex: leaves[registered.length + at]!.leafIndex, sealed: committed.sealed })),
  )
  await recordAudit(tx, {
    actor: 'system',
    action: 'diplomas.registered',
    agency: registered[0]!.row.issuerCode,
    subject: `request:${requestId}`,
    detail: { count: registered.length, lastLeaf: leaves[registered.length - 1]!.leafIndex },
    leafIndex: leaves[0]!.leafIndex,
  })
}
