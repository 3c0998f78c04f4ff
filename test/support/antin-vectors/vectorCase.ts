import type { CheckCode } from '../../../core/verification/checkCode.ts'
import type { CheckName, Verdict } from '../../../core/verification/report.ts'
import type { VerificationCase } from './runCase.ts'

/** A case of the published set: what it shows, and what its report has to say. */
export interface VectorCase extends VerificationCase {
  readonly name: string
  readonly shows: string
  readonly expect: { readonly verdict: Verdict } & { readonly [check in CheckName]?: CheckCode }
}

export type Draft = Pick<VectorCase, 'name' | 'shows' | 'expect'> & {
  sealed?: Uint8Array
  photo?: Uint8Array
  document?: VerificationCase['input']['document']
} & Partial<Omit<VerificationCase, 'input'>>

export type Add = (draft: Draft) => void
