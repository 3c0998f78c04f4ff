import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import type { CardDeps } from '../../cards/requestCards.ts'
import { changedItems } from '../../overview/changedItems.ts'
import { countByUnit, sampleItems } from '../../overview/requestCountsTable.ts'
import { approveRequest, cancelRequest, refuseRequest } from '../../requests/decideRequest.ts'
import type { Selection } from '../../requests/decisionsTable.ts'
import { type RequestKind, requestKinds } from '../../requests/requestKinds.ts'
import {
  countItems,
  type ItemCounts,
  type ItemRow,
  itemsOf,
  listRequests,
  pendingDigest,
  type RequestRow,
  type RequestStatus,
  requestById,
} from '../../requests/requestsTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize, holds } from '../../staff/authorize.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { differencesOf } from './differences.ts'
import { isUuid } from './isUuid.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, href, inScope, type PageDeps, queryOf, valuesOf } from './routes.ts'
import { attempt, redirectWith } from './shell.ts'

const statuses: readonly RequestStatus[] = ['pending', 'approved', 'running', 'done', 'refused', 'void', 'cancelled']
const making = [...new Set(Object.values(requestKinds).map(kind => kind.make))]
const deciding = [...new Set(Object.values(requestKinds).map(kind => kind.decide))]
const pageSize = 50
const itemPage = 100
const sampleSize = 10

export type RequestPagesDeps = PageDeps & Pick<CardDeps, 'termYears'>

/** Requests that two people decide: the list, one request with what it would do, and the decision. */
export function requestPages(deps: RequestPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  const find = async (id: string, actor: Actor): Promise<RequestRow> => {
    const request = isUuid(id) ? await requestById(deps.pool, id) : null
    if (!request) throw new AppError('request.not-found')
    inScope(deps.tree, actor, request.agencyCode)
    return request
  }

  pages.get('/requests', 'requests.read', async (req, res, actor) => {
    const status = statuses.find(one => one === queryOf(req, 'status'))
    const kind = Object.keys(requestKinds).find(one => one === queryOf(req, 'kind'))
    const mine = queryOf(req, 'mine') === '1'
    const asked = queryOf(req, 'before')
    const before = isUuid(asked) ? asked : undefined
    const rows = await listRequests(deps.pool, {
      agencyIn: agenciesOf(deps.tree, actor),
      status,
      kinds: kind ? [kind] : undefined,
      maker: mine ? actor.sub : undefined,
      before,
      limit: pageSize + 1,
    })
    const shown = rows.slice(0, pageSize)
    const last = rows.length > pageSize ? shown.at(-1) : undefined
    const filter = { status, kind, mine: mine ? '1' : '' }
    render(res, 'console/requests', {
      requests: shown,
      filter,
      statuses,
      kinds: Object.keys(requestKinds),
      first: before ? href('/console/requests', filter) : null,
      next: last ? href('/console/requests', { ...filter, before: last.id }) : null,
    })
  })

  pages.get('/requests/:id', 'requests.read', async (req, res, actor) => {
    const request = await find(String(req.params.id), actor)
    const pending = request.status === 'pending'
    const after = Number.parseInt(queryOf(req, 'after'), 10) || 0
    const [counts, digest, units, sample, changed] = await Promise.all([
      countItems(deps.pool, request.id),
      pendingDigest(deps.pool, request.id),
      countByUnit(deps.pool, request.id),
      pending ? sampleItems(deps.pool, request.id, sampleSize) : [],
      pending ? changedItems(deps, request) : new Map<number, string>(),
    ])
    const parts = partsOf(counts, [...changed.keys()])
    const shownPart = parts.find(part => part.name === queryOf(req, 'only')) ?? parts[0]!
    const items = await itemsOf(deps.pool, request.id, { ...shownPart.items, afterSeq: after, limit: itemPage + 1 })
    const shown = items.slice(0, itemPage)
    const next = items.length > itemPage ? shown.at(-1)!.seq : null
    const path = `/console/requests/${request.id}`
    const may = decisionOf(actor, request)
    render(res, 'console/request', {
      request,
      counts,
      changed,
      units: units.filter(unit => unit.agencyCode !== null),
      claimsDigest: digest.toString('base64url'),
      items: await Promise.all(shown.map(item => withDifferences(request.kind, item, res.locals.t as Translate))),
      sample: sample.filter(item => !changed.has(item.seq)).map(item => opened(item)),
      part: shownPart.name,
      parts,
      clean: (counts.byState.pending ?? 0) - warnedPending(counts, request),
      next: next === null ? null : href(path, { only: shownPart.name, after: String(next) }),
      first: after > 0 ? href(path, { only: shownPart.name }) : null,
      reason: request.reason ? deps.cipher.open(request.reason).toString('utf8') : '',
      refusal: request.refusal ? deps.cipher.open(request.refusal).toString('utf8') : '',
      may,
    })
  })

  pages.get('/requests/:id/progress', 'requests.read', async (req, res, actor) => {
    const request = await find(String(req.params.id), actor)
    const finished = request.status !== 'approved' && request.status !== 'running'
    const t = res.locals.t as Translate
    res.json({
      done: request.done + request.failed,
      total: request.total,
      finished,
      text: t('progress.text', { done: request.done + request.failed, total: request.total }),
    })
  })

  pages.get('/requests/:id/refuse', 'requests.read', async (req, res, actor) => {
    const request = await find(String(req.params.id), actor)
    if (!holds(actor, requestKinds[request.kind].decide)) throw new AppError('auth.forbidden')
    render(res, 'console/request-refuse', { request, values: {}, errors: [] })
  })

  pages.post('/requests/:id/approve', deciding, async (req, res, actor) => {
    const request = await find(String(req.params.id), actor)
    authorize(actor, requestKinds[request.kind].decide, request.agencyCode as AgencyCode, deps.tree, deps.clock())
    const path = `/console/requests/${request.id}`
    const selection = selectionOf(fieldsOf(req).selection, valuesOf(req, 'seq'))
    if (!selection) return redirectWith(deps, req, res, path, { kind: 'error', key: 'request.noneChosen' })
    await attempt(deps, req, res, path, async () => {
      const claimsDigest = Buffer.from(fieldsOf(req).claimsDigest ?? '', 'base64url')
      const { approved, held } = await approveRequest(deps, { actor, id: request.id, claimsDigest, selection })
      const key = held > 0 ? 'request.approvedHeld' : 'request.approvedAll'
      await redirectWith(deps, req, res, path, { key, values: { approved, held, count: approved } })
    })
  })

  pages.post('/requests/:id/refuse', deciding, async (req, res, actor) => {
    const request = await find(String(req.params.id), actor)
    authorize(actor, requestKinds[request.kind].decide, request.agencyCode as AgencyCode, deps.tree, deps.clock())
    const { reason = '' } = fieldsOf(req)
    const t = res.locals.t as Translate
    if (reason === '' || reason.length > 1000) {
      res.status(422)
      const text = t(reason === '' ? 'request.refuse.reasonMissing' : 'form.tooLong', { count: 1000 })
      return render(res, 'console/request-refuse', { request, values: { reason }, errors: [{ field: 'reason', text }] })
    }
    await attempt(deps, req, res, `/console/requests/${request.id}`, async () => {
      await refuseRequest(deps, { actor, id: request.id, reason })
      await redirectWith(deps, req, res, `/console/requests/${request.id}`, { key: 'request.refusedFlash' })
    })
  })

  pages.post('/requests/:id/cancel', making, async (req, res, actor) => {
    const request = await find(String(req.params.id), actor)
    authorize(actor, requestKinds[request.kind].make, request.agencyCode as AgencyCode, deps.tree, deps.clock())
    await attempt(deps, req, res, `/console/requests/${request.id}`, async () => {
      await cancelRequest(deps, { actor, id: request.id })
      await redirectWith(deps, req, res, '/console/requests?mine=1', { key: 'request.cancelledFlash' })
    })
  })

  const withDifferences = async (kind: RequestKind, item: ItemRow, t: Translate) => {
    const one = opened(item)
    return { ...one, differences: await differencesOf(deps, kind, item, one.claims, t) }
  }

  const opened = <T extends Pick<ItemRow, 'claims'>>(item: T) => ({
    ...item,
    claims: JSON.parse(deps.cipher.open(item.claims).toString('utf8')) as Record<string, unknown>,
  })
  return pages
}

