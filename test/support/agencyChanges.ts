import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { AgencyChange } from '../../server/agencies/agencyChange.ts'
import type { AgencyProfile } from '../../server/agencies/agencyState.ts'
import { type AgencyChangeDeps, applyAgencyChanges } from '../../server/agencies/applyAgencyChanges.ts'
import { requestAgencyChanges } from '../../server/agencies/requestAgencyChanges.ts'
import { approveRequest } from '../../server/requests/decideRequest.ts'
import type { Selection } from '../../server/requests/decisionsTable.ts'
import { pendingDigest, type RequestRow, requestById } from '../../server/requests/requestsTable.ts'
import type { Actor } from '../../server/staff/actor.ts'

/** An administrator of an agency, who has just signed in. */
export function adminOf(agency: string, sub: string): Actor {
  return {
    kind: 'person',
    sub,
    name: `Quản trị ${sub}`,
    roles: new Set(['admin']),
    scopes: new Set(),
    agency: agency as AgencyCode,
    steppedUpAt: Date.now() / 1000,
  }
}

export function profileOf(nameVi: string, more: Partial<AgencyProfile> = {}): AgencyProfile {
  return { oldCode: '', nameVi, nameEn: '', restricted: false, coverage: [], ...more }
}

/** Approves a pending request as another administrator. */
export async function approveAs(deps: AgencyChangeDeps, id: string, sub: string, selection: Selection = 'all') {
  const request = (await requestById(deps.pool, id))!
  const claimsDigest = await pendingDigest(deps.pool, id)
  return approveRequest(deps, { actor: adminOf(request.agencyCode, sub), id, claimsDigest, selection })
}

/** Asks for changes, approves them as a second person and carries them out; answers the request as it ended. */
export async function changeAgencies(deps: AgencyChangeDeps, scope: string, ...changes: AgencyChange[]): Promise<RequestRow> {
  const id = await requestAgencyChanges(deps, { maker: adminOf(scope, 'admin'), scope: scope as AgencyCode, changes })
  await approveAs(deps, id, 'admin2')
  await applyAgencyChanges(deps, id)
  return (await requestById(deps.pool, id))!
}
