import type { Pool } from 'pg'
import { outcomeOf as outcomeOfReport } from '../../core/verification/outcomeOf.ts'
import type { Report } from '../../core/verification/report.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { compareFields, type FieldMatch, sameDate, type TypedFields } from './compareFields.ts'
import type { Verify } from './createVerifier.ts'
import { limitMisses, missesByAddress } from './limitMisses.ts'

/** A registered diploma as far as a look-up needs it. */
export interface RegisteredDiploma {
  readonly sealed: Uint8Array
  readonly birthDate: string | undefined
  readonly endedAs: 'ended' | 'replaced' | 'error' | 'corrected' | null
  /** Number and date of the decision that ended or corrected it. */
  readonly decision: string | null
  /** The diploma that took its place. */
  readonly successor: Uint8Array | null
}

export interface LookUpDeps {
  pool: Pool
  cipher: FieldCipher
  verify: Verify
  /** Seconds. */
  clock: () => number
  /** Diplomas of an issuer with that number or register number, those in force first. */
  diplomasByNumber: (agency: string, soHieu: string) => Promise<readonly RegisteredDiploma[]>
  diplomaByRef: (ref: Uint8Array) => Promise<RegisteredDiploma | null>
}

export interface TypedDiploma extends TypedFields {
  readonly agency: string
  readonly soHieu: string
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
  readonly ngaySinh: string
  /** The file that came with the numbers, when it is known: only the registered one is more than a copy. */
  readonly document?: { readonly sha256: Uint8Array } | undefined
}

export type LookUpOutcome = 'match' | 'copy' | 'partial' | 'corrected' | 'revoked' | 'suspended' | 'expired' | 'undetermined'

/** What is known of a typed diploma: which fields match, and, for those who may see it, the report on the diploma that counts. */
export interface LookUp {
  readonly outcome: LookUpOutcome
  readonly fields: Readonly<Record<string, FieldMatch>>
  readonly decision: string | null
  readonly report: Report
  /** The report on the diploma that took the place of a corrected one. */
  readonly successor: Report | null
}

/** Misses a day for one number. */
const missesByNumber = 5

/**
 * Looks a diploma up by what is printed on it. All three of issuer, number and birth date must be right to hear anything; null for
 * every kind of miss. `asker` is the address that misses are counted by; undefined for signed-in checkers, whose look-ups the caller
 * records. Throws `limit.lookups`, from then on for right answers too.
 */
export async function lookUpDiploma(deps: LookUpDeps, typed: TypedDiploma, asker: string | undefined): Promise<LookUp | null> {
  const { cipher } = deps
  const number = JSON.stringify([typed.agency, typed.soHieu.trim().toUpperCase()])
  const limits = [{ key: cipher.index('lookup-number', number), most: missesByNumber }]
  if (asker !== undefined) limits.push({ key: cipher.index('lookup-address', asker), most: missesByAddress })
  const found = await limitMisses(deps, limits, async () => {
    const candidates = await deps.diplomasByNumber(typed.agency, typed.soHieu)
    return candidates.find(each => each.birthDate !== undefined && sameDate(typed.ngaySinh, each.birthDate) !== 'differs') ?? null
  })
  return found && judge(deps, typed, found)
}

async function judge(deps: LookUpDeps, typed: TypedDiploma, found: RegisteredDiploma): Promise<LookUp> {
  const report = await deps.verify({ sealed: found.sealed, document: typed.document })
  const next = found.successor && (await deps.diplomaByRef(found.successor))
  const successor = next ? await deps.verify({ sealed: next.sealed }) : null
  const counted = successor?.credential ?? report.credential
  const fields: Record<string, FieldMatch> = {
    agency: 'match',
    soHieu: 'match',
    ngaySinh: sameDate(typed.ngaySinh, found.birthDate!),
    ...(counted?.kind === 'diploma' ? compareFields(typed, counted) : {}),
  }
  return { outcome: outcomeOf(found, report, fields), fields, decision: found.decision, report, successor }
}

function outcomeOf(found: RegisteredDiploma, report: Report, fields: Record<string, FieldMatch>): LookUpOutcome {
  if (found.endedAs === 'corrected') return 'corrected'
  if (found.endedAs !== null) return 'revoked'
  const outcome = outcomeOfReport(report)
  if (outcome === 'suspended' || outcome === 'revoked' || outcome === 'expired') return outcome
  if (outcome !== 'match' && outcome !== 'copy') return 'undetermined'
  return Object.values(fields).every(field => field === 'match') ? outcome : 'partial'
}
