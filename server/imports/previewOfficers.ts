import { hash } from 'node:crypto'
import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { personalNumberIndex } from '../keys/personalNumberIndex.ts'
import { openPrivate } from '../officers/officerPrivate.ts'
import { type OfficerRow as OfficerRecord, readOfficersByNumber } from '../officers/officersTable.ts'
import type { PhotoOwner } from '../photos/matchPhotos.ts'
import type { TableKind } from '../tables/cell.ts'
import { type Finding, severityOf } from '../tables/finding.ts'
import type { MappedRow } from '../tables/mappedRows.ts'
import type { ImportDeps } from './importDeps.ts'
import { insertRows, type RowOutcome, type RowPhoto, type StoredRow } from './importRowsTable.ts'
import { type OfficerValues, readOfficerRow } from './officerRow.ts'
import { type RowContent, sealRow, storedCells } from './rowContent.ts'

const batchSize = 1000

/** Reads every row, compares it with what is on record, and keeps what it came to. Memory holds one batch and one short note a person. */
export async function previewOfficers(
  deps: ImportDeps,
  input: {
    importId: string
    rows: AsyncIterable<MappedRow>
    kind: TableKind
    /** Agencies that the maker may write to. */
    scope: ReadonlySet<string>
    keepOwners: boolean
    onProgress: (rows: number) => Promise<void>
  },
): Promise<{ owners: PhotoOwner<number>[]; numbers: ReadonlySet<string> }> {
  const today = vietnamDay(deps.clock())
  const firstRow = new Map<string, { where: string; digest: string }>()
  const firstSoHieu = new Map<string, string>()
  const owners: PhotoOwner<number>[] = []
  let firstSheet: string | undefined
  let seq = 0
  let batch: Draft[] = []

  const keep = async (drafts: readonly Draft[]): Promise<void> => {
    const known = new Map<string, OfficerRecord>()
    const indices = drafts.flatMap(draft => draft.index ?? [])
    for (const record of await readOfficersByNumber(deps.pool, indices)) known.set(record.personalNumberIndex.toString('base64'), record)
    const stored = drafts.map(draft => settle(deps, draft, known.get(draft.index?.toString('base64') ?? ''), input.scope))
    await insertRows(deps.pool, input.importId, stored)
    if (input.keepOwners) {
      for (const [i, row] of stored.entries()) {
        if (row.outcome !== 'new' && row.outcome !== 'changed' && row.outcome !== 'unchanged') continue
        const { personalNumber, fullName, photoFile } = drafts[i]!.content.values as OfficerValues
        owners.push({ key: row.seq, personalNumber, fullName, ...(photoFile ? { photoFile } : {}) })
      }
    }
    await input.onProgress(drafts.at(-1)!.seq)
  }
  // The database keeps one batch while the next one is parsed.
  let keeping = Promise.resolve()
  const flush = async (): Promise<void> => {
    const drafts = batch
    batch = []
    await keeping
    keeping = keep(drafts)
    keeping.catch(() => {}) // heard at the next await
  }

  for await (const { sheet, row, cells, map } of input.rows) {
    const read = readOfficerRow(cells, map, { kind: input.kind, agencies: deps.agencies, today })
    const { values, findings } = read
    firstSheet ??= sheet
    const where = sheet === firstSheet ? String(row) : `${sheet}!${row}`
    let outcome: RowOutcome | undefined = read.refused ? 'refused' : undefined
    if (!outcome) {
      const digest = hash('sha256', JSON.stringify(values), 'base64')
      const first = firstRow.get(values.personalNumber!)
      if (!first) firstRow.set(values.personalNumber!, { where, digest })
      else if (first.digest === digest) {
        outcome = 'repeated'
        findings.push({ code: 'import.repeated', column: 'so_dinh_danh', value: '', other: first.where })
      } else {
        outcome = 'refused'
        findings.push({ code: 'import.duplicate', column: 'so_dinh_danh', value: values.personalNumber!, other: first.where })
      }
    }
    if (!outcome && values.soHieu) {
      const earlier = firstSoHieu.get(values.soHieu)
      if (earlier) findings.push({ code: 'import.number-shared', column: 'so_hieu', value: values.soHieu, other: earlier })
      else firstSoHieu.set(values.soHieu, where)
    }
    batch.push({
      seq: ++seq,
      outcome,
      index: values.personalNumber ? personalNumberIndex(deps.cipher, values.personalNumber) : null,
      content: { sheet, row, values, findings },
      cells,
    })
    if (batch.length === batchSize) await flush()
  }
  if (batch.length > 0) await flush()
  await keeping
  return { owners, numbers: new Set(firstRow.keys()) }
}

interface Draft {
  seq: number
  outcome: RowOutcome | undefined
  index: Buffer | null
  content: RowContent<Partial<OfficerValues>>
  cells: MappedRow['cells']
}

function settle(deps: ImportDeps, draft: Draft, record: OfficerRecord | undefined, scope: ReadonlySet<string>): StoredRow {
  const { content } = draft
  const { values, findings } = content
  let outcome = draft.outcome
  let photo: RowPhoto = 'none'
  if (!outcome) {
    const outside = outsideOf(deps, values.agency!, record, scope)
    if (outside) {
      outcome = 'foreign'
      findings.push(outside)
    } else {
      const changes = record ? changesOf(deps, record, values as OfficerValues) : null
      outcome = changes === null ? 'new' : Object.keys(changes).length > 0 ? 'changed' : 'unchanged'
      if (outcome === 'changed') content.changes = changes!
      photo = record?.photoDigest ? 'kept' : 'missing'
    }
  }
  const warnings = findings.filter(finding => severityOf(finding.code) === 'warning').length
  if (outcome === 'refused' || outcome === 'foreign' || warnings > 0) content.cells = storedCells(draft.cells)
  return {
    seq: draft.seq,
    outcome,
    warnings,
    repairs: findings.filter(finding => severityOf(finding.code) === 'repaired').length,
    photo,
    agencyCode: values.agency ?? null,
    personIndex: draft.index,
    officerId: outcome === 'foreign' ? null : (record?.id ?? null),
    officerVersion: record?.version ?? null,
    sealed: sealRow(deps.cipher, content),
  }
}

function outsideOf(deps: ImportDeps, agency: AgencyCode, record: OfficerRecord | undefined, scope: ReadonlySet<string>): Finding | null {
  const foreign = !scope.has(agency) ? agency : record && !scope.has(record.agencyCode) ? record.agencyCode : null
  if (foreign === null) return null
  return { code: 'import.other-agency', column: 'ma_don_vi', value: agency, other: deps.agencies.get(foreign)?.nameVi ?? foreign }
}

/** Field -> [before, after]; fields that the sheet has no column for stay. */
function changesOf(deps: ImportDeps, record: OfficerRecord, values: OfficerValues): Record<string, [string, string]> {
  const secret = openPrivate(deps.cipher, record.private)
  const before: Record<string, string> = {
    fullName: record.fullName,
    birthDate: secret.birthDate,
    gender: secret.gender,
    agency: record.agencyCode,
    category: record.category,
    position: record.position,
    title: record.title,
    maNgach: secret.maNgach ?? '',
    soHieu: secret.soHieu ?? '',
    email: secret.email ?? '',
    contractEnd: secret.contractEnd ?? '',
  }
  const changes: Record<string, [string, string]> = {}
  for (const [field, old] of Object.entries(before)) {
    const now = values[field as keyof OfficerValues]
    if (now !== undefined && now !== old) changes[field] = [old, now]
  }
  if (record.leftAt) changes.left = [record.leftAt.toISOString().slice(0, 10), '']
  return changes
}
