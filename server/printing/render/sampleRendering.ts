import { AppError } from '../../../core/errors.ts'
import type { CardView } from './cardView.ts'
import type { DiplomaView } from './diplomaView.ts'
import { renderCard } from './renderCard.ts'
import { renderDiploma } from './renderDiploma.ts'
import type { Template } from './template.ts'
import { textFields } from './textFields.ts'

export type TemplateSide = 'front' | 'back' | 'page'

/** A template with its own sample data, marked as a preview and without a live code. */
export interface SampleRendering {
  readonly sides: readonly TemplateSide[]
  pdf(): Uint8Array
  /** `dpi` 36 to 1200. */
  png(dpi: number, side: TemplateSide): Promise<Uint8Array>
}

/** Renders `sample.json` (and `sample.jpg`, a card's photo) of a template. Throws what rendering throws, naming file, line and reason. */
export function sampleRendering(template: Template): SampleRendering {
  const sample = readSample(template)
  if (template.kind === 'document') {
    const rendering = renderDiploma({ template, diploma: sample as DiplomaView, preview: true })
    return { sides: ['page'], pdf: () => rendering.pdf(), png: dpi => rendering.png(dpi) }
  }
  const photo = template.files.get('sample.jpg')
  const rendering = renderCard({ template, card: { ...sample, ...(photo ? { photo } : {}) } as CardView, preview: true })
  return {
    sides: ['front', 'back'],
    pdf: () => rendering.pdf(),
    png: (dpi, side) => rendering.png(dpi, side === 'back' ? 'back' : 'front'),
  }
}

function readSample(template: Template): object {
  const bytes = template.files.get('sample.json')
  if (!bytes) throw new AppError('render.template', 'sample.json: no such file')
  let sample: Record<string, unknown>
  try {
    sample = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new AppError('render.template', `sample.json: ${(cause as Error).message}`, { cause })
  }
  const wrong = textFields[template.kind].find(field => sample[field] !== undefined && typeof sample[field] !== 'string')
  if (wrong) throw new AppError('render.template', `sample.json: ${wrong} is not a text`)
  return sample
}
