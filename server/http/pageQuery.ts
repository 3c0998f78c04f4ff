import { z } from 'zod'

/** The query of a list that is read in pages. */
export const pageQuery = z.object({
  cursor: z.string().min(1).max(600).optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
