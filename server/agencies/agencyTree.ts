import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { Db } from '../db/transaction.ts'
import { type AgencyRow, readAgencies, readAgencyRevision } from './agenciesTable.ts'

/** All agencies in memory, with the history of their parents. Times are Unix seconds; without one, now. */
export interface AgencyTree {
  /** Whether `code` is `ancestor` or stood below it at that time, by the parents on record and never by prefix. */
  inSubtree(code: string, ancestor: string, at?: number): boolean
  /** The agencies above, nearest first. */
  ancestors(code: string, at?: number): AgencyCode[]
  /** `ancestor` and all now below it, in order of their codes. */
  subtree(ancestor: string): AgencyCode[]
  /** Direct children now, in order of their codes. */
  children(code: string): AgencyCode[]
  get(code: string): AgencyRow | undefined
  /** By the older code of QCVN 102:2016, when exactly one agency has it. */
  byOldCode(oldCode: string): AgencyRow | undefined
  all(): readonly AgencyRow[]
  /** Loads again when anything changed since; cheap when nothing did. */
  refresh(db: Db): Promise<void>
}

const maxDepth = 32

/** The tree as the database holds it now. */
export async function loadAgencyTree(db: Db): Promise<AgencyTree> {
  let revision = -1
  let rows: AgencyRow[] = []
  let byCode = new Map<string, AgencyRow>()
  let byOldCode = new Map<string, AgencyRow | null>()
  let children = new Map<string, AgencyCode[]>()

  const refresh = async (from: Db): Promise<void> => {
    const current = await readAgencyRevision(from)
    if (current === revision) return
    rows = await readAgencies(from)
    revision = current
    byCode = new Map(rows.map(row => [row.code, row]))
    byOldCode = new Map()
    children = new Map()
    const now = Date.now() / 1000
    for (const row of rows) {
      if (row.oldCode) byOldCode.set(row.oldCode, byOldCode.has(row.oldCode) ? null : row)
      const parent = parentOf(row.code, now)
      if (parent) children.set(parent, [...(children.get(parent) ?? []), row.code])
    }
  }

  const parentOf = (code: string, at: number): AgencyCode | undefined =>
    byCode.get(code)?.parents.find(parent => seconds(parent.from) <= at && (parent.to === null || at < seconds(parent.to)))?.code

  const ancestors = (code: string, at = Date.now() / 1000): AgencyCode[] => {
    const found: AgencyCode[] = []
    for (let next = parentOf(code, at); next && found.length < maxDepth && !found.includes(next); next = parentOf(next, at))
      found.push(next)
    return found
  }

  const subtree = (ancestor: string): AgencyCode[] => {
    const found = new Set<AgencyCode>()
    const visit = (code: AgencyCode): void => {
      if (found.has(code)) return
      found.add(code)
      for (const child of children.get(code) ?? []) visit(child)
    }
    visit(ancestor as AgencyCode)
    return [...found].sort()
  }

  await refresh(db)
  return {
    inSubtree: (code, ancestor, at) => code === ancestor || ancestors(code, at).includes(ancestor as AgencyCode),
    ancestors,
    subtree,
    children: code => [...(children.get(code) ?? [])].sort(),
    get: code => byCode.get(code),
    byOldCode: oldCode => byOldCode.get(oldCode) ?? undefined,
    all: () => rows,
    refresh,
  }
}

function seconds(date: Date): number {
  return date.getTime() / 1000
}
