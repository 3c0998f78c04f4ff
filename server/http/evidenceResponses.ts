import type { ZodType } from 'zod'
import { problems } from './problemResponses.ts'

const text = (description: string) => ({ description, required: true, schema: { type: 'string' as const } })
const headers = {
  ETag: text('Names these bytes; sent back in If-None-Match it gets 304'),
  'Cache-Control': text('How long it may be kept'),
  'Access-Control-Allow-Origin': text('*'),
}

/** The OpenAPI responses of what `sendEvidence` sends, with these problem statuses. */
export function evidenceResponses(description: string, type: string, schema: ZodType, ...statuses: number[]) {
  return {
    200: { description, headers, content: { [type]: { schema } } },
    304: { description: 'You have it already', headers },
    ...problems(...statuses),
  }
}
