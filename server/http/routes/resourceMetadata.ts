import { Router } from 'express'
import { z } from 'zod'
import { scopes } from '../../staff/actor.ts'

export interface ResourceMetadataDeps {
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  audience: string
  issuer: string | undefined
  cliClientId: string
}

/** Where to sign in, for the command line and other clients (RFC 9728). */
export function resourceMetadataRoutes({ publicUrl, audience, issuer, cliClientId }: ResourceMetadataDeps): Router {
  const router = Router()
  router.get('/.well-known/oauth-protected-resource', (_req, res) => {
    res.set('Cache-Control', 'public, max-age=300').json({
      resource: publicUrl,
      audience,
      resource_name: `Ấn Tín ${new URL(publicUrl).host}`,
      authorization_servers: issuer ? [issuer] : [],
      scopes_supported: scopes,
      bearer_methods_supported: ['header'],
      cli_client_id: cliClientId,
    } satisfies z.input<typeof metadata>)
  })
  return router
}

const metadata = z.object({
  resource: z.url(),
  audience: z.string().describe('`aud` of access tokens; what the command line asks for as `resource` (RFC 8707)'),
  resource_name: z.string(),
  authorization_servers: z.array(z.url()),
  scopes_supported: z.array(z.enum(scopes)).readonly(),
  bearer_methods_supported: z.array(z.string()),
  cli_client_id: z.string(),
})

export const resourceMetadataPaths = {
  '/.well-known/oauth-protected-resource': {
    get: {
      summary: 'Where to sign in (RFC 9728)',
      responses: { 200: { description: 'Metadata', content: { 'application/json': { schema: metadata } } } },
    },
  },
}
