import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { addProgress, closeRequest, itemsOf, markItems, requestById } from '../requests/requestsTable.ts'
import { endAgency, lockAgencies, readAgencies, setDisclosure, setParents, upsertAgencies } from './agenciesTable.ts'
import type { AgencyChange } from './agencyChange.ts'
import { type AgencyState, agencyStates } from './agencyState.ts'
import type { AgencyTree } from './agencyTree.ts'
import { judgeItem } from './judgeItem.ts'

export interface AgencyChangeDeps {
  pool: Pool
  cipher: FieldCipher
  agencies: AgencyTree
  /** Seconds. */
  clock: () => number
}

const actions = { add: 'agency.added', change: 'agency.changed', move: 'agency.moved', dissolve: 'agency.dissolved' } as const

/**
 * Carries out an approved request, all its items in one transaction; safe to run again at any point. An item whose agency is no longer as
 * it was shown is void. Verifiers learn of the changes from the next trust publication.
 */
export async function applyAgencyChanges(deps: AgencyChangeDeps, requestId: string): Promise<void> {
  const request = await requestById(deps.pool, requestId)
  if (!request) throw new AppError('request.not-found')
  const actor = { sub: request.approver!, name: request.approverName! }
  await inTransaction(deps.pool, async tx => {
    await lockAgencies(tx)
    // Read under the lock: whatever another run has done is no longer `approved`.
    const items = await itemsOf(tx, requestId, { state: 'approved', limit: 100_000 })
    const states = agencyStates(await readAgencies(tx))
    const changes: AgencyChange[] = []
    const marks = items.map(item => {
      const judged = judgeItem(deps.cipher, states, request.agencyCode as AgencyCode, item)
      if (typeof judged === 'string') return { seq: item.seq, state: 'void' as const, outcome: judged }
      changes.push(judged)
      return { seq: item.seq, state: 'done' as const }
    })
    await writeChanges(tx, changes, states, new Date(deps.clock() * 1000))
    await recordAudit(
      tx,
      changes.map(change => ({
        actor,
        action: actions[change.action],
        agency: change.code,
        subject: `agency:${change.code}`,
        detail: { request: requestId, ...detailOf(change) },
      })),
    )
    await markItems(tx, requestId, 'approved', marks)
    await addProgress(tx, requestId, changes.length, marks.length - changes.length)
  })
  await deps.agencies.refresh(deps.pool)
  await closeRequest(deps.pool, requestId)
}

async function writeChanges(
  tx: Tx,
  changes: readonly AgencyChange[],
  states: ReadonlyMap<AgencyCode, AgencyState>,
  from: Date,
): Promise<void> {
  const codesOf = (...wanted: AgencyChange['action'][]) => [
    ...new Set(changes.filter(change => wanted.includes(change.action)).map(change => change.code)),
  ]
  const described = codesOf('add', 'change').map(code => ({ code, ...states.get(code)!.profile }))
  await upsertAgencies(
    tx,
    described.map(({ code, nameVi, nameEn, oldCode }) => ({ code, nameVi, oldCode: oldCode || null, nameEn: nameEn || null })),
    from,
  )
  await setDisclosure(tx, described)
  await setParents(
    tx,
    codesOf('add', 'move').map(code => ({ code, parent: states.get(code)!.parent })),
    from,
  )
  for (const change of changes) {
    if (change.action !== 'dissolve') continue
    if (!(await endAgency(tx, change.code, from, change.successor))) throw new AppError('agency.conflict', 'The agency begins later')
  }
}

function detailOf(change: AgencyChange): Record<string, unknown> {
  if (change.action === 'dissolve') return { successor: change.successor }
  if (change.action === 'change') return { restricted: change.profile.restricted }
  return { parent: change.parent }
}
