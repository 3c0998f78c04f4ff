import { type QrModules, qrModules } from '../qr/qrModules.ts'
import type { Side } from './cardFaces.ts'
import type { CardView } from './cardView.ts'
import type { Template } from './template.ts'

/** Dots to the inch that codes are laid on: those of a card printer. One dot is 0.24 pt. */
export const DOTS_PER_INCH = 300
export const POINTS_PER_DOT = 72 / DOTS_PER_INCH

export interface PlacedQr {
  qr: QrModules
  moduleDots: number
  /** Top left of the code itself, in whole dots from the trimmed card's top left. */
  left: number
  top: number
  /** A preview's dummy: grey and struck out. */
  dummy: boolean
}

/** What a preview's codes say: they lead nowhere. */
const DUMMY_TEXT = 'XEM TRUOC - KHONG CO GIA TRI KIEM TRA'

/** Returns the codes of one side on the dot grid. Throws `render.qr` where one outgrows its place. */
export function placeQrs(template: Template, card: CardView, side: Side, preview: boolean): PlacedQr[] {
  return template.qr
    .filter(slot => slot.side === side)
    .map(slot => {
      const url = preview ? DUMMY_TEXT : slot.code === 'sealed' ? card.sealedUrl : card.shortUrl
      const qr = qrModules(url, slot.maxVersion)
      const dots = (millimetres: number) => (millimetres / 25.4) * DOTS_PER_INCH
      const moduleDots = preview && slot.code === 'sealed' ? 8 : slot.moduleDots
      const margin = (dots(slot.size) - qr.size * moduleDots) / 2
      return { qr, moduleDots, left: Math.round(dots(slot.x) + margin), top: Math.round(dots(slot.y) + margin), dummy: preview }
    })
}
