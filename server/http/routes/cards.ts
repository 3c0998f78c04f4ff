import { type Request, Router } from 'express'
import { z } from 'zod'
import { sealedUrl } from '../../../core/credential/qr.ts'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import { isCardSerial } from '../../../core/identity/cardSerial.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { type CardRow, listCards, personsForCards } from '../../cards/cardsTable.ts'
import { type CardViewDeps, cardViewOf } from '../../cards/cardView.ts'
import { requestStatusChange, type StatusDeps, suspendCards } from '../../cards/changeStatus.ts'
import { type OpenedCard, readCard } from '../../cards/readCard.ts'
import { type CardDeps, officersToRequest, requestCards, requestReplacements } from '../../cards/requestCards.ts'
import { statusReasonCodes } from '../../cards/statusReasons.ts'
import { agencyTemplateOf } from '../../printing/agencyTemplateOf.ts'
import { qrPng } from '../../printing/qr/qrPng.ts'
import { qrSvg } from '../../printing/qr/qrSvg.ts'
import { renderCard } from '../../printing/render/renderCard.ts'
import type { Template } from '../../printing/render/template.ts'
import { authorize, holds } from '../../staff/authorize.ts'
import { decodeCursor, nextCursor } from '../cursor.ts'
import { pageQuery } from '../pageQuery.ts'
import { problems } from '../problemResponses.ts'
import { sendBegun } from '../sendBegun.ts'

const agencyCode = z.string().refine(isAgencyCode, 'not an agency code')
const serialParameter = z.object({ serial: z.string().describe('G09-26-0000123-K') })
const agencySchema = z.object({ code: z.string(), oldCode: z.string().nullable(), name: z.string() }).meta({ id: 'Agency' })

const cardSchema = z
  .object({
    serial: z.string(),
    ref: z.string(),
    issuer: agencySchema,
    usingAgency: agencySchema,
    fullName: z.string(),
    position: z.string(),
    category: z.string(),
    status: z.enum(['active', 'suspended', 'ended', 'replaced', 'error', 'expired']),
    issuedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    successor: z.string().nullable(),
    leafIndex: z.int(),
  })
  .meta({ id: 'Card' })

const cardRequest = z
  .object({
    officerIds: z.array(z.uuid()).min(1).max(100_000).optional(),
    agency: agencyCode.optional().describe('All below it that have no card'),
  })
  .refine(body => (body.officerIds === undefined) !== (body.agency === undefined), 'Give officerIds or agency')
const cardRequestAnswer = z.object({
  requestId: z.uuid().nullable(),
  requested: z.int(),
  refused: z.array(z.object({ officerId: z.uuid(), code: z.string() })),
})
const statusBody = z.object({
  action: z.enum(['suspend', 'resume', 'revoke', 'replace']),
  reasonCode: z.enum(statusReasonCodes),
  reason: z.string().trim().max(1000).default(''),
})
const renderingQuery = z.object({
  preview: z.string().optional().describe('Marked, without live codes'),
  side: z.enum(['front', 'back']).default('front').describe('Of SVG and PNG'),
  dpi: z.enum(['300', '600']).default('300').describe('Of PNG'),
  template: z.string().optional(),
})
const listQuery = pageQuery.extend({ state: z.enum(['active', 'suspended', 'ended', 'expiring']).optional() })

export interface CardsRoutesDeps extends CardDeps, StatusDeps, Omit<CardViewDeps, 'db'> {
  template: (name: string) => Template
}

