import { isOnlyExpired } from './isOnlyExpired.ts'
import type { Report } from './report.ts'

/** What a report on what was taken for a diploma comes to; `copy`: the diploma is genuine and in force, the file is not the one that was issued; `card`: it is none, whatever its state. */
export type ReportOutcome = 'match' | 'copy' | 'revoked' | 'suspended' | 'expired' | 'forged' | 'undetermined' | 'card'

/** The one word for a report, with or without a file. */
export function outcomeOf({ credential, verdict, checks }: Pick<Report, 'credential' | 'verdict' | 'checks'>): ReportOutcome {
  if (credential?.kind === 'card') return 'card'
  if (verdict === 'valid') return 'match'
  if (checks.some(check => check.code === 'status.revoked')) return 'revoked'
  if (checks.some(check => check.code === 'status.suspended')) return 'suspended'
  if (isOnlyExpired(checks)) return 'expired'
  if (verdict === 'invalid') return 'forged'
  // Under `standard` an anchor that cannot be had does not count, any contradiction does.
  const open = checks.filter(check => check.outcome === 'contradicted' || (check.outcome === 'unavailable' && check.name !== 'anchor'))
  return open.length === 1 && open[0]!.code === 'document.copy' ? 'copy' : 'undetermined'
}
