import type { ZodOpenApiContentObject, ZodOpenApiOperationObject, ZodOpenApiResponsesObject } from 'zod-openapi'
import { apiExamples } from './apiExamples.ts'
import { problems } from './problemResponses.ts'

/** Public evidence and health are answered before anybody is identified. */
const evidence = ['evidence', 'log', 'health']
/** What is answered from memory, whatever else is away. */
const always = ['/healthz', '/openapi.json', '/vct/{kind}/1', '/.well-known/oauth-protected-resource', '/.well-known/antin/webhook-keys']

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: false,
  description:
    'The same key with the same request gets the first answer again, for a day; with another request 422, while the first still runs 409. A key is of the caller. Of a multipart body only the length is compared.',
  schema: { type: 'string' as const, minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]{1,255}$' },
}

const text = (description: string, required: boolean) => ({ description, required, schema: { type: 'string' as const } })
const whenLimited = {
  RateLimit: text('What is left of the limit, and the seconds until it is full again', true),
  'RateLimit-Policy': text('The limit and its window in seconds', true),
}
const ofStatus: Record<number, Record<string, ReturnType<typeof text>>> = {
  401: { 'WWW-Authenticate': text('Bearer, with resource_metadata (RFC 9728)', true) },
  ...Object.fromEntries([201, 202].map(status => [status, { Location: text('Where to ask for it, when it has an address', false) }])),
  503: { 'Retry-After': text('Seconds', true) },
  429: { ...whenLimited, 'Retry-After': text('Seconds; absent when typed look-ups are used up for the day', false) },
}

/**
 * The operation with its id and tag, and with what answers before its own code runs: whoever is not identified or barred, an identity
 * provider that is away, a database that is, a body that cannot be read, an `Idempotency-Key` that is taken. All other statuses are its own to name.
 */
export function completeOperation(
  operation: ZodOpenApiOperationObject,
  path: string,
  method: string,
  tag: string,
): ZodOpenApiOperationObject {
  const isEvidence = evidence.includes(tag)
  const isPublic = isEvidence || (Array.isArray(operation.security) && operation.security.length === 0)
  const isStreamed = path.endsWith('/bulk')
  const readsBody = path.startsWith('/api/') && (method === 'post' || method === 'put') && !isStreamed
  const keepsAnswer = method === 'post' && !isPublic && !isStreamed && !path.endsWith('/stamped-copy')
  const before = [
    ...(isEvidence ? [] : [401, 403]),
    ...(always.includes(path) ? [] : [503]),
    ...(readsBody ? [400, 413, 415] : []),
    ...(keepsAnswer ? [409, 422] : []),
  ]
  const responses = { ...problems(...before), ...operation.responses } as ZodOpenApiResponsesObject
  const isLimited = 429 in responses
  const id = operation.operationId ?? operationId(path, method)
  const example = apiExamples[id] ?? {}
  const { requestBody } = operation
  return {
    ...operation,
    operationId: id,
    ...(requestBody ? { requestBody: { ...requestBody, content: withExample(requestBody.content, example.request) } } : {}),
    tags: operation.tags ?? [tag],
    ...(isPublic ? { security: isEvidence ? [] : [{}, { token: [] }] } : {}),
    ...(keepsAnswer ? { parameters: [...(operation.parameters ?? []), idempotencyKey] } : {}),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => {
        const limited = isLimited && (Number(status) < 300 || status === '429') ? whenLimited : {}
        const headers = { ...limited, ...ofStatus[Number(status)], ...(response as { headers?: object }).headers }
        const { content } = response as { content?: ZodOpenApiContentObject }
        return [
          status,
          {
            ...response,
            ...(Object.keys(headers).length > 0 ? { headers } : {}),
            ...(content ? { content: withExample(content, example.responses?.[status]) } : {}),
          },
        ]
      }),
    ) as ZodOpenApiResponsesObject,
  }
}

function withExample(content: ZodOpenApiContentObject, example: unknown): ZodOpenApiContentObject {
  const json = content['application/json']
  return json && example !== undefined ? { ...content, 'application/json': { ...json, example } } : content
}

/** `post /api/cards/{serial}/status` -> `postCardsSerialStatus`. */
function operationId(path: string, method: string): string {
  const words = path.replace(/^\/(api\/|\.well-known\/)?/, '').split(/[^A-Za-z0-9]+/)
  return (
    method +
    words
      .filter(Boolean)
      .map(word => word[0]!.toUpperCase() + word.slice(1))
      .join('')
  )
}
