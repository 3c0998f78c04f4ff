import { writeCardPdf } from '../pdf/cardPdf.ts'
import type { Side } from './cardFaces.ts'
import { cardLayers, sideSvg } from './cardSvg.ts'
import type { CardView } from './cardView.ts'
import { Kept } from './kept.ts'
import { type Pixels, rasteriseOver, rasterisePixels } from './rasterise.ts'
import type { Template } from './template.ts'

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
      return Buffer.concat(chunks)
    },
    svg(side) {
      const { ground, over } = cardLayers(template, card, side, preview)
      return sideSvg(template, ground, over)
    },
    async png(dpi, side) {
      const { key, ground, over } = cardLayers(template, card, side, preview)
      const under = await grounds.get(`${key} ${dpi}`, () => rasterisePixels(sideSvg(template, ground), template.size, dpi))
      return rasteriseOver(under, sideSvg(template, over), template.size, dpi)
    },
  }
}

/** Grounds in pixels: drawing the drum takes longer than all else. */
const grounds = new Kept<Promise<Pixels>>(6)
