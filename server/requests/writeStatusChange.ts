import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import type { Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { appendEntries } from '../log/appendEntries.ts'
import { type StatusChange, setStatuses } from '../status-lists/setStatuses.ts'
import { commitReason } from './reasons.ts'
import { storeReasons } from './reasonsTable.ts'
import { type StatusEntryType, statusEntry } from './statusEntry.ts'

/** A change of status of some credentials, and who made it why. */
export interface CredentialChange<Row> {
  readonly type: StatusEntryType
  readonly status: StatusChange['status']
  readonly actor: AuditActor
  readonly reasonCode: string
  /** What the maker wrote; may be empty. */
  readonly reason: string
  /** Whose audit a credential is in, and its name there. */
  audited(row: Row): { agency: string; subject: string }
}

/**
 * Writes all of a change of status but the credentials' own rows, which the caller has locked and changed: bits, entries, reasons, audit.
 * The log's head is the last lock.
 */
export async function writeStatusChange<Row extends { ref: Buffer; issuerCode: string; list: number; idx: number }>(
  deps: { cipher: FieldCipher; isRestricted: (agency: AgencyCode) => boolean },
  tx: Tx,
  rows: readonly Row[],
  { type, status, actor, reasonCode, reason, audited }: CredentialChange<Row>,
): Promise<void> {
  const listEntries = await setStatuses(
    tx,
    rows.map(({ list, idx }) => ({ list, idx, status })),
  )
  const committed = rows.map(() => commitReason(deps.cipher, `${reasonCode}: ${reason}`))
  const entries = rows.map((row, at) => statusEntry(deps, row, type, committed[at]!))
  const leaves = await appendEntries(tx, [...entries, ...listEntries])
  await storeReasons(
    tx,
    committed.map(({ sealed }, at) => ({ leafIndex: leaves[at]!.leafIndex, sealed })),
  )
  await recordAudit(
    tx,
    rows.map((row, at) => ({ actor, action: type, ...audited(row), detail: { reasonCode }, leafIndex: leaves[at]!.leafIndex })),
  )
}
