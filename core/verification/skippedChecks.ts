import type { Check, CheckName } from './report.ts'

const afterFormat = ['signature', 'issuer', 'validity', 'status', 'document', 'log', 'anchor', 'photo'] as const
type Skippable = (typeof afterFormat)[number]

/** The checks from `from` on, none of them made: after a failed format or signature (formats 8). */
export function skippedChecks(from: Skippable): Check[] {
  return afterFormat.slice(afterFormat.indexOf(from)).map(skippedCheck)
}

/** One check that was not reached. */
export function skippedCheck(name: Skippable): Check {
  return { name: name satisfies CheckName, outcome: 'unavailable', code: `${name}.skipped`, detail: '' }
}
