import { pdfNumber } from '../../../core/pdf/pdfText.ts'
import { qrPdfPath } from '../qr/qrPath.ts'
import { cardSides, faceDocument, groundDocument, type SharedTexts, type Side, sharedTexts } from '../render/cardFaces.ts'
import type { CardView } from '../render/cardView.ts'
import { coverCrop } from '../render/coverCrop.ts'
import { jpegFrame } from '../render/jpeg.ts'
import { Kept } from '../render/kept.ts'
import { type PlacedQr, POINTS_PER_DOT, placeQrs } from '../render/qrPlacement.ts'
import type { Template } from '../render/template.ts'
import { typstPdf } from '../render/typst.ts'
import { copyPagesAsForms } from './copyPages.ts'
import { type PdfPrefix, PdfWriter } from './pdfWriter.ts'

export const POINTS_PER_MM = 72 / 25.4

/** One side of one card, ready to be drawn: operators with the origin at the trimmed card's lower left, and what they name. */
export interface SideDrawing {
  operators: string
  /** The inside of an /XObject dictionary. */
  xObjects: string
}

const grounds = new Kept<{ file: Uint8Array; prefix: PdfPrefix; forms: number[] }>(32)

/** The ground of cards that share these texts: as a PDF of its own, and as the beginning of a file. */
function groundOf(template: Template, shared: SharedTexts) {
  return grounds.get(`${template.digest} ${JSON.stringify(shared)}`, () => {
    const file = typstPdf(groundDocument(template, shared))
    const { prefix, result } = PdfWriter.prefix(writer => copyPagesAsForms(writer, file))
    return { file, prefix, forms: result }
  })
}

/** A file that begins with the ground of its first card. `draw` writes cards' parts, other grounds as they come, and returns drawings. */
export function beginCardPdf(template: Template, first: CardView | undefined, sink: (chunk: Uint8Array) => void, { preview = false } = {}) {
  const formsByShared = new Map<string, number[]>()
  const shared = first && sharedTexts(template, first)
  const ground = shared && groundOf(template, shared)
  if (ground) formsByShared.set(JSON.stringify(shared), ground.forms)
  const writer = new PdfWriter(sink, ground?.prefix)
  const groundForms = (card: CardView): number[] => {
    const own = sharedTexts(template, card)
    const key = JSON.stringify(own)
    let forms = formsByShared.get(key)
    if (!forms) {
      forms = copyPagesAsForms(writer, groundOf(template, own).file)
      formsByShared.set(key, forms)
    }
    return forms
  }
  const { width, height, bleed } = template.size
  const [w, h, b] = [width * POINTS_PER_MM, height * POINTS_PER_MM, bleed * POINTS_PER_MM]

  const draw = (cards: readonly CardView[]): Record<Side, SideDrawing>[] => {
    const faces = copyPagesAsForms(writer, typstPdf(faceDocument(template, cards, { preview })))
    if (faces.length !== cards.length * cardSides.length) throw new Error('Typst wrote another number of pages')
    return cards.map((card, index) => {
      const grounds = groundForms(card)
      const drawSide = (side: Side): SideDrawing => {
        const at = cardSides.indexOf(side)
        let xObjects = `/G ${grounds[at]} 0 R/F ${faces[2 * index + at]} 0 R`
        let operators = `q 1 0 0 1 ${pdfNumber(-b)} ${pdfNumber(-b)} cm/G Do Q\n`
        const slot = template.photo
        if (slot?.side === side && card.photo) {
          const frame = jpegFrame(card.photo)
          const space = frame.components === 1 ? '/DeviceGray' : '/DeviceRGB'
          const image = writer.stream(
            `/Type/XObject/Subtype/Image/Width ${frame.width}/Height ${frame.height}/ColorSpace ${space}/BitsPerComponent 8/Filter/DCTDecode`,
            card.photo,
          )
          xObjects += `/P ${image} 0 R`
          const box = coverCrop(frame, slot)
          const [x, y] = [slot.x * POINTS_PER_MM, h - (slot.y + slot.height) * POINTS_PER_MM]
          operators += `q ${[x, y, slot.width * POINTS_PER_MM, slot.height * POINTS_PER_MM].map(pdfNumber).join(' ')} re W n `
          operators += `${pdfNumber(box.width * POINTS_PER_MM)} 0 0 ${pdfNumber(box.height * POINTS_PER_MM)} ${pdfNumber(box.x * POINTS_PER_MM)} ${pdfNumber(h - (box.y + box.height) * POINTS_PER_MM)} cm/P Do Q\n`
        }
        operators += '/F Do\n'
        // Codes come last: nothing is ever drawn over one.
        for (const placed of placeQrs(template, card, side, preview)) operators += qrOperators(placed, h)
        return {
          operators: `q ${pdfNumber(-b)} ${pdfNumber(-b)} ${pdfNumber(w + 2 * b)} ${pdfNumber(h + 2 * b)} re W n\n${operators}Q\n`,
          xObjects,
        }
      }
      return { front: drawSide('front'), back: drawSide('back') }
    })
  }
  return { writer, draw }
}

/** White ground with 4 modules of quiet zone, then the dark runs, in units of one module. */
function qrOperators({ qr, moduleDots, left, top, dummy }: PlacedQr, cardHeight: number): string {
  const unit = moduleDots * POINTS_PER_DOT
  let operators = `q ${pdfNumber(unit)} 0 0 ${pdfNumber(-unit)} ${pdfNumber(left * POINTS_PER_DOT)} ${pdfNumber(cardHeight - top * POINTS_PER_DOT)} cm\n`
  operators += `1 g -4 -4 ${qr.size + 8} ${qr.size + 8} re f ${dummy ? '.6' : '0'} g\n`
  operators += qrPdfPath(qr)
  operators += 'f\n'
  if (dummy) operators += `.8 .1 .1 RG 1.2 w 0 0 m ${qr.size} ${qr.size} l S ${qr.size} 0 m 0 ${qr.size} l S\n`
  return `${operators}Q\n`
}
