import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { changeSubjects } from '../requests/changeSubjects.ts'
import { setHolders } from './diplomasTable.ts'
import { lockInForce } from './lockInForce.ts'
import type { DiplomaDeps } from './requestDiplomas.ts'
import { sealedHolder } from './sealedHolder.ts'
import type { ShownDiploma } from './shownDiploma.ts'

/**
 * Writes whose the approved diplomas of a request are, 500 at a time; safe to run again. The credential stays as it is, so the log says
 * nothing of it.
 */
export async function nameHolders(deps: DiplomaDeps, requestId: string): Promise<void> {
  await changeSubjects(deps, requestId, {
    otherwise: 'diploma.ended.conflict',
    lock: lockInForce,
    async write(tx, rows, request, claimsOf) {
      const named = rows.map(row => {
        const { holderNumber } = claimsOf(row) as Pick<ShownDiploma, 'holderNumber'>
        return { ref: row.ref, issuerCode: row.issuerCode, ...sealedHolder(deps.cipher, holderNumber) }
      })
      await setHolders(tx, named)
      await recordAudit(
        tx,
        named.map(({ ref, issuerCode, holderNumber }) => ({
          actor: { sub: request.approver!, name: request.approverName! },
          action: holderNumber ? 'diploma.holder-named' : 'diploma.holder-removed',
          agency: issuerCode,
          subject: `diploma:${encodeBase64url(ref)}`,
        })),
      )
    },
  })
}
