import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { endAgency, lockAgencies } from './agenciesTable.ts'
import type { AgencyTree } from './agencyTree.ts'

/** Ends an agency now. What it issued stays verifiable; the successor, and its superiors, may act for it. Throws `agency.not-found`, `agency.conflict`. */
export async function dissolveAgency(
  deps: { pool: Pool; agencies: AgencyTree; clock: () => number },
  actor: { sub: string; name: string },
  code: AgencyCode,
  successor: AgencyCode | null,
): Promise<void> {
  await inTransaction(deps.pool, async tx => {
    await lockAgencies(tx)
    await deps.agencies.refresh(tx)
    if (!deps.agencies.get(code)) throw new AppError('agency.not-found')
    if (successor !== null) {
      const next = deps.agencies.get(successor)
      if (!next || next.validTo !== null || successor === code)
        throw new AppError('agency.conflict', 'The successor does not exist or has ended')
    }
    if (!(await endAgency(tx, code, new Date(deps.clock() * 1000), successor)))
      throw new AppError('agency.conflict', 'The agency has already ended')
    await recordAudit(tx, { actor, action: 'agency.dissolved', agency: code, subject: `agency:${code}`, detail: { successor } })
  })
  await deps.agencies.refresh(deps.pool)
}
