import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { changeSubjects } from '../requests/changeSubjects.ts'
import { writeStatusChange } from '../requests/writeStatusChange.ts'
import { endDiplomas } from './diplomasTable.ts'
import { lockInForce } from './lockInForce.ts'
import type { RegisterDeps } from './registerDiplomas.ts'

/** Ends the approved diplomas of a request, 500 at a time; safe to run again. */
export async function endApprovedDiplomas(deps: Pick<RegisterDeps, 'pool' | 'cipher' | 'isRestricted'>, requestId: string): Promise<void> {
  await changeSubjects(deps, requestId, {
    otherwise: 'diploma.ended.conflict',
    lock: lockInForce,
    async write(tx, rows, request) {
      const { reasonCode, decision } = request.detail
      const endedAs = reasonCode === 'NHAP_SAI' ? 'error' : 'ended'
      await endDiplomas(
        tx,
        rows.map(row => ({ ref: row.ref, endedAs, decision: String(decision ?? '') })),
      )
      await writeStatusChange(deps, tx, rows, {
        type: 'diploma.ended',
        status: 1,
        actor: { sub: request.approver!, name: request.approverName! },
        reasonCode: String(reasonCode),
        reason: request.reason ? deps.cipher.open(request.reason).toString('utf8') : '',
        audited: row => ({ agency: row.issuerCode, subject: `diploma:${encodeBase64url(row.ref)}` }),
      })
    },
  })
}
