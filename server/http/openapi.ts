import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { logPaths } from '../log/logPaths.ts'
import { readinessPaths } from '../operations/readinessPaths.ts'
import { completeOperation } from './completeOperation.ts'
import { agenciesPaths } from './routes/agencies.ts'
import { cardsPaths } from './routes/cards.ts'
import { diplomaChangesPaths } from './routes/diplomaChanges.ts'
import { diplomaLookupPaths } from './routes/diplomaLookup.ts'
import { diplomaRequestsPaths } from './routes/diplomaRequests.ts'
import { diplomasPaths } from './routes/diplomas.ts'
import { importsPaths } from './routes/importsPaths.ts'
import { jwtVcIssuerPaths } from './routes/jwtVcIssuer.ts'
import { keysPaths } from './routes/keys.ts'
import { liveCardsPaths } from './routes/liveCards.ts'
import { officersPaths } from './routes/officers.ts'
import { openApiPaths } from './routes/openApiPaths.ts'
import { ownDiplomasPaths } from './routes/ownDiplomas.ts'
import { photosPaths } from './routes/photos.ts'
import { printJobsPaths } from './routes/printJobs.ts'
import { requestsPaths } from './routes/requests.ts'
import { resourceMetadataPaths } from './routes/resourceMetadata.ts'
import { resultSheetsPaths } from './routes/resultSheets.ts'
import { sdJwtPaths } from './routes/sdJwt.ts'
import { stampedCopiesPaths } from './routes/stampedCopies.ts'
import { statusListPaths } from './routes/statusLists.ts'
import { tokensPaths } from './routes/tokens.ts'
import { trustPaths } from './routes/trust.ts'
import { verificationsPaths } from './routes/verifications.ts'
import { webhookKeysPaths, webhooksPaths } from './routes/webhooks.ts'

/** Paths with what they are about, in the order in which the documentation shows them. */
const groups: readonly (readonly [string, string, Record<string, object>])[] = [
  ['verification', 'Verify cards and diplomas', { ...verificationsPaths, ...tokensPaths, ...photosPaths }],
  ['diploma look-up', 'What a verifier of diplomas needs', { ...diplomaLookupPaths, ...resultSheetsPaths }],
  [
    'evidence',
    'Public evidence: trust, status lists, issuers',
    { ...trustPaths, ...statusListPaths, ...jwtVcIssuerPaths, ...webhookKeysPaths },
  ],
  ['cards', 'Cards: request, read, render, suspend', cardsPaths],
  ['live cards', 'Live cards on the holder’s phone, and wallets', { ...liveCardsPaths, ...sdJwtPaths, ...ownDiplomasPaths }],
  ['diplomas', 'Register diplomas', { ...diplomaRequestsPaths, ...diplomasPaths, ...diplomaChangesPaths, ...stampedCopiesPaths }],
  ['printing', 'Print runs and the plastic', printJobsPaths],
  ['requests', 'What needs a second person', requestsPaths],
  ['people', 'People and agencies', { ...officersPaths, ...importsPaths, ...agenciesPaths }],
  ['keys', 'Signing keys', keysPaths],
  ['webhooks', 'Webhooks', webhooksPaths],
  ['log', 'The public log', logPaths],
  ['health', 'Health, and this document', { ...readinessPaths, ...resourceMetadataPaths, ...openApiPaths }],
]
const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

/** The OpenAPI 3.1 document, made from the schemas that parse the requests. */
export function openApiDocument(publicUrl: string) {
  const paths: ZodOpenApiPathsObject = {}
  for (const [tag, , own] of groups) {
    for (const [path, item] of Object.entries(own)) {
      const operations = item as Record<string, ZodOpenApiOperationObject>
      for (const method of methods) {
        const operation = operations[method]
        if (operation) paths[path] = { ...paths[path], [method]: completeOperation(operation, path, method, tag) }
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
