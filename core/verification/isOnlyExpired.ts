import type { Check } from './report.ts'

/** Whether nothing speaks against a credential but that its last day is over. */
export function isOnlyExpired(checks: readonly Check[]): boolean {
  const failed = checks.filter(check => check.outcome === 'failed')
  return failed.length === 1 && failed[0]!.code === 'validity.expired'
}