interface Part {
  name: string
  count: number
  items: { failed?: boolean; withWarnings?: boolean; seqs?: readonly number[] }
}

/** The parts of a request in the order in which they want to be looked at: what failed, what changed since, what has warnings, all else. */
function partsOf(counts: ItemCounts, changed: readonly number[]): Part[] {
  const failed = (counts.byState.failed ?? 0) + (counts.byState.void ?? 0)
  const all: Part[] = [
    { name: 'failed', count: failed, items: { failed: true } },
    { name: 'changed', count: changed.length, items: { seqs: changed } },
    { name: 'exceptions', count: counts.warnings, items: { withWarnings: true } },
    { name: 'rest', count: counts.total - counts.warnings, items: { withWarnings: false } },
  ]
  const filled = all.filter(part => part.count > 0)
  return filled.length > 0 ? filled : all.slice(-1)
}

/** What this person may do with the request, and if they may not decide it, why. */
function decisionOf(actor: Actor, request: RequestRow): { decide: boolean; cancel: boolean; again: boolean; why: string } {
  const pending = request.status === 'pending'
  const role = holds(actor, requestKinds[request.kind].decide)
  const own = actor.sub === request.maker
  return {
    decide: pending && role && !own,
    cancel: pending && own,
    again: holds(actor, requestKinds[request.kind].make),
    why: !pending ? '' : own ? 'request.why.own' : role ? '' : 'request.why.role',
  }
}

/** Items that wait and carry a warning: all of them do while nothing is decided. */
function warnedPending(counts: { warnings: number }, request: RequestRow): number {
  return request.status === 'pending' ? counts.warnings : 0
}

function selectionOf(wanted: string | undefined, seqs: readonly string[]): Selection | null {
  if (wanted === 'all' || wanted === 'without-warnings') return wanted
  const chosen = seqs.map(Number).filter(seq => Number.isSafeInteger(seq) && seq > 0)
  return chosen.length > 0 ? { seqs: chosen } : null
}
