import { z } from 'zod'
import { problems } from '../http/problemResponses.ts'
import { receiptSchema } from '../http/receiptSchema.ts'

const header = (description: string) => ({ description, required: true, schema: { type: 'string' as const } })
const headers = { 'Cache-Control': header('How long it may be kept'), 'Access-Control-Allow-Origin': header('*') }
const index = z.string().describe('Groups of three digits, all but the last after x, as x001/x234/067; .p/W after a partial one of width W')
const octets = (description: string) => ({
  200: { description, headers, content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } } },
  ...problems(404),
})

/** The public log (formats 5, C2SP tlog-tiles) in the OpenAPI document. */
export const logPaths = {
  '/log/checkpoint': {
    get: {
      summary: 'The newest checkpoint with its cosignatures, a signed note',
      responses: { 200: { description: 'Signed note', headers, content: { 'text/plain': { schema: z.string() } } }, ...problems(404) },
    },
  },
  '/log/tile/{level}/{index}': {
    get: {
      summary: 'A tile of hashes',
      requestParams: { path: z.object({ level: z.int().min(0).max(63), index }) },
      responses: octets('32 bytes a hash'),
    },
  },
  '/log/tile/entries/{index}': {
    get: {
      summary: 'A bundle of entries',
      requestParams: { path: z.object({ index }) },
      responses: octets('Two bytes of length before each entry'),
    },
  },
  '/log/proof': {
    get: {
      summary: 'The receipt of a card or diploma by its ref, or of an SD-JWT VC by the digest of its payload: one of the two',
      requestParams: {
        query: z.object({
          ref: z
            .string()
            .regex(/^[\w-]{21}[AQgw]$/)
            .optional(),
          digest: z
            .string()
            .regex(/^[\w-]{42}[AEIMQUYcgkosw048]$/)
            .optional()
            .describe('SHA-256 in base64url'),
          size: z.string().optional().describe('Of the tree; the newest checkpoint when absent'),
        }),
      },
      responses: {
        200: { description: 'Receipt (formats 7)', headers, content: { 'application/json': { schema: receiptSchema } } },
        ...problems(404),
      },
    },
  },
  '/log/cosignatures/{size}': {
    post: {
      summary: 'Cosignatures of witnesses on the checkpoint of this size',
      requestParams: { path: z.object({ size: z.string() }) },
      requestBody: { required: true, content: { 'text/plain': { schema: z.string() } } },
      responses: { 204: { description: 'Kept' }, ...problems(400, 404, 413, 415, 422) },
    },
  },
}
