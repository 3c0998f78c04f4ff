import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { equalBytes } from '../../core/encoding/bytes.ts'
import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import { writtenDate } from '../../core/encoding/writtenDate.ts'
import { AppError } from '../../core/errors.ts'
import type { Receipt } from '../../core/log/receipt.ts'
import { agencyTemplateOf } from '../printing/agencyTemplateOf.ts'
import { evidenceFiles } from '../printing/diplomaFile.ts'
import { stampedCopy } from '../printing/pdf/stampedCopy.ts'
import { renderDiploma } from '../printing/render/renderDiploma.ts'
import type { Template } from '../printing/render/template.ts'
import { type DiplomaViewDeps, diplomaViewOf } from './diplomaViewOf.ts'
import type { OpenedDiploma } from './readDiploma.ts'

export interface StampDeps extends DiplomaViewDeps {
  pool: Pool
  /** Seconds. */
  clock: () => number
  template: (name: string) => Template
  proofFor: (ref: Uint8Array) => Promise<Receipt | null>
}

/**
 * The copy of a registered file with a page that attests the registration, the QR code on it, seal and receipt inside: a new PDF beside
 * the file, which stays as it was. Throws `diploma.ended.conflict`, `diploma.other-file` for any file but the registered one,
 * `pdf.encrypted`, `pdf.syntax` for one that is no PDF, JPEG or PNG that can be copied.
 */
export async function stampDiploma(deps: StampDeps, diploma: OpenedDiploma, original: Uint8Array): Promise<Uint8Array> {
  if (diploma.endedAs !== null) throw new AppError('diploma.ended.conflict')
  const digest = createHash('sha256').update(original).digest()
  const registered = diploma.claims.diploma.document
  if (!registered) throw new AppError('diploma.other-file', 'No file is registered with this diploma')
  if (!equalBytes(registered, digest)) throw new AppError('diploma.other-file')
  const receipt = await deps.proofFor(diploma.ref)
  const madeAt = new Date(deps.clock() * 1000)
  const view = {
    ...diplomaViewOf(deps, diploma),
    issuedOn: writtenDate(vietnamDay(madeAt.getTime() / 1000)),
    documentSha256: digest.toString('hex'),
  }
  const { template } = await agencyTemplateOf(deps.pool, deps.agencies, diploma.issuerCode, 'attestation')
  return stampedCopy({
    original,
    stamp: renderDiploma({ template: deps.template(template), diploma: view }).pdf(),
    attachments: evidenceFiles(diploma.sealedBytes, receipt ? JSON.stringify(receipt) : undefined),
    title: `Bản sao có trang xác nhận: ${diploma.title}`,
    madeAt,
  })
}
