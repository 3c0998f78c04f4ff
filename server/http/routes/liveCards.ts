import { Router } from 'express'
import { z } from 'zod'
import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { isCardSerial } from '../../../core/identity/cardSerial.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { type CardRow, cardByRef, cardBySerial } from '../../cards/cardsTable.ts'
import { openCard } from '../../cards/readCard.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import { type BindableCard, bindPhone, createLiveLink, type LiveCardDeps, unbindCard, unbindPhone } from '../../live-cards/bindPhone.ts'
import { bindingOfCard, bindingOfKey } from '../../live-cards/liveCardsTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize, holds } from '../../staff/authorize.ts'
import { problems } from '../problemResponses.ts'
import { limitRequests } from '../rateLimits.ts'
import { readJson } from '../readJson.ts'

export interface LiveCardsRoutesDeps extends Omit<LiveCardDeps, 'cardByRef'> {
  cipher: FieldCipher
  agencies: Pick<AgencyTree, 'inSubtree'>
}

const b64u = (length: number) => z.string().refine(text => lengthOf(text) === length, `base64url of ${length} bytes`)
const key = z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: b64u(32), y: b64u(32) })
const bindBody = z
  .strictObject({ token: b64u(16).describe('From the fragment of the link'), key, time: z.int(), proof: b64u(64) })
  .meta({ id: 'LiveBindRequest' })
const unbindBody = z.strictObject({ key, time: z.int(), proof: b64u(64) }).meta({ id: 'LiveUnbindRequest' })
const serialParameter = z.object({ serial: z.string() })

/** What the routes and pages of live cards share: the deps of server/live-cards with cards read from the database. */
export function liveCardDeps(deps: LiveCardsRoutesDeps): LiveCardDeps {
  return {
    ...deps,
    cardByRef: async ref => {
      const row = await cardByRef(deps.pool, ref)
      return row && bindable(deps.cipher, row)
    },
  }
}

/** Whether a phone's key (thumbprint, 32 bytes) is bound to a card now. */
export function isBound(deps: Pick<LiveCardDeps, 'pool'>): (thumbprint: Uint8Array) => Promise<boolean> {
  return async thumbprint => (await bindingOfKey(deps.pool, Buffer.from(thumbprint))) !== null
}

/** Live cards (formats 10): a link for the signed-in holder, the phone's binding and its end, and whether a key is bound. */
export function liveCardsRoutes(deps: LiveCardsRoutesDeps): Router {
  const router = Router()
  const live = liveCardDeps(deps)
  const readBody = readJson(8192)
  const limit = limitRequests({ pool: deps.pool, name: 'live-cards', limit: 20, seconds: 60 })

  router.post('/api/cards/:serial/live-links', async (req, res) => {
    const card = await ownCard(req.params.serial, req.actor)
    const { url, expiresAt } = await createLiveLink(live, card, req.actor!)
    res.status(201).set('Cache-Control', 'no-store').json({ url, expiresAt: expiresAt.toISOString() })
  })

  router.get('/api/cards/:serial/live-binding', async (req, res) => {
    const card = await seenCard(req.params.serial, req.actor)
    const row = await bindingOfCard(deps.pool, card.ref)
    res.set('Cache-Control', 'no-store')
    res.json({ bound: row !== null, boundAt: row?.boundAt.toISOString() ?? null, expiresAt: row?.expiresAt.toISOString() ?? null })
  })

  // By the holder, or by HR of the card's agency.
  router.delete('/api/cards/:serial/live-binding', async (req, res) => {
    const card = await seenCard(req.params.serial, req.actor)
    if (!(await unbindCard(live, card, req.actor!))) throw new AppError('live.not-found')
    res.status(204).end()
  })

  router.post('/api/live-cards/bind', limit, readBody, async (req, res) => {
    const { token, key: jwk, time, proof } = bindBody.parse(req.body)
    const bound = await bindPhone(live, { token: decodeBase64url(token), key: jwk, time, proof: decodeBase64url(proof) })
    res.status(201).set('Cache-Control', 'no-store')
    res.json({ credential: encodeBase64url(bound.sealed), binding: encodeBase64url(bound.binding), expiresAt: bound.expiresAt })
  })

  router.post('/api/live-cards/unbind', limit, readBody, async (req, res) => {
    const { key: jwk, time, proof } = unbindBody.parse(req.body)
    await unbindPhone(live, { key: jwk, time, proof: decodeBase64url(proof) })
    res.status(204).end()
  })

  router.get(
    '/live-bindings/:thumbprint',
    limitRequests({ pool: deps.pool, name: 'live-bindings', limit: 240, seconds: 60 }),
    async (req, res) => {
      res.set({ 'Cache-Control': 'no-store', 'Access-Control-Allow-Origin': '*' })
      const thumbprint = String(req.params.thumbprint)
      const row = /^[0-9a-f]{64}$/.test(thumbprint) ? await bindingOfKey(deps.pool, Buffer.from(thumbprint, 'hex')) : null
      if (!row) throw new AppError('live.not-found')
      res.json({ ref: encodeBase64url(row.cardRef), expiresAt: row.expiresAt.toISOString() })
    },
  )

  return router

  /** The caller's own card, while it is valid. */
  async function ownCard(serial: string, actor: Actor | null): Promise<BindableCard> {
    authorize(actor, 'own.card', undefined, deps.agencies)
    const row = isCardSerial(serial) ? await cardBySerial(deps.pool, serial) : null
    if (!row || row.officerId !== actor.officerId) throw new AppError('card.not-found')
    const card = bindable(deps.cipher, row)
    if (!card.isActive) throw new AppError('card.ended.conflict')
    return card
  }

  /** The caller's own card, or one that the caller may suspend. */
  async function seenCard(serial: string, actor: Actor | null): Promise<BindableCard> {
    if (!actor) throw new AppError('auth.required')
    const row = isCardSerial(serial) ? await cardBySerial(deps.pool, serial) : null
    if (!row) throw new AppError('card.not-found')
    const isOwn = holds(actor, 'own.card') && row.officerId === actor.officerId
    if (!isOwn) authorize(actor, 'cards.suspend', row.usingCode as AgencyCode, deps.agencies)
    return bindable(deps.cipher, row)
  }
}

