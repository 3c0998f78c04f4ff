import { AppError } from '../../../core/errors.ts'
import { sampleRendering } from './sampleRendering.ts'
import type { Template } from './template.ts'

/** Why a template's sample cannot be drawn (file, line, column and reason), or null; it is laid out whole, as for printing. */
export function templateProblem(template: Template): string | null {
  try {
    sampleRendering(template).pdf()
    return null
  } catch (error) {
    return reasonOf(error)
  }
}

/** What an error while drawing says of the template. */
export function reasonOf(error: unknown): string {
  // A sample that lacks a field breaks the drawing in its own way; it is the template's fault all the same.
  return error instanceof AppError ? error.detail : `sample.json: ${error instanceof Error ? error.message : String(error)}`
}
