import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { Receipt } from '../../core/log/receipt.ts'
import type { SignerPool } from '../keys/signerPool.ts'
import type { Timestamper } from '../keys/timestamp.ts'
import { agencyTemplateOf } from '../printing/agencyTemplateOf.ts'
import { diplomaFile } from '../printing/diplomaFile.ts'
import type { Template } from '../printing/render/template.ts'
import { recordFileDigest } from './diplomasTable.ts'
import { type DiplomaViewDeps, diplomaViewOf } from './diplomaViewOf.ts'
import type { OpenedDiploma } from './readDiploma.ts'

export interface DiplomaPdfDeps extends DiplomaViewDeps {
  pool: Pool
  signers: Pick<SignerPool, 'documentSigner'>
  /** Seconds. */
  clock: () => number
  template: (name: string) => Template
  proofFor: (ref: Uint8Array) => Promise<Receipt | null>
  timestamp?: Timestamper | undefined
}

export interface DiplomaPdfChoice {
  /** Name of an installed document template; without it the issuer's default for `as`. */
  template?: string | undefined
  /** What the file is; without it what the title says. */
  as?: 'diploma' | 'certificate' | 'extract' | undefined
}

/**
 * The signed PDF/A-3 of a registered diploma with its seal and receipt inside; its digest is remembered, so that the file is found by it.
 * Without a document key of the issuer itself the file is unsigned.
 */
export async function diplomaPdf(
  deps: DiplomaPdfDeps,
  diploma: OpenedDiploma,
  { template, as }: DiplomaPdfChoice = {},
): Promise<Uint8Array> {
  const use = as ?? (/^(chứng|giấy)/i.test(diploma.title) ? 'certificate' : 'diploma')
  const name = template ?? (await agencyTemplateOf(deps.pool, deps.agencies, diploma.issuerCode, use)).template
  const receipt = await deps.proofFor(diploma.ref)
  const signer = await ownSigner(deps, diploma.issuerCode as AgencyCode)
  const file = await diplomaFile({
    template: deps.template(name),
    diploma: diplomaViewOf(deps, diploma),
    sealed: diploma.sealedBytes,
    ...(receipt ? { receipt: JSON.stringify(receipt) } : {}),
    ...(signer ? { signer } : {}),
    signedAt: new Date(deps.clock() * 1000),
    ...(deps.timestamp ? { timestamp: deps.timestamp } : {}),
  })
  await recordFileDigest(deps.pool, diploma.ref, createHash('sha256').update(file).digest())
  return file
}

/** The issuer's own document key; a signature by an agency above it would not count (formats 8). */
async function ownSigner({ signers, clock }: DiplomaPdfDeps, issuer: AgencyCode) {
  try {
    const signer = await signers.documentSigner(issuer, clock())
    return signer.agency === issuer ? signer : undefined
  } catch (error) {
    if (error instanceof AppError && error.code === 'key.none') return undefined
    throw error
  }
}
