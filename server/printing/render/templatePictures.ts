import { AppError } from '../../../core/errors.ts'
import { Kept } from './kept.ts'
import { sampleRendering, type TemplateSide } from './sampleRendering.ts'
import type { Template } from './template.ts'

/** PNG pictures of a template's sample by side, or why it cannot be drawn: file, line and reason. */
export type TemplatePictures =
  | { readonly pictures: ReadonlyMap<TemplateSide, Uint8Array>; readonly problem: null }
  | { readonly pictures: null; readonly problem: string }

/** Width in pixels: sharp on a screen of twice the density. */
const width = 860
const kept = new Kept<Promise<TemplatePictures>>(32)

/** Draws a template's sample, once for each state of its files. */
export function templatePictures(template: Template): Promise<TemplatePictures> {
  return kept.get(template.digest, () => draw(template))
}

async function draw(template: Template): Promise<TemplatePictures> {
  try {
    const { sides, png } = sampleRendering(template)
    const pictures = new Map<TemplateSide, Uint8Array>()
    for (const side of sides) pictures.set(side, await png(Math.max(36, (width * 25.4) / template.size.width), side))
    return { pictures, problem: null }
  } catch (error) {
    // A sample that lacks a field breaks the drawing in its own way; it is the template's fault all the same.
    const reason = error instanceof AppError ? error.detail : `sample.json: ${error instanceof Error ? error.message : String(error)}`
    return { pictures: null, problem: reason }
  }
}
