import type { NodeTypstDocument } from '@myriaddreamin/typst-ts-node-compiler'
import { AppError } from '../../../core/errors.ts'
import type { CardView } from './cardView.ts'
import { requireGlyphs } from './fontCoverage.ts'
import { jpegFrame } from './jpeg.ts'
import type { Template } from './template.ts'
import { textFields } from './textFields.ts'
import { compileTypst, shadowFile } from './typst.ts'

export type Side = 'front' | 'back'
export const cardSides: readonly Side[] = ['front', 'back']

/** Values of the template's shared fields; null for an empty one. */
export type SharedTexts = Readonly<Record<string, string | null>>

/** What a card shares with others: cards of equal ones have the same ground. */
export function sharedTexts(template: Template, card: CardView): SharedTexts {
  return Object.fromEntries(textFields.card.filter(field => template.fields[field]?.shared).map(field => [field, card[field] || null]))
}

/** The part of both sides that does not vary from card to card, with its bleed: one page a side. Throws as `faceDocument`. */
export function groundDocument(template: Template, shared: SharedTexts, sides: readonly Side[] = cardSides): NodeTypstDocument {
  const { width, height, bleed } = template.size
  shadowFile('shared.json', Buffer.from(JSON.stringify(shared)))
  const body = ['#let shared = json("/shared.json")', ...sides.map(side => `#page(context ${side}.ground(shared, spec))`)]
  return paged(template, sides, width + 2 * bleed, height + 2 * bleed, body, sides.length)
}

/**
 * The texts of each card, trimmed size, clear ground: for each card one page a side, in order. Throws `render.text`,
 * `render.font`, `render.image` or `render.template`, naming the field.
 */
export function faceDocument(
  template: Template,
  cards: readonly CardView[],
  { preview = false, sides = cardSides } = {},
): NodeTypstDocument {
  for (const card of cards) checkCard(template, card)
  shadowFile('cards.json', Buffer.from(JSON.stringify(cards.map(card => textsOf(template, card)))))
  const mark = (side: Side) => (preview ? ' preview-mark()' : ` if card.sample { sample-mark("${side}") }`)
  const pages = sides.map(side => `page(context { ${side}.face(card, spec);${mark(side)} })`).join('; ')
  const body = [`#for card in json("/cards.json") { ${pages} }`]
  return paged(template, sides, template.size.width, template.size.height, body, cards.length * sides.length)
}

function paged(
  template: Template,
  sides: readonly Side[],
  width: number,
  height: number,
  body: string[],
  pages: number,
): NodeTypstDocument {
  if (template.kind !== 'card') throw new AppError('render.template', 'template.json: kind is not card')
  const document = compileTypst(
    [
      '#import "/antin.typ": preview-mark, sample-mark',
      ...sides.map(side => `#import "/${shadowTemplate(template)}/${side}.typ" as ${side}`),
      `#let spec = (emblem: ${template.emblem ? JSON.stringify(template.emblem.file) : 'none'}, emblem-placeholder: ${template.emblem?.placeholder ?? false})`,
      '#set document(date: none)',
      '#set text(font: ("Be Vietnam Pro", "DejaVu Sans Mono"), lang: "vi", region: "vn", fallback: false, size: 8pt, hyphenate: false)',
      `#set page(width: ${width}mm, height: ${height}mm, margin: 0pt, fill: none)`,
      ...body,
    ].join('\n'),
  )
  if (document.numOfPages !== pages) throw new AppError('render.template', `${sides.join('.typ, ')}.typ: content runs over the side's edge`)
  return document
}

const shadowed = new Set<string>()

/** Makes a template's files visible to Typst once; returns their folder. */
export function shadowTemplate(template: Template): string {
  const folder = `${template.name}@${template.digest.slice(0, 16)}`
  if (!shadowed.has(folder)) {
    for (const [path, bytes] of template.files) shadowFile(`${folder}/${path}`, bytes)
    shadowed.add(folder)
  }
  return folder
}

function checkCard(template: Template, card: CardView): void {
  for (const field of textFields.card) {
    const text = card[field]
    if (text) requireGlyphs(field, text, template.fonts)
    else if (template.fields[field]?.required) throw new AppError('render.text', `${field} is required and empty`)
  }
  if (card.photo) jpegFrame(card.photo)
  else if (template.photo?.required) throw new AppError('render.image', 'photo is required and missing')
}

function textsOf(template: Template, card: CardView): Record<string, unknown> {
  const texts: Record<string, unknown> = { sample: card.sample ?? false, 'has-photo': card.photo !== undefined }
  for (const field of textFields.card) {
    const rule = template.fields[field]
    if (!rule?.shared) texts[field] = rule && card[field] ? card[field] : null
  }
  return texts
}
