import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { isCardSerial } from '../../../core/identity/cardSerial.ts'
import { readAudit } from '../../audit/auditTable.ts'
import { type CardFilter, type CardRow, cardByRef, cardBySerial, listCards } from '../../cards/cardsTable.ts'
import { requestStatusChange, type StatusDeps, suspendCards } from '../../cards/changeStatus.ts'
import { type CardDeps, requestReplacements } from '../../cards/requestCards.ts'
import { type StatusReason, statusReasonCodes } from '../../cards/statusReasons.ts'
import { plasticsOfCard } from '../../printing/jobs/printJobsTable.ts'
import { requestById } from '../../requests/requestsTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize, holds } from '../../staff/authorize.ts'
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
import { problemKey, redirectWith } from './shell.ts'

export type CardPagesDeps = PageDeps & StatusDeps & CardDeps

const states = ['active', 'suspended', 'expiring', 'ended'] as const
const actions = ['suspend', 'resume', 'revoke', 'replace'] as const
type Action = (typeof actions)[number]
const pageSize = 100

/** Reasons that fit an action, the likeliest first. */
const reasonsFor: Record<Action, readonly StatusReason[]> = {
  suspend: ['MAT_THE', 'THOI_VIEC', 'CHUYEN_CO_QUAN', 'GIAN_LAN', 'SAI_THONG_TIN', 'KHAC'],
  resume: ['KHAC', 'MAT_THE', 'SAI_THONG_TIN', 'CHUYEN_CO_QUAN'],
  revoke: ['THOI_VIEC', 'CHUYEN_CO_QUAN', 'DOI_CHUC_VU', 'MAT_THE', 'CAP_SAI', 'SAI_THONG_TIN', 'GIAN_LAN', 'KHAC'],
  replace: ['MAT_THE', 'HONG_THE', 'DOI_CHUC_VU', 'DOI_THONG_TIN', 'SAI_THONG_TIN', 'KHAC'],
}

