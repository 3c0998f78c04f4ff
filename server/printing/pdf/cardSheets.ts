import { pdfNumber } from '../../../core/pdf/pdfText.ts'
import { cardSides, type Side } from '../render/cardFaces.ts'
import { POINTS_PER_MM } from './cardDrawings.ts'
import { type CardLayout, type CardRun, type LayoutStart, lay, pagedFile } from './cardPdf.ts'
import { deflated } from './deflated.ts'

const A4 = { width: 210, height: 297 }
/** Between the bleeds of neighbours, and the length of a crop mark; millimetres. */
const GUTTER = 3
const MARK = 2.5
const MARGIN = 8

/**
 * Writes A4 sheets to `sink`, for each a page of fronts and a page of backs, the backs mirrored for turning on the long edge.
 * Cards keep their bleed; hairline marks in black stand at the corners of the trim, outside it. Cards begin on whole dots of
 * 1/300 inch, so codes stay sharp. Same cards, same bytes.
 */
export function writeCardSheets(run: CardRun, sink: (chunk: Uint8Array) => void): void {
  lay(cardSheets(run, sink), run.cards)
}

/** The layout of `writeCardSheets`. */
export function cardSheets(start: LayoutStart, sink: (chunk: Uint8Array) => void): CardLayout {
  const file = pagedFile(start, sink, 'DuplexFlipLongEdge')
  const { width, height, bleed } = start.template.size
  const cell = { width: width + 2 * bleed + GUTTER, height: height + 2 * bleed + GUTTER }
  const columns = Math.floor((A4.width - 2 * MARGIN + GUTTER) / cell.width)
  const rows = Math.floor((A4.height - 2 * MARGIN + GUTTER) / cell.height)
  const left = (A4.width - columns * cell.width + GUTTER) / 2 + bleed
  const top = (A4.height - rows * cell.height + GUTTER) / 2 + bleed
  const [w, h] = [A4.width * POINTS_PER_MM, A4.height * POINTS_PER_MM]

  return {
    size: columns * rows,
    add(cards) {
      const { writer, draw, addPage } = file.open(cards[0])
      const drawings = draw(cards)
      for (const side of cardSides) {
        let operators = ''
        let marks = ''
        let xObjects = ''
        drawings.forEach((drawing, index) => {
          const { operators: inner, xObjects: named } = drawing[side]
          const [x, y] = corner(index, side)
          const form = writer.stream(
            `/Type/XObject/Subtype/Form/BBox[${[-bleed, -bleed, width + bleed, height + bleed].map(points).join(' ')}]/Resources<</XObject<<${named}>>>>/Filter/FlateDecode`,
            deflated(inner),
          )
          xObjects += `/S${index} ${form} 0 R`
          operators += `q 1 0 0 1 ${pdfNumber(x)} ${pdfNumber(h - y - height * POINTS_PER_MM)} cm/S${index} Do Q\n`
          marks += cropMarks(x, h - y - height * POINTS_PER_MM)
        })
        const content = writer.stream('/Filter/FlateDecode', deflated(`${operators}q 0 0 0 1 K .25 w\n${marks}Q\n`))
        addPage(`${pdfNumber(w)} ${pdfNumber(h)}`, xObjects, content)
      }
    },
    end: () => file.end(),
  }

  /** Top left of a card's trim in points from the sheet's top left, on the dot grid. */
  function corner(index: number, side: Side): [number, number] {
    const column = side === 'front' ? index % columns : columns - 1 - (index % columns)
    const row = Math.floor(index / columns)
    const onGrid = (millimetres: number) => (Math.round((millimetres / 25.4) * 300) * 72) / 300
    return [onGrid(left + column * cell.width), onGrid(top + row * cell.height)]
  }

  /** Two lines at each corner of the trim, beginning where the bleed ends. */
  function cropMarks(x: number, y: number): string {
    const [near, far] = [bleed * POINTS_PER_MM, (bleed + MARK) * POINTS_PER_MM]
    const [right, upper] = [x + width * POINTS_PER_MM, y + height * POINTS_PER_MM]
    const line = (...ends: number[]) => `${ends.slice(0, 2).map(pdfNumber).join(' ')} m ${ends.slice(2).map(pdfNumber).join(' ')} l S\n`
    return [x, right]
      .map(at => line(at, y - near, at, y - far) + line(at, upper + near, at, upper + far))
      .concat([y, upper].map(at => line(x - near, at, x - far, at) + line(right + near, at, right + far, at)))
      .join('')
  }
}

const points = (millimetres: number) => pdfNumber(millimetres * POINTS_PER_MM)
