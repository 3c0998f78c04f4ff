import { randomUUID } from 'node:crypto'
import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Actor } from '../../staff/actor.ts'
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
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import {
  agenciesOf,
  type ConsoleRouter,
  consoleRouter,
  fieldsOf,
  href,
  inScope,
  type PageDeps,
  queryOf,
  valuesOf,
  whoOf,
} from './routes.ts'
import { redirectWith } from './shell.ts'

export interface WebhookPagesDeps extends PageDeps {
  /** WEBHOOK_ALLOW_PRIVATE. */
  allowPrivate: boolean
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const pageSize = 100

/** Webhooks, their deliveries with those that were given up, and sending these again. */
export function webhookPages(deps: WebhookPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  const find = async (id: string, actor: Actor): Promise<WebhookRow> => {
    const row = uuid.test(id) ? await readWebhook(deps.pool, id) : null
    if (!row) throw new AppError('webhook.not-found')
    inScope(deps.tree, actor, row.agencyCode)
    return row
  }

  const showList = async (
    res: Response,
    actor: Actor,
    before: string,
    values: { url: string; events: readonly string[] },
    errors: readonly { field: string; text: string }[],
  ) => {
    const rows = await listWebhooks(deps.pool, agenciesOf(deps.tree, actor), {
      before: uuid.test(before) ? before : undefined,
      limit: pageSize + 1,
    })
    const webhooks = rows.slice(0, pageSize)
    render(res, 'console/webhooks', {
      webhooks,
      first: before ? '/console/webhooks' : null,
      next: rows.length > pageSize ? href('/console/webhooks', { before: webhooks.at(-1)!.id }) : null,
      events: webhookEvents,
      values,
      errors,
    })
  }

  pages.get('/webhooks', 'webhooks.manage', async (req, res, actor) => {
    await showList(res, actor, queryOf(req, 'before'), { url: '', events: [] }, [])
  })

  pages.post('/webhooks', 'webhooks.manage', async (req, res, actor) => {
    const { url = '' } = fieldsOf(req)
    const events = webhookEvents.filter(event => valuesOf(req, 'events').includes(event))
    const t = res.locals.t as Translate
    const address = addressOf(url, deps.allowPrivate)
    const errors = [
      ...(address ? [] : [{ field: 'url', text: t('webhooks.urlWrong') }]),
      ...(events.length > 0 ? [] : [{ field: 'events', text: t('webhooks.eventsMissing') }]),
    ]
    if (!address || errors.length > 0) return showList(res.status(422), actor, '', { url, events }, errors)
    const id = randomUUID()
    await inTransaction(deps.pool, async tx => {
      await insertWebhook(tx, { id, agencyCode: actor.agency, url: address, events, description: '', createdBy: actor.sub })
      await recordAudit(tx, { actor: whoOf(actor), action: 'webhook.added', agency: actor.agency, subject: `webhook:${id}` })
    })
    await redirectWith(deps, req, res, `/console/webhooks/${id}`, { key: 'webhooks.added' })
  })

  pages.get('/webhooks/:id', 'webhooks.manage', async (req, res, actor) => {
    const webhook = await find(String(req.params.id), actor)
    const [deliveries, dead] = await Promise.all([
      listDeliveries(deps.pool, webhook.id, undefined, undefined, pageSize),
      listDeliveries(deps.pool, webhook.id, 'dead', undefined, pageSize),
    ])
    render(res, 'console/webhook', { webhook, host: new URL(webhook.url).host, deliveries, dead: dead.length })
  })

  pages.post('/webhooks/:id/replay', 'webhooks.manage', async (req, res, actor) => {
    const webhook = await find(String(req.params.id), actor)
    const { eventId = '' } = fieldsOf(req)
    const count = await inTransaction(deps.pool, async tx => {
      const replayed = await replayDeliveries(tx, webhook.id, uuid.test(eventId) ? eventId : undefined)
      await recordAudit(tx, {
        actor: whoOf(actor),
        action: 'webhook.replayed',
        agency: webhook.agencyCode,
        subject: `webhook:${webhook.id}`,
        detail: { count: replayed },
      })
      return replayed
    })
    await redirectWith(deps, req, res, `/console/webhooks/${webhook.id}`, { key: 'webhooks.replayed', values: { count } })
  })

  pages.post('/webhooks/:id/remove', 'webhooks.manage', async (req, res, actor) => {
    const webhook = await find(String(req.params.id), actor)
    await inTransaction(deps.pool, async tx => {
      await disableWebhook(tx, webhook.id)
      await recordAudit(tx, {
        actor: whoOf(actor),
        action: 'webhook.removed',
        agency: webhook.agencyCode,
        subject: `webhook:${webhook.id}`,
      })
    })
    await redirectWith(deps, req, res, '/console/webhooks', { key: 'webhooks.removedFlash' })
  })

  return pages
}

/** The address as it will be called; null for one that is not to be called. */
function addressOf(url: string, allowPrivate: boolean): string | null {
  try {
    return parseWebhookUrl(url, allowPrivate).href
  } catch {
    return null
  }
}
