import { z } from 'zod'

/** Problem details (RFC 9457) as `problem.ts` sends them. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable; see docs/errors.md'),
    detail: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

const descriptions: Record<number, string> = {
  400: 'The request cannot be read',
  401: 'Sign in first',
  403: 'Not allowed',
  404: 'Nothing answers to this',
  409: 'In conflict with what is there',
  413: 'Too large',
  415: 'A kind of body that is not taken',
  422: 'Well formed, but against a rule',
  429: 'Too many requests; see Retry-After and RateLimit',
  503: 'Not available now; try again',
}

/** The OpenAPI responses of these statuses. */
export function problems(...statuses: number[]) {
  return Object.fromEntries(
    statuses.map(status => [
      status,
      { description: descriptions[status] ?? 'Error', content: { 'application/problem+json': { schema: problemSchema } } },
    ]),
  )
}
