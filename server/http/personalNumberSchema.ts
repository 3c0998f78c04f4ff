import { z } from 'zod'

/** A personal number as the API takes it. */
export const personalNumber = z
  .string()
  .regex(/^\d{12}$/, 'A personal number has 12 digits')
  .describe('12 digits; kept sealed, never shown whole')
