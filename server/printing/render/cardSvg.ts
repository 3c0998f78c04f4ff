import { qrPath } from '../qr/qrPath.ts'
import { faceDocument, groundDocument, type Side, sharedTexts } from './cardFaces.ts'
import type { CardView } from './cardView.ts'
import { type Box, coverCrop } from './coverCrop.ts'
import { jpegFrame } from './jpeg.ts'
import { Kept } from './kept.ts'
import { type PlacedQr, POINTS_PER_DOT, placeQrs } from './qrPlacement.ts'
import type { Template } from './template.ts'
import { typstSvg } from './typst.ts'

const grounds = new Kept<string>(32)

export interface CardLayers {
  /** What the ground depends on. */
  key: string
  /** The inside of an SVG whose view box is the trimmed side in points, as is `over`. */
  ground: string
  /** Photo, texts as outlines, and last the codes, on the dot grid. */
  over: string
}

/** Returns one side's drawing in two layers. Throws as `renderCard`. */
export function cardLayers(template: Template, card: CardView, side: Side, preview: boolean): CardLayers {
  const { bleed } = template.size
  const shared = sharedTexts(template, card)
  const key = `${template.digest} ${side} ${JSON.stringify(shared)}`
  const ground = grounds.get(key, () => innerSvg(typstSvg(groundDocument(template, shared, [side]))))
  const face = innerSvg(typstSvg(faceDocument(template, [card], { preview, sides: [side] })))
  return {
    key,
    ground: `<g transform="translate(${points(-bleed)} ${points(-bleed)})">${ground}</g>`,
    over: [photoSvg(template, card, side), face, ...placeQrs(template, card, side, preview).map(qrSvgGroup)].join('\n'),
  }
}

/** Returns layers as an SVG of the trimmed side. */
export function sideSvg({ size }: Template, ...layers: readonly string[]): string {
  const box = `width="${size.width}mm" height="${size.height}mm" viewBox="0 0 ${points(size.width)} ${points(size.height)}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${box}>\n${layers.join('\n')}\n</svg>\n`
}

function photoSvg(template: Template, card: CardView, side: Side): string {
  const slot = template.photo
  if (slot?.side !== side || !card.photo) return ''
  const place = (box: Box) => `x="${points(box.x)}" y="${points(box.y)}" width="${points(box.width)}" height="${points(box.height)}"`
  const base64 = Buffer.from(card.photo).toString('base64')
  return (
    `<clipPath id="photo"><rect ${place(slot)}/></clipPath>` +
    `<image clip-path="url(#photo)" ${place(coverCrop(jpegFrame(card.photo), slot))} preserveAspectRatio="none" xlink:href="data:image/jpeg;base64,${base64}"/>`
  )
}

function qrSvgGroup({ qr, moduleDots, left, top, dummy }: PlacedQr): string {
  const { size } = qr
  const place = `translate(${round(left * POINTS_PER_DOT)} ${round(top * POINTS_PER_DOT)}) scale(${round(moduleDots * POINTS_PER_DOT)})`
  return (
    `<g shape-rendering="crispEdges" transform="${place}"><path fill="#fff" d="M-4-4h${size + 8}v${size + 8}h-${size + 8}z"/>` +
    `<path fill="${dummy ? '#999' : '#000'}" d="${qrPath(qr)}"/>` +
    `${dummy ? `<path stroke="#c11" stroke-width="1.2" d="M0 0L${size} ${size}M${size} 0L0 ${size}"/>` : ''}</g>`
  )
}

/** What is inside the outermost element. */
function innerSvg(svg: string): string {
  return svg.slice(svg.indexOf('>') + 1, svg.lastIndexOf('</svg>'))
}

const round = (value: number) => Math.round(value * 1e5) / 1e5
const points = (millimetres: number) => round((millimetres * 72) / 25.4)
