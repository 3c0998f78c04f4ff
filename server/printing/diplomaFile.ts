import { receiptFileName, sealFileName } from '../../core/pdf/embeddedFiles.ts'
import type { CmsSigner } from '../keys/cms.ts'
import { signPdf } from '../keys/pades.ts'
import type { Timestamper } from '../keys/timestamp.ts'
import type { DiplomaView } from './render/diplomaView.ts'
import { type Attachment, renderDiploma } from './render/renderDiploma.ts'
import type { Template } from './render/template.ts'

export interface DiplomaFileInput {
  template: Template
  diploma: DiplomaView
  /** The sealed credential, formats 1. */
  sealed: Uint8Array
  /** The receipt as it is now, formats 7, JSON text; one that completes later is fetched by ref, the file need not change. */
  receipt?: string
  /** What `signerPool.documentSigner` gives; without it the file is unsigned. */
  signer?: CmsSigner
  signedAt: Date
  timestamp?: Timestamper
}

/**
 * Returns the file that its holder keeps: PDF/A-3a and PDF/UA-1 with the QR on the page, seal and receipt inside, and over all of
 * it the agency's signature (PAdES-B-B, B-T with a time-stamp authority). Throws what rendering and signing throw.
 */
export async function diplomaFile({
  template,
  diploma,
  sealed,
  receipt,
  signer,
  signedAt,
  timestamp,
}: DiplomaFileInput): Promise<Uint8Array> {
  const file = renderDiploma({
    template,
    diploma: { ...diploma, signed: signer !== undefined },
    attachments: evidenceFiles(sealed, receipt),
  }).pdf()
  if (!signer) return file
  return signPdf(file, signer, { signedAt, reason: 'Cấp văn bằng, chứng chỉ', ...(timestamp ? { timestamp } : {}) })
}

/** Seal and receipt as files for a PDF to carry. */
export function evidenceFiles(sealed: Uint8Array, receipt?: string): Attachment[] {
  const files: Attachment[] = [
    { name: sealFileName, bytes: sealed, mimeType: 'application/cose', description: 'Văn bằng đã niêm phong', relationship: 'data' },
  ]
  if (receipt !== undefined) {
    files.push({
      name: receiptFileName,
      bytes: Buffer.from(receipt),
      mimeType: 'application/json',
      description: 'Biên nhận đăng ký trong nhật ký minh bạch',
      relationship: 'supplement',
    })
  }
  return files
}