function bindable(cipher: FieldCipher, row: CardRow): BindableCard {
  return {
    ref: row.ref,
    serial: row.serial,
    issuer: row.issuerCode as AgencyCode,
    usingAgency: row.usingCode as AgencyCode,
    sealed: openCard(cipher, row).sealedBytes,
    expiresAt: row.expiresAt,
    isActive: row.endedAs === null && row.status === 0,
  }
}

function lengthOf(text: string): number {
  try {
    return decodeBase64url(text).length
  } catch {
    return -1
  }
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })
const time = z.iso.datetime()

export const liveCardsPaths = {
  '/api/cards/{serial}/live-links': {
    post: {
      summary: 'A link, once and for 24 hours, that takes the holder’s live card to a phone',
      requestParams: { path: serialParameter },
      responses: {
        201: { description: 'Made', content: json(z.object({ url: z.string(), expiresAt: time })) },
        ...problems(401, 403, 404, 409),
      },
    },
  },
  '/api/cards/{serial}/live-binding': {
    get: {
      summary: 'Whether a phone is bound',
      requestParams: { path: serialParameter },
      responses: {
        200: {
          description: 'The state',
          content: json(z.object({ bound: z.boolean(), boundAt: time.nullable(), expiresAt: time.nullable() })),
        },
        ...problems(401, 403, 404),
      },
    },
    delete: {
      summary: 'Unbind the phone, by the holder or by HR',
      requestParams: { path: serialParameter },
      responses: { 204: { description: 'Unbound' }, ...problems(401, 403, 404) },
    },
  },
  '/api/live-cards/bind': {
    post: {
      summary: 'Bind the phone that opened a link',
      security: [],
      requestBody: { required: true, content: json(bindBody) },
      responses: {
        201: {
          description: 'What the phone shows from now on',
          content: json(z.object({ credential: z.string(), binding: z.string(), expiresAt: z.int() })),
        },
        ...problems(400, 409, 422, 429),
      },
    },
  },
  '/api/live-cards/unbind': {
    post: {
      summary: 'End the binding of this phone',
      security: [],
      requestBody: { required: true, content: json(unbindBody) },
      responses: { 204: { description: 'Unbound' }, ...problems(400, 404, 422, 429) },
    },
  },
  '/live-bindings/{thumbprint}': {
    get: {
      summary: 'Whether a phone’s key is bound now',
      security: [],
      requestParams: { path: z.object({ thumbprint: z.string().regex(/^[0-9a-f]{64}$/) }) },
      responses: { 200: { description: 'Bound', content: json(z.object({ ref: z.string(), expiresAt: time })) }, ...problems(404, 429) },
    },
  },
}