/** Cards: asking for them, looking at them, their renderings and codes, their status. */
export function cardsRoutes(deps: CardsRoutesDeps): Router {
  const router = Router()
  const views: CardViewDeps = { ...deps, db: deps.pool }

  router.post('/api/card-requests', async (req, res) => {
    const body = cardRequest.parse(req.body)
    authorize(req.actor, 'cards.request', body.agency as AgencyCode | undefined, deps.agencies)
    const officerIds = body.officerIds ?? (await officersToRequest(deps, deps.agencies.subtree(body.agency!)))
    await assertInScope(req, officerIds)
    const agency = (body.agency as AgencyCode | undefined) ?? req.actor.agency
    const answer = await requestCards(deps, { maker: req.actor, agency, officerIds })
    sendBegun(res, answer)
  })

  router.get('/api/cards', async (req, res) => {
    authorize(req.actor, 'cards.read', undefined, deps.agencies)
    const query = listQuery.parse(req.query)
    const place = query.cursor ? decodeCursor('cards', query.cursor) : undefined
    const rows = await listCards(deps.pool, {
      agencyIn: deps.agencies.subtree(req.actor.agency),
      state: query.state,
      before: place && { issuedAt: place.at, ref: Buffer.from(place.id, 'base64url') },
      limit: query.limit,
    })
    const next = nextCursor('cards', rows, query.limit, row => ({ at: row.issuedAt, id: encodeBase64url(row.ref) }))
    res.json({ cards: rows.map(present), next })
  })

  router.get('/api/cards/:serial', async (req, res) => {
    const card = await find(req)
    authorize(req.actor, 'cards.read', card.usingCode as AgencyCode, deps.agencies)
    res.json(present(card))
  })

  router.post('/api/cards/:serial/status', async (req, res) => {
    const body = statusBody.parse(req.body)
    const card = await find(req)
    const permission = body.action === 'suspend' ? 'cards.suspend' : 'cards.request'
    authorize(req.actor, permission, card.usingCode as AgencyCode, deps.agencies)
    const input = { ...body, serials: [card.serial], agency: card.usingCode as AgencyCode, maker: req.actor }
    if (body.action === 'suspend') {
      await suspendCards(deps, { ...input, actor: req.actor })
      return void res.status(204).end()
    }
    if (body.action === 'replace') {
      const { requestId, refused } = await requestReplacements(deps, { ...input, officerIds: [card.officerId] })
      if (!requestId) throw new AppError('card.status.conflict', `No new card can be requested: ${refused[0]?.code}`)
      return sendBegun(res, { requestId })
    }
    sendBegun(res, { requestId: await requestStatusChange(deps, { ...input, action: body.action }) })
  })

  router.get('/api/cards/:serial/card.pdf', async (req, res) => {
    const rendering = await rendered(req, 'card.pdf')
    res.type('application/pdf').send(Buffer.from(rendering.pdf()))
  })
  router.get('/api/cards/:serial/card.png', async (req, res) => {
    const rendering = await rendered(req, 'card.png')
    const { dpi, side } = renderingQuery.parse(req.query)
    res.type('image/png').send(Buffer.from(await rendering.png(dpi === '600' ? 600 : 300, side)))
  })
  router.get('/api/cards/:serial/card.svg', async (req, res) => {
    const rendering = await rendered(req, 'card.svg')
    res.type('image/svg+xml').send(rendering.svg(renderingQuery.parse(req.query).side))
  })

  router.get('/api/cards/:serial/qr', async (req, res) => res.type('text/plain').send(await qrText(req)))
  router.get('/api/cards/:serial/qr.svg', async (req, res) => res.type('image/svg+xml').send(qrSvg(await qrText(req))))
  router.get('/api/cards/:serial/qr.png', async (req, res) => res.type('image/png').send(Buffer.from(await qrPng(await qrText(req)))))

  /** The card's rendering: live for a printer (and recorded), else a marked preview without live codes. */
  async function rendered(req: Request, what: string) {
    const card = await find(req)
    const { preview: asked, template } = renderingQuery.parse(req.query)
    const preview = asked !== undefined
    await authorizeCodes(req, card, preview, what)
    const name = template ?? (await agencyTemplateOf(deps.pool, deps.agencies, card.usingCode, 'card')).template
    return renderCard({ template: deps.template(name), card: await cardViewOf(views, card, { preview }), preview })
  }

  async function qrText(req: Request): Promise<string> {
    const card = await find(req)
    await authorizeCodes(req, card, false, 'qr')
    return sealedUrl(deps.origin, card.sealedBytes)
  }

  async function authorizeCodes(req: Request, card: CardRow, preview: boolean, what: string): Promise<void> {
    const agency = card.usingCode as AgencyCode
    if (preview) return authorize(req.actor, 'cards.read', agency, deps.agencies)
    if (req.actor && !holds(req.actor, 'cards.print')) throw new AppError('auth.forbidden', 'Only a printer gets live codes; add ?preview')
    authorize(req.actor, 'cards.print', agency, deps.agencies)
    await recordAudit(deps.pool, { actor: req.actor, action: 'card.exported', agency, subject: `card:${card.serial}`, detail: { what } })
  }

  async function find(req: Request): Promise<OpenedCard> {
    const serial = String(req.params.serial).toUpperCase()
    if (!req.actor) throw new AppError('auth.required')
    if (!isCardSerial(serial)) throw new AppError('card.not-found')
    return readCard(deps.pool, deps.cipher, serial)
  }

  /** Every officer must be in the actor's subtree. */
  async function assertInScope(req: Request, officerIds: readonly string[]): Promise<void> {
    for (let from = 0; from < officerIds.length; from += 1000) {
      const persons = await personsForCards(deps.pool, officerIds.slice(from, from + 1000))
      for (const person of persons) authorize(req.actor, 'cards.request', person.agencyCode as AgencyCode, deps.agencies)
    }
  }

  function present(card: CardRow): z.infer<typeof cardSchema> {
    return {
      serial: card.serial,
      ref: encodeBase64url(card.ref),
      issuer: presentAgency(card.issuerCode),
      usingAgency: presentAgency(card.usingCode),
      fullName: card.fullName,
      position: card.position,
      category: card.category,
      status: card.endedAs ?? (card.status === 2 ? 'suspended' : 'active'),
      issuedAt: card.issuedAt.toISOString(),
      expiresAt: card.expiresAt.toISOString(),
      endedAt: card.endedAt?.toISOString() ?? null,
      successor: card.successor ? encodeBase64url(card.successor) : null,
      leafIndex: card.leafIndex,
    }
  }

  function presentAgency(code: string): z.infer<typeof agencySchema> {
    const agency = deps.agencies.get(code)
    return { code, oldCode: agency?.oldCode ?? null, name: agency?.nameVi ?? code }
  }

  return router
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })
const binary = z.string().meta({ format: 'binary' })
const rendering = (summary: string, type: string) => ({
  get: {
    summary,
    requestParams: { path: serialParameter, query: renderingQuery },
    responses: { 200: { description: 'The rendering', content: { [type]: { schema: binary } } }, ...problems(400, 404, 422) },
  },
})
const code = (summary: string, type: string, schema: z.ZodType) => ({
  get: {
    summary,
    requestParams: { path: serialParameter },
    responses: { 200: { description: 'The sealed QR; recorded', content: { [type]: { schema } } }, ...problems(404) },
  },
})

