import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { sealedUrl } from '../../core/credential/qr.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { Receipt } from '../../core/log/receipt.ts'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import type { SignerPool } from '../keys/signerPool.ts'
import type { Timestamper } from '../keys/timestamp.ts'
import { diplomaFile } from '../printing/diplomaFile.ts'
import type { DiplomaView } from '../printing/render/diplomaView.ts'
import type { Template } from '../printing/render/template.ts'
import { recordFileDigest } from './diplomasTable.ts'
import type { OpenedDiploma } from './readDiploma.ts'

export interface DiplomaPdfDeps {
  pool: Pool
  agencies: AgencyTree
  signers: Pick<SignerPool, 'documentSigner'>
  origin: string
  /** Seconds. */
  clock: () => number
  template: (name: string) => Template
  proofFor: (ref: Uint8Array) => Promise<Receipt | null>
  demonstration: boolean
  timestamp?: Timestamper | undefined
}

/** Templates of what a diploma's file may be; the first is chosen by the title. */
export const diplomaTemplates = ['van-bang', 'chung-chi', 'ban-sao-tu-so-goc'] as const

/**
 * The signed PDF/A-3 of a registered diploma with its seal and receipt inside; its digest is remembered, so that the file is found by it.
 * Without a document key of the agency the file is unsigned.
 */
export async function diplomaPdf(deps: DiplomaPdfDeps, diploma: OpenedDiploma, template?: string): Promise<Uint8Array> {
  const name = diplomaTemplates.find(one => one === template) ?? (/^(chứng|giấy)/i.test(diploma.title) ? 'chung-chi' : 'van-bang')
  const receipt = await deps.proofFor(diploma.ref)
  const signer = await deps.signers.documentSigner(diploma.issuerCode as AgencyCode, deps.clock()).catch(error => {
    if (error instanceof AppError && error.code === 'key.none') return undefined
    throw error
  })
  const file = await diplomaFile({
    template: deps.template(name),
    diploma: viewOf(deps, diploma),
    sealed: diploma.sealedBytes,
    ...(receipt ? { receipt: JSON.stringify(receipt) } : {}),
    ...(signer ? { signer } : {}),
    signedAt: new Date(deps.clock() * 1000),
    ...(deps.timestamp ? { timestamp: deps.timestamp } : {}),
  })
  await recordFileDigest(deps.pool, diploma.ref, createHash('sha256').update(file).digest())
  return file
}

function viewOf(deps: DiplomaPdfDeps, { claims, issuerCode, ref, sealedBytes, issuedAt }: OpenedDiploma): DiplomaView {
  const { diploma } = claims
  const parent = deps.agencies.ancestors(issuerCode)[0]
  return {
    issuer: deps.agencies.get(issuerCode)?.nameVi ?? issuerCode,
    ...(parent ? { parentAgency: deps.agencies.get(parent)?.nameVi ?? parent } : {}),
    ...(diploma.institutionThen ? { institutionThen: diploma.institutionThen } : {}),
    title: diploma.title,
    holderName: diploma.holderName,
    ...(diploma.birthDate ? { birthDate: reversed(diploma.birthDate) } : {}),
    ...(diploma.field ? { field: diploma.field } : {}),
    ...(diploma.classification ? { classification: diploma.classification } : {}),
    awarded: reversed(diploma.awarded),
    ...(diploma.number ? { number: diploma.number } : {}),
    ...(diploma.registerNumber ? { registerNumber: diploma.registerNumber } : {}),
    basis: diploma.basis,
    issuedOn: reversed(new Date(issuedAt.getTime() + 7 * 3_600_000).toISOString().slice(0, 10)),
    sealedUrl: sealedUrl(deps.origin, sealedBytes),
    verifyAddress: `${deps.origin.replace(/^https?:\/\//, '')}/diplomas/verify`,
    ref: encodeBase64url(ref),
    sample: deps.demonstration,
  }
}

/** `YYYY-MM-DD`, `YYYY-MM` or `YYYY` as people write it. */
function reversed(date: string): string {
  return date.split('-').reverse().join('/')
}
