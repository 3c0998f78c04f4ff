import { Router } from 'express'
import { z } from 'zod'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import { type KeyChange, type KeyChangeDeps, requestKeyChange } from '../../keys/keyChanges.ts'
import { type KeyRow, readKey, readKeys } from '../../keys/keysTable.ts'
import { keyUses } from '../../keys/signer.ts'
import { authorize } from '../../staff/authorize.ts'
import { decodeCursor, nextCursor } from '../cursor.ts'
import { pageQuery } from '../pageQuery.ts'
import { problems } from '../problemResponses.ts'
import { sendBegun } from '../sendBegun.ts'

const agencyCode = z.string().refine(isAgencyCode, 'not an agency code')
const kid = z.string().regex(/^[\w-]{10}[AEIMQUYcgkosw048]$/, 'not a kid in base64url')
const keySchema = z
  .object({
    kid: z.string(),
    agency: z.string(),
    use: z.enum(keyUses),
    form: z.enum(['file', 'pkcs11']),
    notBefore: z.int(),
    notAfter: z.int(),
    servedAt: z.int().nullable().describe('Since when the trust list names it'),
    retiredAt: z.int().nullable(),
    compromisedAt: z.int().nullable(),
    endorsed: z.boolean(),
  })
  .meta({ id: 'Key' })
const keysAnswer = z.object({ keys: z.array(keySchema), next: z.string().nullable() })
const changeBody = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('create'),
    agency: agencyCode,
    use: z.enum(['card', 'diploma', 'status']),
    notAfter: z.iso.date().describe('Last day, in Vietnam'),
    tokenLabel: z.string().min(1).max(32).optional(),
    reason: z.string().trim().max(1000).optional(),
  }),
  z.object({
    action: z.literal('adopt'),
    agency: agencyCode,
    use: z.enum(keyUses),
    tokenLabel: z.string().min(1).max(32),
    id: z
      .string()
      .regex(/^([0-9a-f]{2}){1,64}$/)
      .describe('CKA_ID of a key that is on the token already, hex'),
    notAfter: z.iso.date().optional().describe('Last day, in Vietnam; needed where no certificate lies beside the key'),
    reason: z.string().trim().max(1000).optional(),
  }),
  z.object({
    action: z.literal('endorse'),
    kid,
    by: kid.describe('A document key with an RSA state certificate, which signs the endorsement'),
    reason: z.string().trim().max(1000).optional(),
  }),
  z.object({ action: z.literal('retire'), kid, reason: z.string().trim().max(1000).optional() }),
  z.object({
    action: z.literal('compromise'),
    kid,
    lastHonest: z.int().describe('Seconds; when the issuing system was last known honest'),
    reason: z.string().trim().max(1000).optional(),
  }),
])
const changeAnswer = z.object({ requestId: z.uuid() })

export interface KeysRoutesDeps extends KeyChangeDeps {
  agencies: Parameters<typeof authorize>[3]
}

/** Agency keys: what there is, and asking for a change, on which a second administrator decides. */
export function keysRoutes(deps: KeysRoutesDeps): Router {
  const router = Router()

  router.get('/api/keys', async (req, res) => {
    authorize(req.actor, 'keys.read', undefined, deps.agencies)
    const { agency } = req.actor
    const { cursor, limit } = pageQuery.parse(req.query)
    const all = (await readKeys(deps.pool)).filter(key => key.agency === agency || deps.agencies.inSubtree(key.agency, agency))
    // A key is never deleted, and keys keep their order.
    const after = cursor === undefined ? undefined : decodeCursor('keys', cursor).id
    const from = after === undefined ? 0 : all.findIndex(key => encodeBase64url(key.kid) === after) + 1
    const keys = all.slice(from, from + limit)
    const next = nextCursor('keys', keys, limit, key => ({ at: new Date(key.notBefore * 1000), id: encodeBase64url(key.kid) }))
    res.json({ keys: keys.map(present), next })
  })

  router.post('/api/key-requests', async (req, res) => {
    const { reason, ...change } = changeBody.parse(req.body)
    authorize(req.actor, 'keys.manage', undefined, deps.agencies)
    const kids = 'agency' in change ? [] : change.action === 'endorse' ? [change.kid, change.by] : [change.kid]
    const keys = await Promise.all(kids.map(one => readKey(deps.pool, Buffer.from(one, 'base64url'))))
    for (const agency of 'agency' in change ? [change.agency as AgencyCode] : keys.map(key => key.agency))
      authorize(req.actor, 'keys.manage', agency, deps.agencies)
    const requestId = await requestKeyChange(deps, { maker: req.actor, change: change as KeyChange, ...(reason ? { reason } : {}) })
    sendBegun(res, { requestId })
  })

  return router
}

function present(key: KeyRow): z.infer<typeof keySchema> {
  const { agency, use, form, notBefore, notAfter, servedAt, retiredAt } = key
  return {
    kid: encodeBase64url(key.kid),
    agency,
    use,
    form,
    notBefore,
    notAfter,
    servedAt,
    retiredAt,
    compromisedAt: key.compromise?.at ?? null,
    endorsed: key.endorsement !== null,
  }
}

export const keysPaths = {
  '/api/keys': {
    get: {
      summary: 'The keys of the caller’s agencies',
      requestParams: { query: pageQuery },
      responses: { 200: { description: 'A page', content: { 'application/json': { schema: keysAnswer } } }, ...problems(400) },
    },
  },
  '/api/key-requests': {
    post: {
      summary: 'Ask for a key to be made, taken up from a token, endorsed, retired or called compromised; another administrator approves',
      requestBody: { required: true, content: { 'application/json': { schema: changeBody } } },
      responses: {
        202: { description: 'Waiting for approval', content: { 'application/json': { schema: changeAnswer } } },
        ...problems(404, 409),
      },
    },
  },
}
