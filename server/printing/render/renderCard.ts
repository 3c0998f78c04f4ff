import sharp from 'sharp'
import { writeCardPdf } from '../pdf/cardPdf.ts'
import { qrPath } from '../qr/qrPath.ts'
import { faceDocument, groundDocument, type Side } from './cardFaces.ts'
import type { CardView } from './cardView.ts'
import { coverCrop } from './coverCrop.ts'
import { jpegFrame } from './jpeg.ts'
import { POINTS_PER_DOT, placeQrs } from './qrPlacement.ts'
import type { Template } from './template.ts'
import { typstSvg } from './typst.ts'

export interface CardRendering {
  /** Two pages, front and back, vector text and codes. */
  pdf(): Uint8Array
  /** `dpi` 72 to 1200; at 300 and 600 the codes' modules fall on whole pixels. */
  png(dpi: number, side: Side): Promise<Uint8Array>
  /** Texts are outlines: it looks alike everywhere. */
  svg(side: Side): string
}

export interface CardInput {
  template: Template
  card: CardView
  /** Marked, and without a live code. */
  preview?: boolean
}

/**
 * Returns a card's renderings, each made when asked for: functions of template and card alone (same input, same bytes).
 * They throw `render.text`, `render.font`, `render.image`, `render.qr` (naming the field) or `render.template`.
 */
export function renderCard({ template, card, preview = false }: CardInput): CardRendering {
  return {
    pdf() {
      const chunks: Uint8Array[] = []
      writeCardPdf({ template, cards: [card], preview, title: preview ? 'XEM TRƯỚC' : card.serial }, chunk => chunks.push(chunk))
      return new Uint8Array(Buffer.concat(chunks))
    },
    svg: side => cardSvg(template, card, side, preview, `width="${template.size.width}mm" height="${template.size.height}mm"`),
    async png(dpi, side) {
      const { width, height } = template.size
      const pixels = (millimetres: number) => Math.round((millimetres / 25.4) * dpi)
      const [w, h] = [pixels(width), pixels(height)]
      const svg = cardSvg(template, card, side, preview, `width="${w}" height="${h}"`, [(w * 72) / dpi, (h * 72) / dpi])
      const png = await sharp(Buffer.from(svg))
        .flatten({ background: '#fff' })
        .withMetadata({ density: dpi })
        .png({ compressionLevel: 6 })
        .toBuffer()
      return new Uint8Array(png)
    },
  }
}

const groundSvgs = new WeakMap<Template, Partial<Record<Side, string>>>()

function cardSvg(template: Template, card: CardView, side: Side, preview: boolean, sizes: string, viewBox?: [number, number]): string {
  const points = (millimetres: number) => (millimetres * 72) / 25.4
  const { width, height, bleed } = template.size
  const cached = groundSvgs.get(template) ?? {}
  groundSvgs.set(template, cached)
  cached[side] ??= innerSvg(typstSvg(groundDocument(template, [side])))
  const face = innerSvg(typstSvg(faceDocument(template, [card], { preview, sides: [side] })))

  let photo = ''
  let codes = ''
  const slot = template.photo
  if (slot?.side === side && card.photo) {
    const box = coverCrop(jpegFrame(card.photo), slot)
    const clip = (box_: { x: number; y: number; width: number; height: number }) =>
      `x="${n(points(box_.x))}" y="${n(points(box_.y))}" width="${n(points(box_.width))}" height="${n(points(box_.height))}"`
    photo += `<clipPath id="photo"><rect ${clip(slot)}/></clipPath><image clip-path="url(#photo)" ${clip(box)} preserveAspectRatio="none" xlink:href="data:image/jpeg;base64,${Buffer.from(card.photo).toString('base64')}"/>`
  }
  for (const { qr, moduleDots, left, top, dummy } of placeQrs(template, card, side, preview)) {
    const unit = moduleDots * POINTS_PER_DOT
    codes += `<g shape-rendering="crispEdges" transform="translate(${n(left * POINTS_PER_DOT)} ${n(top * POINTS_PER_DOT)}) scale(${n(unit)})"><path fill="#fff" d="M-4-4h${qr.size + 8}v${qr.size + 8}h-${qr.size + 8}z"/><path fill="${dummy ? '#999' : '#000'}" d="${qrPath(qr)}"/>${dummy ? `<path stroke="#c11" stroke-width="1.2" d="M0 0L${qr.size} ${qr.size}M${qr.size} 0L0 ${qr.size}"/>` : ''}</g>`
  }
  const [w, h] = viewBox ?? [points(width), points(height)]
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${sizes} viewBox="0 0 ${n(w)} ${n(h)}"><g transform="translate(${n(points(-bleed))} ${n(points(-bleed))})">${cached[side]}</g>${photo}${face}${codes}</svg>`
}

/** What is inside the outermost element. */
function innerSvg(svg: string): string {
  return svg.slice(svg.indexOf('>') + 1, svg.lastIndexOf('</svg>'))
}

const n = (value: number) => Math.round(value * 1e5) / 1e5
