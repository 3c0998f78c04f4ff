import type { Check, CheckName, Verdict } from './report.ts'

export const policyNames = ['standard', 'strict'] as const
export type PolicyName = (typeof policyNames)[number]

type Kind = 'card' | 'diploma'
const base = ['format', 'signature', 'issuer', 'validity', 'status'] as const

/** The checks a policy requires of each kind (formats 8); `document` is required besides whenever a file is given. */
const required: Record<PolicyName, Record<Kind, ReadonlySet<CheckName>>> = {
  standard: { card: new Set(base), diploma: new Set([...base, 'log'] as const) },
  strict: { card: new Set([...base, 'log', 'anchor'] as const), diploma: new Set([...base, 'log', 'anchor'] as const) },
}

/** Whether a policy needs this check to pass for a verdict of `valid`. */
export function requires(policy: PolicyName, kind: Kind, check: CheckName): boolean {
  return required[policy][kind].has(check)
}

/**
 * The verdict of nine checks: any failed check is `invalid`; a required check that is unavailable, or anything
 * contradicted, is `undetermined`; else `valid` (formats 8).
 */
export function decide(policy: PolicyName, kind: Kind, checks: readonly Check[]): Verdict {
  const needed = required[policy][kind]
  let verdict: Verdict = 'valid'
  for (const { name, outcome } of checks) {
    if (outcome === 'failed') return 'invalid'
    if (outcome === 'contradicted') verdict = 'undetermined'
    // `document` is not-applicable when no file is given, so an unavailable one is always a required one.
    if (outcome === 'unavailable' && (needed.has(name) || name === 'document')) verdict = 'undetermined'
  }
  return verdict
}
