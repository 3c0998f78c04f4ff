import { z } from 'zod'
import { evidenceResponses } from '../evidenceResponses.ts'

/** The document in itself. */
export const openApiPaths = {
  '/openapi.json': {
    get: {
      summary: 'This document',
      responses: evidenceResponses('OpenAPI 3.1', 'application/json', z.looseObject({ openapi: z.string() })),
    },
  },
}
