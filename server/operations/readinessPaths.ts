import { z } from 'zod'

const readiness = z
  .object({
    ready: z.boolean(),
    citizensSeeAmberInSeconds: z.number().optional(),
    reasons: z.array(
      z.object({
        name: z.string(),
        ok: z.boolean(),
        detail: z.string(),
        amberInSeconds: z.number().nullable().optional(),
        isBearable: z.literal(true).optional().describe('Requests are answered all the same'),
      }),
    ),
  })
  .meta({ id: 'Readiness' })
const json = { 'application/json': { schema: readiness } }

/** Health in the OpenAPI document. */
export const readinessPaths = {
  '/healthz': {
    get: {
      summary: 'Whether the process answers',
      responses: { 200: { description: 'ok', content: { 'text/plain': { schema: z.string() } } } },
    },
  },
  '/readyz': {
    get: {
      summary: 'Whether requests can be answered here, with everything that is wrong either way',
      responses: { 200: { description: 'Ready', content: json }, 503: { description: 'Not now', content: json } },
    },
  },
}
