import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { Actor, Role, Scope } from './actor.ts'

interface Rule {
  roles: readonly Role[]
  /** Scopes that grant it to a machine client; none means people only. */
  scopes: readonly Scope[]
  /** Needs a fresh proof of who acts. */
  stepUp?: true
}

const staff = ['maker', 'approver', 'printer', 'auditor', 'admin'] as const

/** The one table of who may do what. Every route names one of these permissions. */
export const permissions = {
  'people.read': { roles: ['maker', 'approver', 'printer', 'auditor'], scopes: ['cards:write'] },
  'people.write': { roles: ['maker'], scopes: ['cards:write'] },
  'cards.request': { roles: ['maker'], scopes: ['cards:write'] },
  'cards.approve': { roles: ['approver'], scopes: [], stepUp: true },
  'cards.suspend': { roles: ['maker', 'approver'], scopes: ['cards:write'] },
  'cards.print': { roles: ['printer'], scopes: [] },
  'print.read': { roles: ['printer', 'auditor'], scopes: [] },
  'cards.read': { roles: staff, scopes: ['cards:write'] },
  'diplomas.register': { roles: ['maker'], scopes: ['diplomas:write'] },
  'diplomas.approve': { roles: ['approver'], scopes: [], stepUp: true },
  'diplomas.read': { roles: ['maker', 'approver', 'auditor'], scopes: ['diplomas:write'] },
  'requests.read': { roles: ['maker', 'approver', 'auditor', 'admin'], scopes: ['cards:write', 'diplomas:write'] },
  'audit.read': { roles: ['auditor', 'admin'], scopes: ['audit:read'] },
  'keys.read': { roles: ['auditor', 'admin'], scopes: [], stepUp: true },
  'keys.manage': { roles: ['admin'], scopes: [], stepUp: true },
  'agencies.read': { roles: ['auditor', 'admin'], scopes: [] },
  'agencies.manage': { roles: ['admin'], scopes: [] },
  'agencies.approve': { roles: ['admin'], scopes: [], stepUp: true },
  'templates.read': { roles: ['auditor', 'admin'], scopes: [] },
  'templates.manage': { roles: ['admin'], scopes: [], stepUp: true },
  'staff.read': { roles: ['auditor', 'admin'], scopes: [] },
  'staff.manage': { roles: ['admin'], scopes: [] },
  'own.card': { roles: ['holder'], scopes: [] },
  'own.diplomas': { roles: ['holder'], scopes: [] },
  'verify.bulk': { roles: staff, scopes: ['verify:bulk'] },
  'verify.full': { roles: ['maker', 'approver', 'auditor'], scopes: ['verify:bulk'] },
  'webhooks.read': { roles: ['auditor', 'admin'], scopes: [] },
  'webhooks.manage': { roles: ['admin'], scopes: [] },
} as const satisfies Record<string, Rule>

export type Permission = keyof typeof permissions

/** Seconds that a step-up sign-in lasts. */
export const stepUpLifetime = 600

type Scoping = { inSubtree(code: AgencyCode, ancestor: AgencyCode): boolean }

/** True when the actor's role or scope grants the permission somewhere; says nothing about an agency or step-up. */
export function holds(actor: Actor | null, permission: Permission): boolean {
  if (!actor) return false
  const rule: Rule = permissions[permission]
  return actor.kind === 'person' ? rule.roles.some(role => actor.roles.has(role)) : rule.scopes.some(scope => actor.scopes.has(scope))
}

/**
 * Returns when `actor` may use `permission`, in `agency` where one is given. Without an agency the caller must limit what it
 * reads or writes to the actor's subtree itself.
 * @param now seconds
 * @throws auth.required nobody is signed in · auth.forbidden no role or scope · auth.outside-scope the agency is not in the
 * actor's subtree · auth.step-up the proof of identity is older than `stepUpLifetime`
 */
export function authorize(
  actor: Actor | null,
  permission: Permission,
  agency: AgencyCode | undefined,
  tree: Scoping,
  now: number = Date.now() / 1000,
): asserts actor is Actor {
  if (!actor) throw new AppError('auth.required')
  if (!holds(actor, permission)) throw new AppError('auth.forbidden', `This needs the permission ${permission}`)
  if (agency !== undefined && agency !== actor.agency && !tree.inSubtree(agency, actor.agency)) throw new AppError('auth.outside-scope')
  const rule: Rule = permissions[permission]
  if (rule.stepUp && !(actor.steppedUpAt !== undefined && now - actor.steppedUpAt <= stepUpLifetime)) throw new AppError('auth.step-up')
}
