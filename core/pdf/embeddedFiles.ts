import type { PdfDocument } from './pdfDocument.ts'
import { latin1, PdfName, PdfStream, PdfString, type PdfValue } from './pdfSyntax.ts'

export interface EmbeddedFile {
  name: string
  bytes: Uint8Array
  /** As the file claims; `application/octet-stream` when it says nothing. */
  mimeType: string
}

/** The sealed credential inside a diploma's PDF, and the receipt of its registration. */
export const sealFileName = 'antin-credential.cose'
export const receiptFileName = 'antin-receipt.json'

const MAX_FILES = 100

/**
 * Returns the files that a PDF carries: those of the name tree /EmbeddedFiles and those associated with the document (/AF),
 * each once (ISO 32000-2, 7.11.4). Throws `pdf.syntax`.
 */
export async function embeddedFiles(document: PdfDocument): Promise<EmbeddedFile[]> {
  const catalog = await document.dict(document.trailer.get('Root'))
  const specifications: PdfValue[] = []
  const visited = new Set<PdfValue>()
  const walk = async (node: PdfValue | undefined, depth: number): Promise<void> => {
    const dict = await document.dict(node)
    if (!dict || depth > 16 || visited.has(dict)) return
    visited.add(dict)
    const names = (await document.array(dict.get('Names'))) ?? []
    for (let i = 1; i < names.length && specifications.length < MAX_FILES; i += 2) specifications.push(names[i] as PdfValue)
    for (const kid of (await document.array(dict.get('Kids'))) ?? []) await walk(kid, depth + 1)
  }
  await walk((await document.dict(catalog?.get('Names')))?.get('EmbeddedFiles'), 0)
  specifications.push(...((await document.array(catalog?.get('AF'))) ?? []).slice(0, MAX_FILES))

  const files: EmbeddedFile[] = []
  const streams = new Set<PdfValue>()
  for (const each of specifications) {
    const specification = await document.dict(each)
    const target = await document.dict(specification?.get('EF'))
    const stream = await document.resolve(target?.get('UF') ?? target?.get('F'))
    if (!specification || !(stream instanceof PdfStream) || streams.has(stream)) continue
    streams.add(stream)
    const name = await document.resolve(specification.get('UF') ?? specification.get('F'))
    const subtype = await document.resolve(stream.dict.get('Subtype'))
    files.push({
      name: name instanceof PdfString ? textOf(name.bytes) : '',
      bytes: await document.decodedStream(stream),
      mimeType: subtype instanceof PdfName ? subtype.text : 'application/octet-stream',
    })
  }
  return files
}

/** A text string: UTF-16 with its mark, UTF-8 with its mark, else one byte a character. */
export function textOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes.subarray(2))
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return new TextDecoder().decode(bytes.subarray(3))
  return latin1(bytes)
}
