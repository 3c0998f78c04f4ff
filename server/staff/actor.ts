import type { AgencyCode } from '../../core/identity/agencyCode.ts'

/** What a person may be; one person may hold several. `maker` and `approver` of the same request are never one person. */
export const roles = ['maker', 'approver', 'printer', 'auditor', 'admin', 'holder'] as const
export type Role = (typeof roles)[number]

/** What a machine client may be granted. There is no scope that approves. */
export const scopes = ['cards:write', 'diplomas:write', 'verify:bulk', 'audit:read'] as const
export type Scope = (typeof scopes)[number]

/** Who acts: a signed-in person, or a machine client of the same provider. */
export interface Actor {
  kind: 'person' | 'client'
  /** The provider's subject; of a client its id, prefixed `client:` so that it is never a person's. */
  sub: string
  name: string
  roles: ReadonlySet<Role>
  scopes: ReadonlySet<Scope>
  /** The actor may act in this agency and all below it. */
  agency: AgencyCode
  /** The officer that this person is, when the sign-in says so. */
  officerId?: string
  /** Look-up index of the personal number that the sign-in carries: whose diplomas are this person's. */
  personIndex?: Buffer
  /** Seconds; when this person last proved who they are with the factors that approving needs. */
  steppedUpAt?: number
  /** Hex SHA-256 of the session's identifier; absent for bearer tokens. */
  sessionId?: string
}

declare global {
  namespace Express {
    interface Request {
      /** Set by `authenticate`; null when nobody is signed in. */
      actor: Actor | null
    }
  }
}
