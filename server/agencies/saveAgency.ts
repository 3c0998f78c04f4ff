import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { lockAgencies, setParents, upsertAgencies } from './agenciesTable.ts'
import type { AgencyTree } from './agencyTree.ts'

export interface AgencyToSave {
  code: AgencyCode
  oldCode: string
  nameVi: string
  nameEn: string
  parent: AgencyCode | null
}

/** Adds or changes one agency; a new parent counts from now, the one before stays on record. Throws `agency.conflict` for a parent that is missing, ended, or below the agency. */
export async function saveAgency(
  deps: { pool: Pool; agencies: AgencyTree; clock: () => number },
  actor: { sub: string; name: string },
  agency: AgencyToSave,
): Promise<void> {
  const from = new Date(deps.clock() * 1000)
  await inTransaction(deps.pool, async tx => {
    await lockAgencies(tx)
    await deps.agencies.refresh(tx)
    const { code, parent } = agency
    if (parent !== null) {
      const above = deps.agencies.get(parent)
      if (!above || above.validTo !== null) throw new AppError('agency.conflict', 'The parent agency does not exist or has ended')
      if (deps.agencies.inSubtree(parent, code)) throw new AppError('agency.conflict', 'The parent agency stands below this agency')
    }
    const current = deps.agencies.get(code)?.parents.find(one => one.to === null)?.code ?? null
    await upsertAgencies(tx, [{ code, nameVi: agency.nameVi, oldCode: agency.oldCode || null, nameEn: agency.nameEn || null }], from)
    if (current !== parent) await setParents(tx, [{ code, parent }], from)
    await recordAudit(tx, { actor, action: 'agency.saved', agency: code, subject: `agency:${code}`, detail: { parent } })
  })
  await deps.agencies.refresh(deps.pool)
}
