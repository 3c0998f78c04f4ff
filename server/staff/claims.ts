import { AppError } from '../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../core/identity/agencyCode.ts'
import { type Role, roles } from './actor.ts'

/** Names of the claims that say who somebody is; a dot goes into an object (`realm_access.roles`). */
export interface ClaimMapping {
  name: string
  roles: string
  agency: string
  /** The personal number of a person who is an officer. */
  officer: string
  /** The provider's words for roles: `{ "hr-duyet": "approver" }`. With it no other word counts, ours included. */
  roleNames?: Readonly<Record<string, Role>> | undefined
}

export interface PersonClaims {
  sub: string
  name: string
  roles: ReadonlySet<Role>
  agency: AgencyCode
  personalNumber?: string
}

type Claims = Readonly<Record<string, unknown>>

/** Who the provider's claims say this is. Unknown roles are ignored. @throws auth.sign-in without a subject or an agency code */
export function personOfClaims(claims: Claims, mapping: ClaimMapping): PersonClaims {
  const sub = claims.sub
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) throw new AppError('auth.sign-in', 'The sign-in carries no subject')
  const agency = agencyOfClaims(claims, mapping)
  const name = claimAt(claims, mapping.name)
  const number = claimAt(claims, mapping.officer)
  const person: PersonClaims = {
    sub,
    name: typeof name === 'string' && name.trim() !== '' ? name.normalize('NFC').slice(0, 200) : sub,
    roles: rolesOfClaims(claims, mapping),
    agency,
  }
  if (typeof number === 'string' && /^\d{12}$/.test(number)) person.personalNumber = number
  return person
}

/** @throws auth.sign-in without an agency code */
export function agencyOfClaims(claims: Claims, mapping: ClaimMapping): AgencyCode {
  const agency = claimAt(claims, mapping.agency)
  if (typeof agency !== 'string' || !isAgencyCode(agency))
    throw new AppError('auth.sign-in', `The claim ${mapping.agency} holds no agency code`)
  return agency
}

function rolesOfClaims(claims: Claims, mapping: ClaimMapping): ReadonlySet<Role> {
  const value = claimAt(claims, mapping.roles)
  const named = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[\s,]+/) : []
  const found = new Set<Role>()
  for (const name of named) {
    if (typeof name !== 'string') continue
    const role = mapping.roleNames ? ownMember(mapping.roleNames, name) : roles.find(known => known === name)
    if (role) found.add(role)
  }
  return found
}

function ownMember<T>(members: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined
}

function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let node: unknown = claims
  for (const part of path.split('.')) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, part)) return undefined
    node = (node as Record<string, unknown>)[part]
  }
  return node
}
