import { z } from 'zod'
import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { AppError } from '../../core/errors.ts'
import { type AgencyCode, parseAgencyCode } from '../../core/identity/agencyCode.ts'
import { type AgencyProfile, type AgencyState, type AgencyStates, chainOf } from './agencyState.ts'
import { coverageSchema } from './coverage.ts'

/** A change of the tree of agencies that somebody asks for. A `successor` answers for what the dissolved agency issued. */
export type AgencyChange =
  | { action: 'add'; code: AgencyCode; parent: AgencyCode; profile: AgencyProfile }
  | { action: 'change'; code: AgencyCode; profile: AgencyProfile }
  | { action: 'move'; code: AgencyCode; parent: AgencyCode }
  | { action: 'dissolve'; code: AgencyCode; successor: AgencyCode | null }

const code = z.string().transform(parseAgencyCode)
const profile = z.object({ oldCode: z.string(), nameVi: z.string(), nameEn: z.string(), restricted: z.boolean(), coverage: coverageSchema })
const place = z.object({ parent: code.nullable() })
/** Of the agency and all below it, when the change was asked for. */
const affects = z.object({ people: z.int(), validCards: z.int(), keys: z.int(), below: z.int() })
const named = { code, name: z.string() }

/** The claims of an `agency.change` request's item: what the second administrator is shown, and exactly what is carried out. */
export const agencyChangeClaims = z.discriminatedUnion('action', [
  z.object({ action: z.literal('add'), ...named, after: profile.extend({ parent: code }) }),
  z.object({ action: z.literal('change'), ...named, before: profile, after: profile, affects }),
  z.object({ action: z.literal('move'), ...named, before: place, after: z.object({ parent: code }), affects }),
  z.object({ action: z.literal('dissolve'), ...named, before: profile.extend(place.shape), successor: code.nullable(), affects }),
])

export type AgencyChangeClaims = z.infer<typeof agencyChangeClaims>
export type AgencyReach = z.infer<typeof affects>

/** What the second person is shown of a change. */
export function claimsOfChange(states: AgencyStates, change: AgencyChange, reach: AgencyReach): AgencyChangeClaims {
  const { action, code } = change
  if (action === 'add') return { action, code, name: change.profile.nameVi, after: { ...plain(change.profile), parent: change.parent } }
  const { profile, parent } = stateOf(states, code)
  const head = { code, name: profile.nameVi, affects: reach }
  if (action === 'change') return { action, ...head, before: plain(profile), after: plain(change.profile) }
  if (action === 'move') return { action, ...head, before: { parent }, after: { parent: change.parent } }
  return { action, ...head, before: { ...plain(profile), parent }, successor: change.successor }
}

/** The change that claims stand for. */
export function changeOfClaims(claims: AgencyChangeClaims): AgencyChange {
  const { action, code } = claims
  if (action === 'dissolve') return { action, code, successor: claims.successor }
  if (action === 'move') return { action, code, parent: claims.after.parent }
  if (action === 'change') return { action, code, profile: claims.after }
  const { parent, ...profile } = claims.after
  return { action, code, parent, profile }
}

/** Whether what the claims say of the agency before the change is still so. */
export function isAsShown(states: AgencyStates, claims: AgencyChangeClaims): boolean {
  if (claims.action === 'add') return true
  const state = states.get(claims.code)
  if (!state) return false
  const now = { ...plain(state.profile), parent: state.parent }
  const shown: Readonly<Record<string, unknown>> = claims.before
  return Object.entries(now).every(([field, value]) => !(field in shown) || canonicalJson(shown[field]) === canonicalJson(value))
}

/**
 * Whose administrators answer for a change: the agency itself for what it says of itself, those above for its place.
 * @throws agency.not-found · auth.outside-scope when nobody stands above both places
 */
export function scopeOfChange(states: AgencyStates, change: AgencyChange): AgencyCode {
  if (change.action === 'add') return change.parent
  const { parent } = stateOf(states, change.code)
  if (change.action === 'change') return change.code
  // Above a root there is nobody: its own administrators answer for its end.
  const above = parent ?? change.code
  if (change.action === 'dissolve') return above
  const chain = chainOf(states, change.parent)
  const common = chainOf(states, above).find(code => chain.includes(code))
  if (common === undefined) throw new AppError('auth.outside-scope')
  return common
}

/**
 * Returns when a change keeps the rules of the tree.
 * @throws agency.not-found · agency.conflict naming what stands against it · request.empty when it changes nothing
 */
export function judgeChange(states: AgencyStates, change: AgencyChange): void {
  const refuse = (reason: string): never => {
    throw new AppError('agency.conflict', reason)
  }
  const isLiving = (code: AgencyCode) => states.get(code)?.hasEnded === false
  if (change.action === 'add') {
    if (states.has(change.code)) refuse('The code is that of another agency')
    if (!isLiving(change.parent)) refuse('The parent agency does not exist or has ended')
    return
  }
  const { profile, parent, hasEnded, isServedRestricted } = stateOf(states, change.code)
  if (change.action === 'change') {
    if (canonicalJson(plain(profile)) === canonicalJson(plain(change.profile))) throw new AppError('request.empty')
    if (isServedRestricted && !change.profile.restricted) refuse('Entries that leave the agency out rest on its being restricted')
    return
  }
  if (hasEnded) refuse('The agency has ended')
  if (change.action === 'move') {
    if (change.parent === parent) throw new AppError('request.empty')
    if (!isLiving(change.parent)) refuse('The parent agency does not exist or has ended')
    if (chainOf(states, change.parent).includes(change.code)) refuse('The parent agency stands below this agency')
    return
  }
  const { successor } = change
  if ([...states.values()].some(one => one.parent === change.code && !one.hasEnded)) refuse('Agencies stand below it: move them first')
  if (successor !== null && (successor === change.code || !isLiving(successor))) refuse('The successor does not exist or has ended')
}

/** The states after a change that `judgeChange` let pass. */
export function carryOut(states: Map<AgencyCode, AgencyState>, change: AgencyChange): void {
  if (change.action === 'add') {
    const { profile, parent } = change
    states.set(change.code, { profile, parent, hasEnded: false, isServedRestricted: false })
    return
  }
  const state = stateOf(states, change.code)
  if (change.action === 'change') states.set(change.code, { ...state, profile: change.profile })
  else if (change.action === 'move') states.set(change.code, { ...state, parent: change.parent })
  else states.set(change.code, { ...state, hasEnded: true })
}

function stateOf(states: AgencyStates, code: AgencyCode): AgencyState {
  const state = states.get(code)
  if (!state) throw new AppError('agency.not-found')
  return state
}

/** A profile without members whose value is undefined, in one order. */
function plain({ oldCode, nameVi, nameEn, restricted, coverage }: AgencyProfile) {
  return { oldCode, nameVi, nameEn, restricted, coverage: coverage.map(part => ({ ...part })) }
}
