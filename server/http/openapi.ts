import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { problems } from './problemResponses.ts'
import { agenciesPaths } from './routes/agencies.ts'
import { cardsPaths } from './routes/cards.ts'
import { diplomaLookupPaths } from './routes/diplomaLookup.ts'
import { diplomasPaths } from './routes/diplomas.ts'
import { importsPaths } from './routes/imports.ts'
import { jwtVcIssuerPaths } from './routes/jwtVcIssuer.ts'
import { keysPaths } from './routes/keys.ts'
import { liveCardsPaths } from './routes/liveCards.ts'
import { officersPaths } from './routes/officers.ts'
import { photosPaths } from './routes/photos.ts'
import { printJobsPaths } from './routes/printJobs.ts'
import { requestsPaths } from './routes/requests.ts'
import { resultSheetsPaths } from './routes/resultSheets.ts'
import { sdJwtPaths } from './routes/sdJwt.ts'
import { stampedCopiesPaths } from './routes/stampedCopies.ts'
import { statusListPaths } from './routes/statusLists.ts'
import { tokensPaths } from './routes/tokens.ts'
import { trustPaths } from './routes/trust.ts'
import { verificationsPaths } from './routes/verifications.ts'
import { webhooksPaths } from './routes/webhooks.ts'

/** Paths with what they are about, in the order in which the documentation shows them. */
const groups: readonly (readonly [string, string, Record<string, object>])[] = [
  ['verification', 'Verify cards and diplomas', { ...verificationsPaths, ...tokensPaths, ...photosPaths }],
  ['diploma look-up', 'What a verifier of diplomas needs', { ...diplomaLookupPaths, ...resultSheetsPaths }],
  ['evidence', 'Public evidence: trust, status lists, issuers', { ...trustPaths, ...statusListPaths, ...jwtVcIssuerPaths }],
  ['cards', 'Cards: request, read, render, suspend', cardsPaths],
  ['live cards', 'Live cards on the holder’s phone, and wallets', { ...liveCardsPaths, ...sdJwtPaths }],
  ['diplomas', 'Register diplomas', { ...diplomasPaths, ...stampedCopiesPaths }],
  ['printing', 'Print runs and the plastic', printJobsPaths],
  ['requests', 'What needs a second person', requestsPaths],
  ['people', 'People and agencies', { ...officersPaths, ...importsPaths, ...agenciesPaths }],
  ['keys', 'Signing keys', keysPaths],
  ['webhooks', 'Webhooks', webhooksPaths],
]
const methods = ['get', 'post', 'put', 'patch', 'delete'] as const
const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: false,
  description: 'The same key with the same request gets the first answer again, for a day',
  schema: { type: 'string' as const, minLength: 1, maxLength: 255 },
}

/** The OpenAPI 3.1 document, made from the schemas that parse the requests. */
export function openApiDocument(publicUrl: string) {
  const paths: ZodOpenApiPathsObject = {}
  for (const [tag, , own] of groups) {
    for (const [path, item] of Object.entries(own)) {
      const operations = item as Record<string, ZodOpenApiOperationObject>
      for (const method of methods) {
        const operation = operations[method]
        if (operation) paths[path] = { ...paths[path], [method]: complete(operation, path, method, tag) }
      }
    }
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Ấn Tín',
      version: '1',
      summary: 'Electronic cards of civil servants and a registry of diplomas that anyone can verify',
      description:
        'JSON in camelCase. Errors are application/problem+json (RFC 9457) with a stable `code`. Lists are read with the cursor `next`. Times are ISO 8601 in UTC unless said to be seconds. Requests are limited; see the `RateLimit` headers.',
      license: { name: 'See the project', identifier: 'LicenseRef-antin' },
    },
    servers: [{ url: publicUrl }],
    tags: groups.map(([name, description]) => ({ name, description })),
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'at+jwt',
          description:
            'An access token of the OIDC provider for our audience (RFC 9068), with an agency claim and scopes among cards:write diplomas:write verify:bulk audit:read; or the session of a signed-in person',
        },
      },
    },
  })
}

/** The operation with its id and tag, and with the errors that every operation of its kind can answer. */
function complete(operation: ZodOpenApiOperationObject, path: string, method: string, tag: string): ZodOpenApiOperationObject {
  const isPublic = Array.isArray(operation.security) && operation.security.length === 0
  const changes = method !== 'get'
  const expected = [
    ...(isPublic ? [] : [401, 403]),
    ...(operation.requestBody ? [400, 413] : []),
    ...(path.includes('{') ? [404] : []),
    ...(changes && !isPublic ? [409, 422, 503] : []),
  ]
  const createsForClient = method === 'post' && !isPublic && !path.endsWith('/bulk')
  return {
    ...operation,
    operationId: operation.operationId ?? operationId(path, method),
    tags: operation.tags ?? [tag],
    ...(createsForClient ? { parameters: [...(operation.parameters ?? []), idempotencyKey] } : {}),
    responses: { ...(problems(...expected) as ZodOpenApiOperationObject['responses']), ...operation.responses },
  }
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
