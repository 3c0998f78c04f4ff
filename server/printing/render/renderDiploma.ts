import type { NodeTypstDocument } from '@myriaddreamin/typst-ts-node-compiler'
import { AppError } from '../../../core/errors.ts'
import { markPdfUa } from '../pdf/markPdfUa.ts'
import { qrModules } from '../qr/qrModules.ts'
import { qrPath } from '../qr/qrPath.ts'
import { shadowTemplate } from './cardFaces.ts'
import type { DiplomaView } from './diplomaView.ts'
import { requireGlyphs } from './fontCoverage.ts'
import { rasterise } from './rasterise.ts'
import type { Template } from './template.ts'
import { textFields } from './textFields.ts'
import { compileTypst, shadowFile, typstPdf, typstSvg } from './typst.ts'

/** A file carried inside a PDF/A-3, associated with the whole document (ISO 19005-3, 6.8). */
export interface Attachment {
  name: string
  bytes: Uint8Array
  mimeType: string
  description: string
  relationship: 'source' | 'data' | 'alternative' | 'supplement'
}

export interface DiplomaRendering {
  /** PDF/A-3a and PDF/UA-1; unsigned. */
  pdf(): Uint8Array
  png(dpi: number): Promise<Uint8Array>
  svg(): string
}

export interface DiplomaInput {
  template: Template
  diploma: DiplomaView
  attachments?: readonly Attachment[]
  /** Marked, without a live code and without attachments. */
  preview?: boolean
}

/**
 * Returns a diploma's renderings, each made when asked for: functions of template, data and attachments alone.
 * They throw `render.text`, `render.font`, `render.qr` (naming the field) or `render.template`.
 */
export function renderDiploma({ template, diploma, attachments = [], preview = false }: DiplomaInput): DiplomaRendering {
  const compile = (attach: readonly Attachment[]) => compileDiploma(template, diploma, preview ? [] : attach, preview)
  return {
    pdf: () => markPdfUa(typstPdf(compile(attachments), { standard: 'a-3a', tags: true })),
    svg: () => typstSvg(compile([])),
    png: dpi => rasterise(typstSvg(compile([])), template.size, dpi),
  }
}

/** The laid-out document, for `renderDiploma` and for checking a template. Throws as `renderDiploma` does. */
export function compileDiploma(
  template: Template,
  diploma: DiplomaView,
  attachments: readonly Attachment[],
  preview: boolean,
): NodeTypstDocument {
  if (template.kind !== 'document') throw new AppError('render.template', 'template.json: kind is not document')
  const data: Record<string, unknown> = { basis: diploma.basis, signed: diploma.signed ?? false, sample: diploma.sample ?? false }
  for (const field of textFields.document) {
    const text = diploma[field]
    data[field] = text || null
    if (text) requireGlyphs(field, text, template.fonts)
    else if (template.fields[field]?.required) throw new AppError('render.text', `${field} is required and empty`)
  }
  const slot = template.qr[0]
  if (!slot) throw new AppError('render.template', 'template.json: a document needs a place for its QR')
  const qr = qrModules(preview ? 'XEM TRUOC - KHONG CO GIA TRI KIEM TRA' : diploma.sealedUrl, slot.maxVersion)
  const side = qr.size + 8
  shadowFile(
    'qr.svg',
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" width="${side}" height="${side}"><path fill="#fff" d="M0 0h${side}v${side}h-${side}z"/><path fill="${preview ? '#999' : '#000'}" d="${qrPath(qr, 4)}"/>${preview ? `<path stroke="#c11" stroke-width="1.2" d="M4 4L${side - 4} ${side - 4}M${side - 4} 4L4 ${side - 4}"/>` : ''}</svg>`,
    ),
  )
  const moduleDots = preview ? Math.floor(((slot.size / 25.4) * 300) / side) : slot.moduleDots
  const qrSide = (side * moduleDots * 72) / 300
  const literal = (text: string) => JSON.stringify(text)
  data['qr-side'] = qrSide
  data.date = day('issuedOn', diploma.issuedOn)
  data.attachments = attachments.map(({ name, mimeType, description, relationship }, index) => {
    shadowFile(`attachment-${index}`, (attachments[index] as Attachment).bytes)
    return { path: `/attachment-${index}`, name, 'mime-type': mimeType, description, relationship }
  })
  shadowFile('diploma.json', Buffer.from(JSON.stringify(data)))
  const mark = preview ? ', foreground: document-preview-mark()' : diploma.sample ? ', foreground: document-sample-mark()' : ''
  return compileTypst(
    [
      '#import "/antin.typ": document-preview-mark, document-sample-mark',
      `#import "/${shadowTemplate(template)}/page.typ": ground, face`,
      '#let doc = json("/diploma.json")',
      `#let spec = (emblem: ${template.emblem ? literal(template.emblem.file) : 'none'}, emblem-placeholder: ${template.emblem?.placeholder ?? false},`,
      '  qr: image("/qr.svg", width: doc.qr-side * 1pt, height: doc.qr-side * 1pt, alt: "Mã QR chứa văn bằng đã niêm phong; quét để kiểm tra"), qr-side: doc.qr-side * 1pt)',
      '#set document(title: doc.title + " – " + doc.holderName, author: doc.issuer, date: datetime(..doc.date, hour: 0, minute: 0, second: 0))',
      '#set text(font: ("Be Vietnam Pro", "DejaVu Sans Mono"), lang: "vi", region: "vn", fallback: false, size: 11pt, hyphenate: false)',
      `#set page(width: ${template.size.width}mm, height: ${template.size.height}mm, margin: 0pt, background: ground(spec)${mark})`,
      '#for (path, name, mime-type, description, relationship) in doc.attachments {',
      '  pdf.attach(name, read(path, encoding: none), relationship: relationship, mime-type: mime-type, description: description)',
      '}',
      '#context face(doc, spec)',
    ].join('\n'),
  )
}

function day(field: string, text: string): { day: number; month: number; year: number } {
  const match = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(text)
  if (!match) throw new AppError('render.text', `${field} is not dd/mm/yyyy`)
  return { day: Number(match[1]), month: Number(match[2]), year: Number(match[3]) }
}
