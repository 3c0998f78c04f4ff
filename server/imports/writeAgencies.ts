import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { readAgencies, setParents, upsertAgencies } from '../agencies/agenciesTable.ts'
import type { AgencyChange } from '../agencies/agencyChange.ts'
import { type AgencyStates, agencyStates } from '../agencies/agencyState.ts'
import { draftAgencyRequest } from '../agencies/requestAgencyChanges.ts'
import type { Tx } from '../db/transaction.ts'
import type { AgencyValues } from './agencyRow.ts'
import type { ImportDeps } from './importDeps.ts'
import { readRowsToWrite } from './importRowsTable.ts'
import type { ImportRow } from './importsTable.ts'
import { openRow } from './rowContent.ts'

const batchSize = 1000

/**
 * Asks a second administrator for what a previewed sheet of agencies would change, and answers how many agencies that are and in which
 * request. The first sheet of an installation, whose maker's own agency is not on record yet, is written at once: nobody else could decide.
 * @throws agency.conflict
 */
export async function writeAgencies(deps: ImportDeps, tx: Tx, row: ImportRow): Promise<{ agencies: number; requestId?: string }> {
  const rows: AgencyValues[] = []
  for (let after = 0; ; ) {
    const page = await readRowsToWrite(tx, row.id, after, batchSize)
    rows.push(...page.map(one => openRow<AgencyValues>(deps.cipher, one.sealed).values))
    if (page.length < batchSize) break
    after = page.at(-1)!.seq
  }
  if (rows.length === 0) return { agencies: 0 }
  const scope = row.agencyCode as AgencyCode
  const states = agencyStates(await readAgencies(tx))
  if (states.has(scope)) {
    const maker = { sub: row.maker, name: row.makerName }
    return {
      agencies: rows.length,
      requestId: await draftAgencyRequest(tx, deps.cipher, { maker, scope, changes: changesOf(rows, states) }),
    }
  }
  const from = new Date(deps.clock() * 1000)
  await upsertAgencies(
    tx,
    rows.map(values => ({ ...values, oldCode: values.oldCode || null, nameEn: values.nameEn || null })),
    from,
  )
  await setParents(
    tx,
    rows.map(({ code, parent }) => ({ code, parent: parent || null })),
    from,
  )
  return { agencies: rows.length }
}

/** What rows come to beside the agencies on record: parents are added before their children, and places change last. */
function changesOf(rows: readonly AgencyValues[], states: AgencyStates): AgencyChange[] {
  const added = new Map(rows.filter(({ code }) => !states.has(code)).map(values => [values.code, values]))
  const adds: AgencyChange[] = []
  const add = ({ code, parent, nameVi, oldCode = '', nameEn = '' }: AgencyValues): void => {
    if (!parent || !added.delete(code)) return
    const above = added.get(parent)
    if (above) add(above)
    adds.push({ action: 'add', code, parent, profile: { oldCode, nameVi, nameEn, restricted: false, coverage: [] } })
  }
  const changes: AgencyChange[] = []
  const moves: AgencyChange[] = []
  for (const values of rows) {
    const state = states.get(values.code)
    if (!state) {
      add(values)
      continue
    }
    const { profile } = state
    const { code, parent, nameVi, oldCode = profile.oldCode, nameEn = profile.nameEn } = values
    if (profile.nameVi !== nameVi || profile.nameEn !== nameEn || profile.oldCode !== oldCode)
      changes.push({ action: 'change', code, profile: { ...profile, oldCode, nameVi, nameEn } })
    if (parent && parent !== state.parent) moves.push({ action: 'move', code, parent })
  }
  return [...adds, ...changes, ...moves]
}
