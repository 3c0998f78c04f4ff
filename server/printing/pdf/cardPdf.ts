import { pdfNumber, pdfString } from '../../../core/pdf/pdfText.ts'
import { cardSides } from '../render/cardFaces.ts'
import type { CardView } from '../render/cardView.ts'
import type { Template } from '../render/template.ts'
import { beginCardPdf, POINTS_PER_MM } from './cardDrawings.ts'
import { deflated } from './deflated.ts'

export interface CardRun {
  template: Template
  cards: Iterable<CardView>
  preview?: boolean
  title?: string
}

/** A file that grows by cards: `size` of them at a time (fewer only in the last call), then `end` once. */
export interface CardLayout {
  size: number
  add(cards: readonly CardView[]): void
  end(): void
}

export type LayoutStart = Pick<CardRun, 'template' | 'preview' | 'title'>

/**
 * Writes a PDF for a duplex card printer to `sink`: for each card a page for the front and one for the back, trimmed size.
 * Memory does not grow with the run. Same cards, same bytes.
 */
export function writeCardPdf(run: CardRun, sink: (chunk: Uint8Array) => void): void {
  lay(cardPages(run, sink), run.cards)
}

/** The layout of `writeCardPdf`. */
export function cardPages(start: LayoutStart, sink: (chunk: Uint8Array) => void): CardLayout {
  const { width, height } = start.template.size
  const box = [width, height].map(side => pdfNumber(side * POINTS_PER_MM)).join(' ')
  // A card is turned like a page of a book, about its short edge, and its back is then upright.
  const file = pagedFile(start, sink, 'DuplexFlipShortEdge')
  return {
    size: 100,
    add(cards) {
      const { writer, draw, addPage } = file.open(cards[0])
      for (const drawing of draw(cards)) {
        for (const side of cardSides) {
          const { operators, xObjects } = drawing[side]
          addPage(box, xObjects, writer.stream('/Filter/FlateDecode', deflated(operators)))
        }
      }
    },
    end: () => file.end(),
  }
}

/** A file begun when its first card is known, and its pages; `duplex` tells a printer how the paper turns (ISO 32000-1, table 150). */
export function pagedFile(
  { template, preview = false, title }: LayoutStart,
  sink: (chunk: Uint8Array) => void,
  duplex: 'DuplexFlipShortEdge' | 'DuplexFlipLongEdge',
) {
  const begin = (first?: CardView) => {
    const { writer, draw } = beginCardPdf(template, first, sink, { preview })
    const parent = writer.reserve()
    const pages: number[] = []
    const addPage = (box: string, xObjects: string, content: number) =>
      pages.push(
        writer.object(
          `<</Type/Page/Parent ${parent} 0 R/MediaBox[0 0 ${box}]/Resources<</XObject<<${xObjects}>>>>/Contents ${content} 0 R>>`,
        ),
      )
    return { writer, draw, addPage, parent, pages }
  }
  let begun: ReturnType<typeof begin> | undefined
  return {
    open(first?: CardView) {
      begun ??= begin(first)
      return begun
    },
    end() {
      const { writer, parent, pages } = this.open()
      writer.object(`<</Type/Pages/Count ${pages.length}/Kids[${pages.map(page => `${page} 0 R`).join(' ')}]>>`, parent)
      const root = writer.object(`<</Type/Catalog/Pages ${parent} 0 R/ViewerPreferences<</PrintScaling/None/Duplex/${duplex}>>>>`)
      writer.end(root, writer.object(`<</Producer${pdfString('Ấn Tín')}${title ? `/Title${pdfString(title)}` : ''}>>`))
    },
  }
}

/** Adds all cards to a layout and ends it. */
export function lay(layout: CardLayout, cards: Iterable<CardView>): void {
  let waiting: CardView[] = []
  for (const card of cards) {
    waiting.push(card)
    if (waiting.length < layout.size) continue
    layout.add(waiting)
    waiting = []
  }
  if (waiting.length > 0) layout.add(waiting)
  layout.end()
}
