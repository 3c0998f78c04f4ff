import { Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import type { ServiceKey } from '../../service-keys/serviceKey.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize } from '../../staff/authorize.ts'
import { addWebhook } from '../../webhooks/addWebhook.ts'
import { webhookEvents } from '../../webhooks/collectEvents.ts'
import { removeWebhook } from '../../webhooks/removeWebhook.ts'
import { replayWebhook } from '../../webhooks/replayWebhook.ts'
import { listDeliveries, listWebhooks, readWebhook, type WebhookRow } from '../../webhooks/webhooksTable.ts'
import { decodeCursor, nextCursor } from '../cursor.ts'
import { evidenceResponses } from '../evidenceResponses.ts'
import { openToAll } from '../openToAll.ts'
import { pageQuery } from '../pageQuery.ts'
import { problems } from '../problemResponses.ts'
import { sendEvidence } from '../sendEvidence.ts'

export interface WebhooksRoutesDeps {
  pool: Pool
  agencies: Pick<AgencyTree, 'inSubtree' | 'subtree'>
  /** WEBHOOK_ALLOW_PRIVATE. */
  allowPrivate: boolean
  key: ServiceKey
}

const webhookBody = z
  .strictObject({
    url: z.string().max(2000),
    events: z.array(z.enum(webhookEvents)).min(1).max(webhookEvents.length),
    agency: z
      .string()
      .refine(isAgencyCode, 'Not an agency code')
      .optional()
      .describe('Hears of this agency and those below it; default: the caller’s'),
    description: z.string().trim().max(200).default(''),
  })
  .meta({ id: 'WebhookRequest' })
const webhookSchema = z
  .object({
    id: z.uuid(),
    agency: z.string(),
    url: z.string(),
    events: z.array(z.enum(webhookEvents)),
    description: z.string(),
    createdAt: z.iso.datetime(),
    disabledAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Webhook' })
const states = ['pending', 'delivered', 'dead'] as const
const deliverySchema = z
  .object({
    eventId: z.uuid(),
    type: z.string(),
    state: z.enum(states),
    attempts: z.int(),
    nextAt: z.iso.datetime().nullable(),
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
    deliveredAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'WebhookDelivery' })
const deliveriesQuery = pageQuery.extend({ state: z.enum(states).optional() })
const replayBody = z.strictObject({ eventId: z.uuid().optional().describe('One event; without it all dead ones') })
const idParameter = z.object({ id: z.uuid() })

type WebhookPermission = 'webhooks.read' | 'webhooks.manage'

/** Webhooks of the caller's agencies, what became of their deliveries, and replay. Needs the JSON body read. */
export function webhooksRoutes(deps: WebhooksRoutesDeps): Router {
  const { pool, agencies } = deps
  const router = Router()

  router.get('/api/webhooks', async (req, res) => {
    const actor = allowed(req.actor, 'webhooks.read')
    const { cursor, limit } = pageQuery.parse(req.query)
    const rows = await listWebhooks(pool, agencies.subtree(actor.agency), { before: cursor && decodeCursor('webhooks', cursor).id, limit })
    res.json({ webhooks: rows.map(present), next: nextCursor('webhooks', rows, limit, row => ({ at: row.createdAt, id: row.id })) })
  })

  router.post('/api/webhooks', async (req, res) => {
    const body = webhookBody.parse(req.body)
    const actor = allowed(req.actor, 'webhooks.manage', body.agency)
    const row = await addWebhook(deps, actor, { ...body, agency: body.agency ?? actor.agency })
    res.status(201).location(`/api/webhooks/${row.id}`).json(present(row))
  })

  router.delete('/api/webhooks/:id', async (req, res) => {
    const { actor, row } = await find(req.actor, 'webhooks.manage', req.params)
    await removeWebhook(pool, actor, row)
    res.status(204).end()
  })

  router.get('/api/webhooks/:id/deliveries', async (req, res) => {
    const { row } = await find(req.actor, 'webhooks.read', req.params)
    const { state, cursor, limit } = deliveriesQuery.parse(req.query)
    const deliveries = await listDeliveries(pool, row.id, state, cursor && decodeCursor('deliveries', cursor).id, limit)
    res.json({
      deliveries: deliveries.map(each => ({
        ...each,
        nextAt: each.state === 'pending' ? each.nextAt.toISOString() : null,
        deliveredAt: each.deliveredAt?.toISOString() ?? null,
        createdAt: each.createdAt.toISOString(),
      })),
      next: nextCursor('deliveries', deliveries, limit, each => ({ at: each.createdAt, id: each.eventId })),
    })
  })

  router.post('/api/webhooks/:id/replay', async (req, res) => {
    const { actor, row } = await find(req.actor, 'webhooks.manage', req.params)
    const { eventId } = replayBody.parse(req.body ?? {})
    res.status(202).json({ count: await replayWebhook(pool, actor, row, eventId) })
  })

  return router

  function allowed(actor: Actor | null, permission: WebhookPermission, agency?: AgencyCode): Actor {
    authorize(actor, permission, agency, agencies)
    return actor
  }

  async function find(actor: Actor | null, permission: WebhookPermission, params: unknown): Promise<{ actor: Actor; row: WebhookRow }> {
    allowed(actor, permission)
    const { success, data } = idParameter.safeParse(params)
    const row = success ? await readWebhook(pool, data.id) : null
    if (!row) throw new AppError('webhook.not-found')
    return { actor: allowed(actor, permission, row.agencyCode as AgencyCode), row }
  }
}

/** `/.well-known/antin/webhook-keys`: the key that deliveries are signed with, as a JWK set. For anyone. */
export function webhookKeysRoutes({ key }: Pick<WebhooksRoutesDeps, 'key'>): Router {
  const router = Router()
  const x = Buffer.from(key.publicKey).toString('base64url')
  const body = JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', kid: key.keyId, use: 'sig', alg: 'EdDSA', x }] })
  router.use('/.well-known/antin/webhook-keys', openToAll)
  router.get('/.well-known/antin/webhook-keys', (req, res) =>
    sendEvidence(req, res, { body, type: 'application/json; charset=utf-8', tag: key.keyId, maxAge: 3600 }),
  )
  return router
}

function present({ id, agencyCode, url, events, description, createdAt, disabledAt }: WebhookRow): z.infer<typeof webhookSchema> {
  return {
    id,
    agency: agencyCode,
    url,
    events: events as z.infer<typeof webhookSchema>['events'],
    description,
    createdAt: createdAt.toISOString(),
    disabledAt: disabledAt?.toISOString() ?? null,
  }
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })

export const webhooksPaths = {
  '/api/webhooks': {
    get: {
      summary: 'Webhooks of the caller’s agencies',
      requestParams: { query: pageQuery },
      responses: {
        200: {
          description: 'A page, newest first',
          content: json(z.object({ webhooks: z.array(webhookSchema), next: z.string().nullable() })),
        },
        ...problems(400, 401, 403),
      },
    },
    post: {
      summary: 'Add a webhook',
      requestBody: { required: true, content: json(webhookBody) },
      responses: { 201: { description: 'Added', content: json(webhookSchema) }, ...problems(400, 401, 403, 422) },
    },
  },
  '/api/webhooks/{id}': {
    delete: {
      summary: 'Remove a webhook',
      requestParams: { path: idParameter },
      responses: { 204: { description: 'Removed' }, ...problems(401, 403, 404) },
    },
  },
  '/api/webhooks/{id}/deliveries': {
    get: {
      summary: 'Deliveries, newest first; dead letters with state=dead',
      requestParams: { path: idParameter, query: deliveriesQuery },
      responses: {
        200: { description: 'A page', content: json(z.object({ deliveries: z.array(deliverySchema), next: z.string().nullable() })) },
        ...problems(400, 401, 403, 404),
      },
    },
  },
  '/api/webhooks/{id}/replay': {
    post: {
      summary: 'Send one event again, or all dead ones',
      requestParams: { path: idParameter },
      requestBody: { content: json(replayBody) },
      responses: { 202: { description: 'Waiting', content: json(z.object({ count: z.int() })) }, ...problems(400, 401, 403, 404) },
    },
  },
}

export const webhookKeysPaths = {
  '/.well-known/antin/webhook-keys': {
    get: {
      summary: 'The key that webhooks are signed with',
      responses: evidenceResponses('JWK set', 'application/json', z.object({ keys: z.array(z.record(z.string(), z.string())) })),
    },
  },
}
