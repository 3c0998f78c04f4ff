import { AFRelationship, EncryptedPDFError, PDFDocument } from '@cantoo/pdf-lib'
import { AppError } from '../../../core/errors.ts'
import type { Attachment } from '../render/renderDiploma.ts'
import { addPicture } from './addPicture.ts'

export interface StampedCopyInput {
  /** The registered file: PDF, JPEG or PNG. It is read, never changed. */
  original: Uint8Array
  /** The page to add, a PDF of `renderDiploma` with the template `trang-xac-nhan`. */
  stamp: Uint8Array
  /** Seal and receipt, carried in the copy. */
  attachments: readonly Attachment[]
  title: string
  /** The only date in the file. */
  madeAt: Date
}

const relationships = {
  source: AFRelationship.Source,
  data: AFRelationship.Data,
  alternative: AFRelationship.Alternative,
  supplement: AFRelationship.Supplement,
} as const

/**
 * Returns a new PDF: the original's pages (or picture, on A4), then the stamp page, with the attachments. It is a copy beside
 * the original, whose bytes and digest stay as registered; signatures inside the original do not survive in it. Same input,
 * same bytes. Throws `pdf.encrypted`, and `pdf.syntax` for a file that is none of the three, is damaged, or has too many pixels.
 */
export async function stampedCopy({ original, stamp, attachments, title, madeAt }: StampedCopyInput): Promise<Uint8Array> {
  const copy = await PDFDocument.create({ updateMetadata: false })
  try {
    await addOriginal(copy, original)
  } catch (cause) {
    if (cause instanceof EncryptedPDFError) throw new AppError('pdf.encrypted', undefined, { cause })
    throw new AppError('pdf.syntax', 'The registered file is no PDF, JPEG or PNG that can be copied', { cause })
  }
  const stampFile = await PDFDocument.load(stamp, { updateMetadata: false })
  for (const page of await copy.copyPages(stampFile, stampFile.getPageIndices())) copy.addPage(page)
  for (const { name, bytes, mimeType, description, relationship } of attachments) {
    await copy.attach(bytes, name, {
      mimeType,
      description,
      creationDate: madeAt,
      modificationDate: madeAt,
      afRelationship: relationships[relationship],
    })
  }
  copy.setTitle(title, { showInWindowTitleBar: true })
  copy.setLanguage('vi-VN')
  copy.setProducer('Ấn Tín')
  copy.setCreationDate(madeAt)
  copy.setModificationDate(madeAt)
  return copy.save({ useObjectStreams: false, addDefaultPage: false, updateFieldAppearances: false })
}

async function addOriginal(copy: PDFDocument, original: Uint8Array): Promise<void> {
  const [a, b] = original
  if (a === 0xff && b === 0xd8) return addPicture(copy, original, 'jpeg')
  if (a === 0x89 && b === 0x50) return addPicture(copy, original, 'png')
  const source = await PDFDocument.load(original, { updateMetadata: false })
  for (const page of await copy.copyPages(source, source.getPageIndices())) copy.addPage(page)
}
