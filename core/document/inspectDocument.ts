import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { AppError } from '../errors.ts'
import { embeddedFiles, sealFileName } from '../pdf/embeddedFiles.ts'
import { PdfDocument } from '../pdf/pdfDocument.ts'
import { pdfPictures } from '../pdf/pdfPictures.ts'
import { latin1, PdfString } from '../pdf/pdfSyntax.ts'
import { type PdfSignature, signatureFields } from '../pdf/signatureFields.ts'
import type { DocumentSignature } from '../verification/evidence.ts'
import type { Pixels } from './pixels.ts'

/** What a platform reads of a file for `inspectDocument`; none of them throws for what the file holds. */
export interface DocumentReaders {
  sha256: CoreCrypto['sha256']
  /** The signature of a PDF, verified by who can. */
  verifySignature(signature: PdfSignature): Promise<DocumentSignature>
  /** Texts of the QR codes in a picture, a file or its pixels; null when it cannot be opened. */
  readQrCodes(picture: Uint8Array | Pixels): Promise<readonly string[] | null>
}

/** Why a file says nothing: `printed` to PDF or `recompressed`, so that its electronic mark is lost; `kind` is another kind of file. */
export type DocumentCause = 'heic' | 'encrypted' | 'broken' | 'kind' | 'printed' | 'recompressed'

export interface InspectedDocument {
  /** 32 bytes, of the whole file. */
  readonly sha256: Uint8Array
  /** The sealed credential that a PDF carries (formats 1). */
  readonly sealed: Uint8Array | undefined
  readonly signatures: readonly DocumentSignature[]
  /** Texts of QR codes in the picture, or in the pictures of a scanned PDF. */
  readonly qrTexts: readonly string[]
  /** Set when nothing was found in the file; it may be registered by its digest nevertheless. */
  readonly cause: DocumentCause | undefined
}

const maxLooseJpegs = 12
/** What has fewer pixels is a logo or a seal on a page, not the scan of one. */
const minPage = 400_000
const printers = /print to pdf|pdfcreator|cutepdf|bullzip|skia|quartz|ghostscript|camscanner/i

/**
 * Looks a file through for what can be verified: the seal inside a PDF, its signatures, QR codes in pictures. Never throws on hostile
 * bytes; work is bounded by the file's length.
 */
export async function inspectDocument(bytes: Uint8Array, readers: DocumentReaders): Promise<InspectedDocument> {
  const sha256 = await readers.sha256(bytes)
  const nothing = { sha256, sealed: undefined, signatures: [], qrTexts: [], cause: undefined }
  const kind = kindOf(bytes)
  if (kind === 'pdf') return { ...nothing, ...(await inspectPdf(bytes, readers)) }
  if (kind === 'heic') return { ...nothing, cause: 'heic' }
  if (kind === 'other') return { ...nothing, cause: bytes.length === 0 ? 'broken' : 'kind' }
  const qrTexts = await readers.readQrCodes(bytes)
  return { ...nothing, qrTexts: qrTexts ?? [], cause: qrTexts === null ? 'broken' : qrTexts.length === 0 ? 'recompressed' : undefined }
}

function kindOf(bytes: Uint8Array): 'pdf' | 'picture' | 'heic' | 'other' {
  const head = latin1(bytes.subarray(0, 1024))
  if (head.includes('%PDF-')) return 'pdf'
  if (head.startsWith('\xff\xd8\xff') || head.startsWith('\x89PNG') || (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP'))
    return 'picture'
  if (/^ftyp(heic|heix|hevc|hevx|mif1|msf1)/.test(head.slice(4))) return 'heic'
  return 'other'
}

type Found = Pick<InspectedDocument, 'sealed' | 'signatures' | 'qrTexts' | 'cause'>

async function inspectPdf(bytes: Uint8Array, readers: DocumentReaders): Promise<Found> {
  let document: PdfDocument
  try {
    document = await PdfDocument.open(bytes)
  } catch (error) {
    const isEncrypted = error instanceof AppError && error.detail.includes('encrypted')
    if (isEncrypted) return { sealed: undefined, signatures: [], qrTexts: [], cause: 'encrypted' }
    // A damaged table does not hide a scan's pictures.
    const qrTexts: string[] = []
    for (const picture of looseJpegs(bytes)) qrTexts.push(...((await readers.readQrCodes(picture)) ?? []))
    return { sealed: undefined, signatures: [], qrTexts, cause: qrTexts.length > 0 ? undefined : 'broken' }
  }
  const attachments = await embeddedFiles(document).catch(() => [])
  const sealed = attachments.find(file => file.name === sealFileName)?.bytes
  const signatures: DocumentSignature[] = []
  for (const field of await signatureFields(document).catch(() => [])) signatures.push(await readers.verifySignature(field))
  if (sealed) return { sealed, signatures, qrTexts: [], cause: undefined }
  const qrTexts: string[] = []
  let isScan = false
  for await (const { width, height, content } of pdfPictures(document)) {
    qrTexts.push(...((await readers.readQrCodes(content)) ?? []))
    isScan ||= width * height >= minPage
  }
  const cause = qrTexts.length > 0 || signatures.length > 0 ? undefined : await lossOf(document, isScan)
  return { sealed, signatures, qrTexts, cause }
}

/** How a PDF came to carry nothing, as far as it tells; undefined for one that may never have had a mark. */
async function lossOf(document: PdfDocument, isScan: boolean): Promise<DocumentCause | undefined> {
  const info = await document.dict(document.trailer.get('Info')).catch(() => undefined)
  for (const name of ['Producer', 'Creator']) {
    const value = await document.resolve(info?.get(name)).catch(() => null)
    if (value instanceof PdfString && printers.test(latin1(value.bytes))) return 'printed'
  }
  return isScan ? 'recompressed' : undefined
}

/** JPEGs that lie in damaged bytes, from each start mark to the end of the stream or the next start. */
function looseJpegs(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at + 3 < bytes.length && found.length < maxLooseJpegs; at++) {
    if (bytes[at] !== 0xff || bytes[at + 1] !== 0xd8 || bytes[at + 2] !== 0xff) continue
    let end = at + 3
    while (end + 1 < bytes.length && !(bytes[end] === 0xff && bytes[end + 1] === 0xd9)) end++
    if (end - at > 2000) found.push(bytes.subarray(at, end + 2))
    at = end
  }
  return found
}
