import { createHash } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import { PdfDocument } from '../../core/pdf/pdfDocument.ts'
import { type PdfDict, PdfName, PdfRef, type PdfValue } from '../../core/pdf/pdfSyntax.ts'
import { pdfEntries, pdfString, pdfText } from '../../core/pdf/pdfText.ts'
import { type CmsSigner, signatureValue, signCms, withTimestamp } from './cms.ts'
import { tagWidget } from './tagWidget.ts'
import type { Timestamper } from './timestamp.ts'

export interface PadesOptions {
  /** The signer's claim of the time (/M); the CMS carries none (ETSI EN 319 142-1, 6.3). */
  signedAt: Date
  reason?: string
  location?: string
  /** With one, the signature is PAdES-B-T. */
  timestamp?: Timestamper
}

/** Room for the CMS, bytes: a chain of four certificates and a time-stamp token. */
const ROOM = 16 * 1024

/**
 * Returns the PDF with a PAdES-B-B signature (ETSI.CAdES.detached) over the whole file, added as an update: the first bytes
 * are the file as it was. The field has no area, an empty appearance and a place in the structure, so PDF/A-3 and PDF/UA-1 hold. Throws
 * `pdf.syntax`, `pades.signed` for a file that is already signed, `pades.timestamp`, and what the signer throws.
 */
export async function signPdf(file: Uint8Array, signer: CmsSigner, options: PadesOptions): Promise<Uint8Array> {
  const document = await PdfDocument.open(file)
  const root = document.trailer.get('Root')
  const catalog = await document.dict(root)
  const page = await firstPage(document, catalog)
  if (!(root instanceof PdfRef) || !catalog || !page) throw new AppError('pdf.syntax', 'A file without pages')
  if (catalog.has('AcroForm')) throw new AppError('pades.signed', 'The file already has a form or a signature')

  const signatureNumber = document.size
  const fieldNumber = signatureNumber + 1
  const appearanceNumber = signatureNumber + 2
  const tagNumber = signatureNumber + 3
  const tag = await tagWidget(document, catalog, { element: tagNumber, widget: fieldNumber, page: page.ref })
  const update = new Update(file)
  const placeholder = '0'.repeat(ROOM * 2)
  const byteRange = '/ByteRange[0 0000000000 0000000000 0000000000]'
  update.object(
    signatureNumber,
    `<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(${pdfDate(options.signedAt)})` +
      `${options.reason ? `/Reason${pdfString(options.reason)}` : ''}${options.location ? `/Location${pdfString(options.location)}` : ''}` +
      `${byteRange}/Contents<${placeholder}>>>`,
  )
  update.object(
    fieldNumber,
    `<</Type/Annot/Subtype/Widget/FT/Sig/T(antin)/TU${pdfString('Chữ ký số của cơ quan cấp')}/V ${signatureNumber} 0 R/P ${page.ref.number} 0 R/Rect[0 0 0 0]/F 132` +
      `/AP<</N ${appearanceNumber} 0 R>>${tag ? `/StructParent ${tag.structParent}` : ''}>>`,
  )
  update.object(appearanceNumber, '<</Type/XObject/Subtype/Form/BBox[0 0 0 0]/Length 0>>\nstream\n\nendstream')
  for (const [number, dict] of tag?.objects ?? []) update.object(number, dictText(dict, {}))
  const annotations = (await document.array(page.dict.get('Annots'))) ?? []
  update.object(page.ref.number, dictText(page.dict, { Annots: [...annotations, new PdfRef(fieldNumber, 0)], Tabs: new PdfName('S') }))
  update.object(
    root.number,
    dictText(catalog, {
      AcroForm: new Map<string, PdfValue>([
        ['Fields', [new PdfRef(fieldNumber, 0)]],
        ['SigFlags', 3],
      ]),
    }),
  )
  const bytes = update.end(document, tag ? tagNumber + 1 : tagNumber)

  const gap = bytes.indexOf(`/Contents<${placeholder}>`, file.length) + '/Contents'.length
  const after = gap + placeholder.length + 2
  const padded = (value: number) => String(value).padStart(10, '0')
  bytes.write(
    `/ByteRange[0 ${padded(gap)} ${padded(after)} ${padded(bytes.length - after)}]`,
    bytes.indexOf(byteRange, file.length),
    'latin1',
  )
  const digest = createHash('sha256').update(bytes.subarray(0, gap)).update(bytes.subarray(after)).digest()
  let cms = await signCms(signer, digest)
  if (options.timestamp) cms = withTimestamp(cms, await options.timestamp(signatureValue(cms)))
  if (cms.length > ROOM) throw new AppError('pades.signed', 'The certificates need more room than there is')
  bytes.write(Buffer.from(cms).toString('hex'), gap + 1, 'latin1')
  return new Uint8Array(bytes)
}

