import { randomUUID } from 'node:crypto'
import express, { type Request, type Response, Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize } from '../../staff/authorize.ts'
import { webhookEvents } from '../../webhooks/collectEvents.ts'
import { parseWebhookUrl } from '../../webhooks/guardedLookup.ts'
import {
  disableWebhook,
  insertWebhook,
  listDeliveries,
  listWebhooks,
  readWebhook,
  replayDeliveries,
  type WebhookRow,
} from '../../webhooks/webhooksTable.ts'
import { checkCsrf } from '../console/shell.ts'
import { formatDateTime } from '../format.ts'
import { createPublicPages, type PublicPageDeps } from './publicPage.ts'

export interface WebhookPagesDeps extends PublicPageDeps {
  pool: Pool
  agencies: Pick<AgencyTree, 'inSubtree' | 'subtree'>
  /** WEBHOOK_ALLOW_PRIVATE. */
  allowPrivate: boolean
}

const form = z.object({ url: z.string().trim().max(2000).default(''), events: z.union([z.string(), z.array(z.string())]).default([]) })
const shown = 100

/** `/console/webhooks` for admins: webhooks, their deliveries with the dead letters, and replay. Mounted after authentication. */
export function webhookPages(deps: WebhookPagesDeps): Router {
  const { pool, agencies } = deps
  const router = Router()
  const show = createPublicPages(deps)
  const readForm = express.urlencoded({ extended: false, limit: '16kb' })

  const showAll = async (req: Request, res: Response, actor: Actor, data: { url?: string; fault?: boolean } = {}) => {
    const before = z.uuid().safeParse(req.query.before).data
    const rows = await listWebhooks(pool, agencies.subtree(actor.agency), { before, limit: shown + 1 })
    const webhooks = rows.slice(0, shown).map(present)
    page(req, res, 'webhooks', { webhooks, next: rows.length > shown ? webhooks.at(-1)!.id : null, events: webhookEvents, ...data })
  }

  router.get('/console/webhooks', async (req, res) => showAll(req, res, manager(req.actor)))

  router.post('/console/webhooks', readForm, async (req, res) => {
    const actor = changer(req)
    const { url, events } = form.parse(req.body)
    const chosen = webhookEvents.filter(each => [events].flat().includes(each))
    let address: string
    try {
      address = parseWebhookUrl(url, deps.allowPrivate).href
    } catch {
      return showAll(req, res, actor, { url, fault: true })
    }
    if (chosen.length === 0) return showAll(req, res, actor, { url, fault: true })
    const row = await insertWebhook(pool, {
      id: randomUUID(),
      agencyCode: actor.agency,
      url: address,
      events: chosen,
      description: '',
      createdBy: actor.sub,
    })
    await recordAudit(pool, { actor, action: 'webhook.added', agency: actor.agency, subject: `webhook:${row.id}` })
    res.redirect(303, `/console/webhooks/${row.id}`)
  })

  router.get('/console/webhooks/:id', async (req, res) => {
    const row = await managed(req.params.id, manager(req.actor))
    const deliveries = await listDeliveries(pool, row.id, undefined, undefined, shown)
    const dead = await listDeliveries(pool, row.id, 'dead', undefined, shown)
    page(req, res, 'webhook', {
      webhook: present(row),
      dead: dead.length,
      deliveries: deliveries.map(each => ({ ...each, createdAt: formatDateTime(each.createdAt), nextAt: formatDateTime(each.nextAt) })),
    })
  })

  router.post('/console/webhooks/:id/replay', readForm, async (req, res) => {
    const actor = changer(req)
    const row = await managed(req.params.id, actor)
    const eventId = z.uuid().safeParse((req.body as { eventId?: unknown }).eventId)
    const count = await replayDeliveries(pool, row.id, eventId.success ? eventId.data : undefined)
    await recordAudit(pool, { actor, action: 'webhook.replayed', agency: row.agencyCode, subject: `webhook:${row.id}`, detail: { count } })
    res.redirect(303, `/console/webhooks/${row.id}`)
  })

  router.post('/console/webhooks/:id/remove', readForm, async (req, res) => {
    const actor = changer(req)
    const row = await managed(req.params.id, actor)
    await inTransaction(pool, async tx => {
      await disableWebhook(tx, row.id)
      await recordAudit(tx, { actor, action: 'webhook.removed', agency: row.agencyCode, subject: `webhook:${row.id}` })
    })
    res.redirect(303, '/console/webhooks')
  })

  return router

  function page(req: Request, res: Response, view: string, data: Record<string, unknown>): void {
    res.set('Cache-Control', 'no-store')
    show(req, res, view, { title: 'webhook.title', csrf: req.staffSession?.csrf ?? '', ...data })
  }

  function manager(actor: Actor | null): Actor {
    authorize(actor, 'webhooks.manage', undefined, agencies)
    return actor
  }

  function changer(req: Request): Actor {
    const actor = manager(req.actor)
    checkCsrf(req, (req.body as { _csrf?: unknown })._csrf)
    return actor
  }

  async function managed(id: string | undefined, actor: Actor): Promise<WebhookRow> {
    const row = z.uuid().safeParse(id).success ? await readWebhook(pool, id!) : null
    if (!row) throw new AppError('webhook.not-found')
    authorize(actor, 'webhooks.manage', row.agencyCode as AgencyCode, agencies)
    return row
  }
}

function present({ id, agencyCode, url, events, createdAt, disabledAt }: WebhookRow) {
  return { id, agencyCode, url, events: events.join(', '), createdAt: formatDateTime(createdAt), isActive: disabledAt === null }
}