export const cardsPaths = {
  '/api/card-requests': {
    post: {
      summary: 'Ask for first cards; a second person approves',
      requestBody: { required: true, content: json(cardRequest) },
      responses: { 202: { description: 'Waiting for approval', content: json(cardRequestAnswer) }, ...problems(404) },
    },
  },
  '/api/cards': {
    get: {
      summary: 'Cards of the caller’s agencies, newest first',
      requestParams: { query: listQuery },
      responses: {
        200: { description: 'A page of cards', content: json(z.object({ cards: z.array(cardSchema), next: z.string().nullable() })) },
        ...problems(400),
      },
    },
  },
  '/api/cards/{serial}': {
    get: {
      summary: 'One card',
      requestParams: { path: serialParameter },
      responses: { 200: { description: 'The card', content: json(cardSchema) }, ...problems(404) },
    },
  },
  '/api/cards/{serial}/status': {
    post: {
      summary: 'Suspend at once; resume, revoke or replace by request',
      requestParams: { path: serialParameter },
      requestBody: { required: true, content: json(statusBody) },
      responses: {
        202: { description: 'Waiting for approval', content: json(z.object({ requestId: z.uuid() })) },
        204: { description: 'Suspended' },
        ...problems(404),
      },
    },
  },
  '/api/cards/{serial}/card.pdf': rendering('The card as PDF', 'application/pdf'),
  '/api/cards/{serial}/card.png': rendering('One side as PNG', 'image/png'),
  '/api/cards/{serial}/card.svg': rendering('One side as SVG', 'image/svg+xml'),
  '/api/cards/{serial}/qr': code('The text of the sealed QR', 'text/plain', z.string()),
  '/api/cards/{serial}/qr.svg': code('The sealed QR as SVG', 'image/svg+xml', binary),
  '/api/cards/{serial}/qr.png': code('The sealed QR as PNG', 'image/png', binary),
}
