import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { AgencyRow } from './agenciesTable.ts'
import type { CoveragePart } from './coverage.ts'

/** What an agency says of itself; '' where it says nothing. */
export interface AgencyProfile {
  oldCode: string
  nameVi: string
  nameEn: string
  restricted: boolean
  coverage: readonly CoveragePart[]
}

/** An agency as it stands now. */
export interface AgencyState {
  profile: AgencyProfile
  parent: AgencyCode | null
  hasEnded: boolean
  /** Whether the trust list calls it restricted already. */
  isServedRestricted: boolean
}

export type AgencyStates = ReadonlyMap<AgencyCode, AgencyState>

/** The states of all agencies, by code. */
export function agencyStates(rows: readonly AgencyRow[]): Map<AgencyCode, AgencyState> {
  return new Map(rows.map(row => [row.code, agencyState(row)]))
}

export function agencyState(row: AgencyRow): AgencyState {
  return {
    profile: {
      oldCode: row.oldCode ?? '',
      nameVi: row.nameVi,
      nameEn: row.nameEn ?? '',
      restricted: row.restricted,
      coverage: row.coverage,
    },
    parent: row.parents.find(parent => parent.to === null)?.code ?? null,
    hasEnded: row.validTo !== null,
    isServedRestricted: row.restrictedServedAt !== null,
  }
}

/** `code` and the agencies above it, nearest first. */
export function chainOf(states: AgencyStates, code: AgencyCode): AgencyCode[] {
  const chain: AgencyCode[] = []
  for (let next: AgencyCode | null = code; next !== null && !chain.includes(next); next = states.get(next)?.parent ?? null) chain.push(next)
  return chain
}