/** Issued cards: the list, one card, and changing the status of one or many. */
export function cardPages(deps: CardPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  pages.get('/cards', 'cards.read', async (req, res, actor) => {
    const serial = queryOf(req, 'serial')
      .toUpperCase()
      .replace(/[^0-9A-Z-]/g, '')
    const state = states.find(one => one === queryOf(req, 'state'))
    const agency = queryOf(req, 'agency')
    const within = agency ? deps.tree.subtree(inScope(deps.tree, actor, agency)) : agenciesOf(deps.tree, actor)
    const [at, ref] = queryOf(req, 'before').split('~')
    const before =
      at && ref && Number.isFinite(Number(at)) ? { issuedAt: new Date(Number(at)), ref: Buffer.from(ref, 'base64url') } : undefined
    const filter: CardFilter = { agencyIn: within, state, serial: serial || undefined, before, limit: pageSize + 1 }
    const rows = await listCards(deps.pool, filter)
    const shown = rows.slice(0, pageSize)
    const last = rows.length > pageSize ? shown.at(-1) : undefined
    const values = { serial, state: state ?? '', agency }
    render(res, 'console/cards', {
      cards: shown,
      values,
      states,
      agencies: agenciesOf(deps.tree, actor),
      may: mayOf(actor),
      first: before ? href('/console/cards', values) : null,
      next: last ? href('/console/cards', { ...values, before: `${last.issuedAt.getTime()}~${last.ref.toString('base64url')}` }) : null,
    })
  })

  pages.get('/cards/:serial', 'cards.read', async (req, res, actor) => {
    const card = await find(String(req.params.serial), actor)
    const successor = card.successor ? await cardByRef(deps.pool, card.successor) : null
    const history = await readAudit(deps.pool, { subject: `card:${card.serial}`, limit: 50 })
    const plastics = await plasticsOfCard(deps.pool, card.ref)
    const request = await requestById(deps.pool, card.requestId)
    render(res, 'console/card', {
      card,
      successor,
      history: [...history, issuedLine(card, request?.approverName ?? '')],
      plastics,
      may: mayOf(actor),
    })
  })

  /** The form for one or many cards; their serials come in the address of a chosen card or in the body of a list. */
  pages.post('/cards/status/form', ['cards.suspend', 'cards.request'], async (req, res, actor) => {
    const action = actionOf(fieldsOf(req).action)
    await showForm(res, action, await chosen(valuesOf(req, 'serial'), actor), { reasonCode: '', reason: '' }, [])
  })

  pages.post('/cards/status', ['cards.suspend', 'cards.request'], async (req, res, actor) => {
    const fields = fieldsOf(req)
    const action = actionOf(fields.action)
    const cards = await chosen(valuesOf(req, 'serial'), actor)
    const t = res.locals.t as Translate
    const values = { reasonCode: fields.reasonCode ?? '', reason: fields.reason ?? '' }
    const errors: { field: string; text: string }[] = []
    const reasonCode = statusReasonCodes.find(code => code === values.reasonCode)
    if (!reasonCode) errors.push({ field: 'reasonCode', text: t('card.change.reasonMissing') })
    if (values.reason.length > 1000) errors.push({ field: 'reason', text: t('form.tooLong', { count: 1000 }) })
    if (reasonCode === 'KHAC' && values.reason === '') errors.push({ field: 'reason', text: t('card.change.wordsMissing') })
    if (errors.length > 0 || !reasonCode) return showForm(res.status(422), action, cards, values, errors)
    for (const card of cards)
      authorize(actor, action === 'suspend' ? 'cards.suspend' : 'cards.request', card.usingCode as AgencyCode, deps.tree, deps.clock())
    const serials = cards.map(card => card.serial)
    try {
      if (action === 'suspend') {
        await suspendCards(deps, { actor: whoOf(actor), serials, reasonCode, reason: values.reason })
        const to = cards.length === 1 ? `/console/cards/${serials[0]}` : '/console/cards?state=suspended'
        return await redirectWith(deps, req, res, to, { key: 'card.change.suspended', values: { count: cards.length } })
      }
      const common = { maker: whoOf(actor), agency: agencyFor(cards, actor), reasonCode, reason: values.reason }
      if (action === 'replace') {
        const made = await requestReplacements(deps, { ...common, officerIds: cards.map(card => card.officerId) })
        const flash = { key: 'card.change.requested', values: { count: made.requested, left: made.refused.length } }
        if (made.requestId === null)
          return await redirectWith(deps, req, res, '/console/cards', { kind: 'error', key: 'card.change.noneRequested' })
        return await redirectWith(deps, req, res, `/console/requests/${made.requestId}`, flash)
      }
      const id = await requestStatusChange(deps, { ...common, action, serials })
      await redirectWith(deps, req, res, `/console/requests/${id}`, {
        key: 'card.change.requested',
        values: { count: cards.length, left: 0 },
      })
    } catch (error) {
      if (!(error instanceof AppError) || error.code.startsWith('auth.')) throw error
      const text = t(problemKey(error.code), { detail: error.detail })
      await showForm(res.status(409), action, cards, values, [{ field: 'serial', text }])
    }
  })

  const showForm = async (
    res: Parameters<typeof render>[0],
    action: Action,
    cards: readonly CardRow[],
    values: { reasonCode: string; reason: string },
    errors: readonly { field: string; text: string }[],
  ) => render(res, 'console/card-status', { action, cards, values, errors, reasons: reasonsFor[action] })

  const find = async (serial: string, actor: Actor): Promise<CardRow> => {
    const card = isCardSerial(serial) ? await cardBySerial(deps.pool, serial) : null
    if (!card) throw new AppError('card.not-found')
    inScope(deps.tree, actor, card.usingCode)
    return card
  }

  const chosen = async (serials: readonly string[], actor: Actor): Promise<CardRow[]> => {
    if (serials.length === 0) throw new AppError('card.not-found', 'No card was chosen')
    const cards: CardRow[] = []
    for (const serial of new Set(serials.slice(0, 1000))) cards.push(await find(serial, actor))
    return cards
  }

  return pages
}

/** The issue of a card as the last line of its history; the audit records it once for the whole request. */
function issuedLine(card: CardRow, approverName: string) {
  return { at: card.issuedAt, actorName: approverName, action: 'card.issued', detail: {}, leafIndex: card.leafIndex }
}

function actionOf(text: string | undefined): Action {
  const action = actions.find(one => one === text)
  if (!action) throw new AppError('http.invalid', 'Unknown action')
  return action
}

function mayOf(actor: Actor) {
  return { suspend: holds(actor, 'cards.suspend'), request: holds(actor, 'cards.request'), print: holds(actor, 'cards.print') }
}

/** The agency in whose name many cards are asked for: theirs when they share one, else the actor's. */
function agencyFor(cards: readonly CardRow[], actor: Actor): AgencyCode {
  const codes = new Set(cards.map(card => card.usingCode))
  return (codes.size === 1 ? cards[0]!.usingCode : actor.agency) as AgencyCode
}
