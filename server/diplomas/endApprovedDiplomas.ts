import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { appendEntries } from '../log/appendEntries.ts'
import { changeSubjects } from '../requests/changeSubjects.ts'
import { commitReason, storeReasons } from '../requests/reasons.ts'
import { setStatuses } from '../status-lists/setStatuses.ts'
import { endDiplomas } from './diplomasTable.ts'
import { endEntry } from './endEntry.ts'
import { lockInForce } from './lockInForce.ts'
import type { RegisterDeps } from './registerDiplomas.ts'

/** Ends the approved diplomas of a request, 500 at a time; safe to run again. */
export async function endApprovedDiplomas(deps: Pick<RegisterDeps, 'pool' | 'cipher' | 'isRestricted'>, requestId: string): Promise<void> {
  await changeSubjects(deps, requestId, {
    otherwise: 'diploma.ended.conflict',
    lock: lockInForce,
    async write(tx, rows, request) {
      const { reasonCode, decision } = request.detail
      const reason = `${String(reasonCode)}: ${request.reason ? deps.cipher.open(request.reason).toString('utf8') : ''}`
      const endedAs = reasonCode === 'NHAP_SAI' ? 'error' : 'ended'
      await endDiplomas(
        tx,
        rows.map(row => ({ ref: row.ref, endedAs, decision: String(decision ?? '') })),
      )
      const listEntries = await setStatuses(
        tx,
        rows.map(row => ({ list: row.list, idx: row.idx, status: 1 as const })),
      )
      const committed = rows.map(() => commitReason(deps.cipher, reason))
      const endEntries = rows.map((row, at) => endEntry(deps, row, 'diploma.ended', committed[at]!))
      const leaves = await appendEntries(tx, [...endEntries, ...listEntries])
      await storeReasons(
        tx,
        committed.map(({ sealed }, at) => ({ leafIndex: leaves[at]!.leafIndex, sealed })),
      )
      await recordAudit(
        tx,
        rows.map((row, at) => ({
          actor: { sub: request.approver!, name: request.approverName! },
          action: 'diploma.ended',
          agency: row.issuerCode,
          subject: `diploma:${encodeBase64url(row.ref)}`,
          detail: { reasonCode },
          leafIndex: leaves[at]!.leafIndex,
        })),
      )
    },
  })
}
