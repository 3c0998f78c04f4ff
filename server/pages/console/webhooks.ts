import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import type { Actor } from '../../staff/actor.ts'
import { addWebhook } from '../../webhooks/addWebhook.ts'
import { webhookEvents } from '../../webhooks/collectEvents.ts'
import { parseWebhookUrl } from '../../webhooks/guardedLookup.ts'
import { removeWebhook } from '../../webhooks/removeWebhook.ts'
import { replayWebhook } from '../../webhooks/replayWebhook.ts'
import { listDeliveries, listWebhooks, readWebhook, type WebhookRow } from '../../webhooks/webhooksTable.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { isUuid } from './isUuid.ts'
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

const pageSize = 100

/** Webhooks, their deliveries with those that were given up, and sending these again. */
export function webhookPages(deps: WebhookPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  const find = async (id: string, actor: Actor): Promise<WebhookRow> => {
    const row = isUuid(id) ? await readWebhook(deps.pool, id) : null
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
      before: isUuid(before) ? before : undefined,
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

  pages.get('/webhooks', 'webhooks.read', async (req, res, actor) => {
    await showList(res, actor, queryOf(req, 'before'), { url: '', events: [] }, [])
  })

  pages.post('/webhooks', 'webhooks.manage', async (req, res, actor) => {
    const { url = '' } = fieldsOf(req)
    const events = webhookEvents.filter(event => valuesOf(req, 'events').includes(event))
    const t = res.locals.t as Translate
    const errors = [
      ...(isCallable(url, deps.allowPrivate) ? [] : [{ field: 'url', text: t('webhooks.urlWrong') }]),
      ...(events.length > 0 ? [] : [{ field: 'events', text: t('webhooks.eventsMissing') }]),
    ]
    if (errors.length > 0) return showList(res.status(422), actor, '', { url, events }, errors)
    const { id } = await addWebhook(deps, whoOf(actor), { agency: actor.agency, url, events, description: '' })
    await redirectWith(deps, req, res, `/console/webhooks/${id}`, { key: 'webhooks.added' })
  })

  pages.get('/webhooks/:id', 'webhooks.read', async (req, res, actor) => {
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
    const count = await replayWebhook(deps.pool, whoOf(actor), webhook, isUuid(eventId) ? eventId : undefined)
    await redirectWith(deps, req, res, `/console/webhooks/${webhook.id}`, { key: 'webhooks.replayed', values: { count } })
  })

  pages.post('/webhooks/:id/remove', 'webhooks.manage', async (req, res, actor) => {
    const webhook = await find(String(req.params.id), actor)
    await removeWebhook(deps.pool, whoOf(actor), webhook)
    await redirectWith(deps, req, res, '/console/webhooks', { key: 'webhooks.removedFlash' })
  })

  return pages
}

function isCallable(url: string, allowPrivate: boolean): boolean {
  try {
    parseWebhookUrl(url, allowPrivate)
    return true
  } catch {
    return false
  }
}
