import type { CheckCode } from './checkCode.ts'
import type { PolicyName } from './policy.ts'

/** The nine checks, in the order in which every report carries them (formats 8). */
export const checkNames = ['format', 'signature', 'issuer', 'validity', 'status', 'document', 'log', 'anchor', 'photo'] as const
export type CheckName = (typeof checkNames)[number]

/**
 * `failed` is proof against the credential; `contradicted` is evidence against it that is no proof; `unavailable` says that
 * the check could not be made, which is never a verdict; `not-applicable` satisfies every policy.
 */
export type Outcome = 'passed' | 'failed' | 'contradicted' | 'unavailable' | 'not-applicable'
export type Verdict = 'valid' | 'invalid' | 'undetermined'

export interface Check {
  readonly name: CheckName
  readonly outcome: Outcome
  readonly code: CheckCode
  /** A value that the code's sentence speaks of (a date `YYYY-MM-DD`, a kid, a log position), or what exactly was wrong; may be empty. */
  readonly detail: string
  /** The time, in seconds, at which the evidence behind this check was true. */
  readonly asOf?: number
}

interface AgencyName {
  readonly vi: string
  readonly en: string
}

interface ReportedCredential {
  /** Code of the issuing agency. */
  readonly issuer: string
  /** The issuing agency's name as the trust list has it. */
  readonly issuerName: AgencyName
  /** 16 bytes in base64url. */
  readonly ref: string
  readonly issuedAt: number
  readonly expiresAt?: number
}

export interface ReportedCard extends ReportedCredential {
  readonly kind: 'card'
  readonly serial: string
  readonly fullName: string
  readonly position: string
  readonly usingAgency: string
  readonly usingAgencyName: AgencyName
  /** 0 CB, 1 CC, 2 VC, 3 XA, 4 XA0, 5 HĐ. */
  readonly category: number
  /** First 16 bytes of the SHA-256 of the JPEG, in base64url. */
  readonly photo?: string
  readonly status: { readonly list: number; readonly idx: number }
}

export interface ReportedDiploma extends ReportedCredential {
  readonly kind: 'diploma'
  readonly number?: string
  readonly holderName: string
  readonly title: string
  readonly field?: string
  readonly awarded: string
  readonly classification?: string
  readonly status: { readonly list: number; readonly idx: number }
  /** SHA-256 of the document, in base64url. */
  readonly document?: string
  readonly registerNumber?: string
  readonly birthDate?: string
  readonly institutionThen?: string
  /** 0 at award, 1 from the original register, 2 from the original document, 3 from a copy. */
  readonly basis: number
}

/** What a report says of an SD-JWT VC: only what its holder chose to disclose, and no ref, because it names none. */
export interface ReportedSdJwt extends Omit<ReportedCredential, 'ref'> {
  readonly form: 'sd-jwt'
  readonly kind: 'card' | 'diploma'
  readonly status: { readonly list: number; readonly idx: number }
  /** A KB-JWT was asked for, and is right. */
  readonly holderBound: boolean
  /** By the names of the type metadata at the `vct` URL (formats 2). */
  readonly disclosed: Readonly<Record<string, string | number>>
}

/** The verification report of formats 8. JSON-serialisable; times are seconds. */
export interface Report {
  readonly verdict: Verdict
  /** Null unless format, signature and issuer passed: nobody is shown data that nobody vouches for. */
  readonly credential: ReportedCard | ReportedDiploma | null
  /** Always the nine of `checkNames`, in that order. */
  readonly checks: readonly Check[]
  readonly evaluatedAt: number
  readonly policy: PolicyName
}

/** The report on an SD-JWT VC. */
export type SdJwtReport = Omit<Report, 'credential'> & { readonly credential: ReportedSdJwt | null }
