import { Kept } from './kept.ts'
import { sampleRendering, type TemplateSide } from './sampleRendering.ts'
import type { Template } from './template.ts'
import { reasonOf } from './templateProblem.ts'

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
    return { pictures: null, problem: reasonOf(error) }
  }
}
