import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { AgencyRow } from '../agencies/agenciesTable.ts'
import { type Finding, severityOf } from '../tables/finding.ts'
import type { MappedRow } from '../tables/mappedRows.ts'
import { type AgencyValues, readAgencyRow } from './agencyRow.ts'
import type { ImportDeps } from './importDeps.ts'
import { insertRows, type RowOutcome } from './importRowsTable.ts'
import { type RowContent, sealRow, storedCells } from './rowContent.ts'

interface Draft {
  outcome: RowOutcome | undefined
  content: RowContent<Partial<AgencyValues>>
  cells: MappedRow['cells']
}

/** Reads a sheet of agencies, judges parents among the sheet and the agencies on record together, and keeps what each row came to. */
export async function previewAgencies(
  deps: ImportDeps,
  input: { importId: string; rows: AsyncIterable<MappedRow>; agency: string },
): Promise<void> {
  const drafts: Draft[] = []
  const byCode = new Map<string, Draft>()
  for await (const { sheet, row, cells, map } of input.rows) {
    const { values, findings, refused } = readAgencyRow(cells, map)
    const draft: Draft = { outcome: refused ? 'refused' : undefined, content: { sheet, row, values, findings }, cells }
    drafts.push(draft)
    if (refused) continue
    const first = byCode.get(values.code!)
    if (!first) byCode.set(values.code!, draft)
    else if (JSON.stringify(first.content.values) === JSON.stringify(values)) {
      draft.outcome = 'repeated'
      findings.push({ code: 'import.repeated', column: 'ma', value: '', other: String(first.content.row) })
    } else refuse(draft, { code: 'import.duplicate', column: 'ma', value: values.code!, other: String(first.content.row) })
  }

  const parentOf = (code: string): string | undefined => {
    const drafted = byCode.get(code)?.content.values.parent
    return drafted !== undefined ? drafted || undefined : currentParent(deps.agencies.get(code))
  }
  const chainOf = (code: string): string[] => {
    const chain: string[] = []
    for (let next = parentOf(code); next && !chain.includes(next); next = parentOf(next)) chain.push(next)
    return chain
  }
  // Below the maker's agency before (where it is known) and after; that agency's own place is for those above it to change.
  const mayPlace = (code: AgencyCode, parent: AgencyCode | '' | undefined): boolean => {
    const known = deps.agencies.get(code)
    if (code === input.agency) return parent === undefined || parent === (currentParent(known) ?? '')
    return (!known || deps.agencies.inSubtree(code, input.agency)) && chainOf(code).includes(input.agency)
  }
  for (const draft of byCode.values()) {
    const { code, parent } = draft.content.values as AgencyValues
    if (parent && !byCode.has(parent) && !deps.agencies.get(parent))
      refuse(draft, { code: 'import.parent.unknown', column: 'ma_cha', value: parent })
    else if (parent && (parent === code || chainOf(code).includes(code)))
      refuse(draft, { code: 'import.parent.cycle', column: 'ma_cha', value: parent })
    else if (!mayPlace(code, parent)) {
      draft.outcome = 'foreign'
      draft.content.findings.push({ code: 'import.other-agency', column: 'ma', value: code, other: chainOf(code).at(-1) ?? code })
    }
  }

  const stored = drafts.map((draft, i) => {
    const { content } = draft
    const values = content.values as AgencyValues
    if (!draft.outcome) {
      const record = deps.agencies.get(values.code)
      const changes = record ? changesOf(record, values) : null
      draft.outcome = changes === null ? 'new' : Object.keys(changes).length > 0 ? 'changed' : 'unchanged'
      if (draft.outcome === 'changed') content.changes = changes!
    }
    if (draft.outcome === 'refused' || draft.outcome === 'foreign') content.cells = storedCells(draft.cells)
    const having = (severity: string) => content.findings.filter(finding => severityOf(finding.code) === severity).length
    return {
      seq: i + 1,
      outcome: draft.outcome,
      warnings: having('warning'),
      repairs: having('repaired'),
      photo: 'none' as const,
      agencyCode: values.code ?? null,
      personIndex: null,
      officerId: null,
      officerVersion: null,
      sealed: sealRow(deps.cipher, content),
    }
  })
  for (let at = 0; at < stored.length; at += 1000) await insertRows(deps.pool, input.importId, stored.slice(at, at + 1000))
}

function refuse(draft: Draft, finding: Finding): void {
  draft.outcome = 'refused'
  draft.content.findings.push(finding)
}

function currentParent(row: AgencyRow | undefined): AgencyCode | undefined {
  return row?.parents.find(parent => parent.to === null)?.code
}

function changesOf(record: AgencyRow, values: AgencyValues): Record<string, [string, string]> {
  const before = { nameVi: record.nameVi, nameEn: record.nameEn ?? '', oldCode: record.oldCode ?? '', parent: currentParent(record) ?? '' }
  const changes: Record<string, [string, string]> = {}
  for (const [field, old] of Object.entries(before)) {
    const now = values[field as keyof typeof before]
    if (now !== undefined && now !== old) changes[field] = [old, now]
  }
  return changes
}