/** An incremental update (ISO 32000-2, 7.5.6): changed objects, then their cross-reference in the file's own form. */
class Update {
  readonly #parts: Buffer[]
  readonly #offsets = new Map<number, number>()
  #at: number

  constructor(file: Uint8Array) {
    this.#parts = [Buffer.from(file)]
    this.#at = file.length
    this.#write('\n')
  }

  object(number: number, text: string): void {
    this.#offsets.set(number, this.#at)
    this.#write(`${number} 0 obj\n${text}\nendobj\n`)
  }

  end(document: PdfDocument, size: number): Buffer {
    const start = this.#at
    const previous = document.startXref
    const carried: PdfDict = new Map([...document.trailer].filter(([key]) => ['Root', 'Info', 'ID'].includes(key)))
    const numbers = [...this.#offsets.keys()].sort((a, b) => a - b)
    if (document.usesXrefStream) {
      numbers.push(size)
      this.#offsets.set(size, start)
      const rows = Buffer.alloc(numbers.length * 7)
      numbers.forEach((number, i) => {
        rows[i * 7] = 1
        rows.writeUInt32BE(this.#offsets.get(number) as number, i * 7 + 1)
      })
      const index = numbers.map(number => `${number} 1`).join(' ')
      this.#write(
        `${size} 0 obj\n<<${pdfEntries(carried, same)}/Type/XRef/W[1 4 2]/Index[${index}]/Size ${size + 1}/Prev ${previous}/Length ${rows.length}>>\nstream\n`,
      )
      this.#parts.push(rows)
      this.#at += rows.length
      this.#write('\nendstream\nendobj\n')
    } else {
      const table = numbers.map(number => `${number} 1\n${String(this.#offsets.get(number)).padStart(10, '0')} 00000 n \n`).join('')
      this.#write(`xref\n${table}trailer\n<<${pdfEntries(carried, same)}/Size ${size}/Prev ${previous}>>\n`)
    }
    this.#write(`startxref\n${start}\n%%EOF\n`)
    return Buffer.concat(this.#parts)
  }

  #write(text: string): void {
    const bytes = Buffer.from(text, 'latin1')
    this.#parts.push(bytes)
    this.#at += bytes.length
  }
}

const same = (ref: PdfRef) => ref.number

function dictText(dict: PdfDict, changes: Record<string, PdfValue>): string {
  return pdfText(new Map([...dict, ...Object.entries(changes)]), same)
}

async function firstPage(document: PdfDocument, catalog: PdfDict | undefined): Promise<{ ref: PdfRef; dict: PdfDict } | undefined> {
  let node = catalog?.get('Pages')
  for (let depth = 0; depth < 32; depth++) {
    const dict = await document.dict(node)
    const kids = await document.array(dict?.get('Kids'))
    if (!kids) return dict && node instanceof PdfRef ? { ref: node, dict } : undefined
    node = kids[0]
  }
  return undefined
}

/** `D:YYYYMMDDHHmmSSZ` (7.9.4). */
function pdfDate(at: Date): string {
  return `D:${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
}
