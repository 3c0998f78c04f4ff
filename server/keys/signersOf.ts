import type { AgencyCode } from '../../core/identity/agencyCode.ts'

/** What finding who may sign needs of an agency tree. */
export interface SigningTree {
  ancestors(code: string, at?: number): AgencyCode[]
  get(code: string): { validFrom: Date; validTo: Date | null; successor: { code: AgencyCode; from: Date } | null } | undefined
}

const maxAgencies = 64

/** The agency, those above it nearest first, then its successors in turn (formats 1: never mixed). */
export function signersOf(tree: SigningTree, agency: AgencyCode, at: number): AgencyCode[] {
  const codes = [agency, ...tree.ancestors(agency, at)]
  for (let next = tree.get(agency)?.successor; next && next.from.getTime() / 1000 <= at; next = tree.get(next.code)?.successor) {
    if (codes.includes(next.code) || codes.length > maxAgencies) break
    codes.push(next.code)
  }
  return codes
}
