import { Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { maskPersonalNumber } from '../../../core/identity/maskPersonalNumber.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import { approveRequest, cancelRequest, refuseRequest } from '../../requests/decideRequest.ts'
import { requestKinds } from '../../requests/requestKinds.ts'
import {
  countItems,
  type ItemRow,
  itemsOf,
  listRequests,
  pendingDigest,
  type RequestRow,
  requestById,
} from '../../requests/requestsTable.ts'
import { authorize } from '../../staff/authorize.ts'
import { decodeCursor, nextCursor } from '../cursor.ts'
import { pageQuery } from '../pageQuery.ts'
import { problems } from '../problemResponses.ts'

const status = z.enum(['pending', 'approved', 'running', 'done', 'refused', 'void', 'cancelled'])
const digest32 = z
  .string()
  .regex(/^[\w-]{43}$/)
  .describe('32 bytes in base64url')

export const requestSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(Object.keys(requestKinds) as [keyof typeof requestKinds]),
    agency: z.string(),
    maker: z.string(),
    approver: z.string().nullable(),
    status,
    detail: z.record(z.string(), z.unknown()),
    total: z.int(),
    done: z.int(),
    failed: z.int(),
    createdAt: z.iso.datetime(),
    decidedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Request' })

const itemSchema = z
  .object({
    seq: z.int(),
    state: z.enum(['pending', 'approved', 'held', 'refused', 'void', 'done', 'failed']),
    outcome: z.string(),
    ref: z.string().nullable(),
    warnings: z.array(z.object({ code: z.string(), field: z.string().optional() })),
    claims: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'RequestItem' })

const listQuery = pageQuery.extend({ status: status.optional(), kind: z.string().optional() })
const itemsQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
})
const approval = z.object({
  claimsDigest: digest32.describe('The claimsDigest of the request as it was shown'),
  selection: z
    .union([z.enum(['all', 'without-warnings']), z.object({ seqs: z.array(z.int().positive()).min(1).max(100_000) })])
    .default('all'),
})
const refusal = z.object({ reason: z.string().trim().min(1).max(1000) })
const listAnswer = z.object({ requests: z.array(requestSchema), next: z.string().nullable() })
const detailAnswer = requestSchema.extend({
  claimsDigest: digest32,
  refusal: z.string().nullable(),
  counts: z.object({ total: z.int(), warnings: z.int(), byState: z.record(z.string(), z.int()) }),
  items: z.array(itemSchema),
  nextItem: z.int().nullable(),
})
const decisionAnswer = z.object({ approved: z.int(), held: z.int(), heldRequestId: z.uuid().nullable() })

export interface RequestRoutesDeps {
  pool: Pool
  cipher: FieldCipher
  agencies: AgencyTree
}

/** What needs two people: list, look, approve, refuse, take back. */
export function requestsRoutes(deps: RequestRoutesDeps): Router {
  const router = Router()

  router.get('/api/requests', async (req, res) => {
    authorize(req.actor, 'requests.read', undefined, deps.agencies)
    const query = listQuery.parse(req.query)
    const place = query.cursor ? decodeCursor('requests', query.cursor) : undefined
    const rows = await listRequests(deps.pool, {
      agencyIn: deps.agencies.subtree(req.actor.agency),
      status: query.status,
      kinds: query.kind ? [query.kind] : undefined,
      before: place?.id,
      limit: query.limit,
    })
    const next = nextCursor('requests', rows, query.limit, row => ({ at: row.createdAt, id: row.id }))
    res.json({ requests: rows.map(presentRequest), next })
  })

  router.get('/api/requests/:id', async (req, res) => {
    const request = await find(req.params.id)
    authorize(req.actor, 'requests.read', request.agencyCode as AgencyCode, deps.agencies)
    const { after, limit } = itemsQuery.parse(req.query)
    const [items, counts, digest] = await Promise.all([
      itemsOf(deps.pool, request.id, { afterSeq: after, limit }),
      countItems(deps.pool, request.id),
      pendingDigest(deps.pool, request.id),
    ])
    res.json({
      ...presentRequest(request),
      claimsDigest: encodeBase64url(digest),
      refusal: request.refusal ? deps.cipher.open(request.refusal).toString('utf8') : null,
      counts,
      items: items.map(item => presentItem(deps.cipher, item)),
      nextItem: items.length === limit ? items.at(-1)!.seq : null,
    })
  })

  router.post('/api/requests/:id/approve', async (req, res) => {
    const request = await find(req.params.id)
    authorize(req.actor, requestKinds[request.kind].decide, request.agencyCode as AgencyCode, deps.agencies)
    const body = approval.parse(req.body)
    const decision = await approveRequest(deps, {
      actor: req.actor,
      id: request.id,
      claimsDigest: decodeBase64url(body.claimsDigest),
      selection: body.selection,
    })
    res.status(202).json(decision)
  })

  router.post('/api/requests/:id/refuse', async (req, res) => {
    const request = await find(req.params.id)
    authorize(req.actor, requestKinds[request.kind].decide, request.agencyCode as AgencyCode, deps.agencies)
    await refuseRequest(deps, { actor: req.actor, id: request.id, reason: refusal.parse(req.body).reason })
    res.status(204).end()
  })

  router.post('/api/requests/:id/cancel', async (req, res) => {
    const request = await find(req.params.id)
    authorize(req.actor, requestKinds[request.kind].make, request.agencyCode as AgencyCode, deps.agencies)
    await cancelRequest(deps, { actor: req.actor, id: request.id })
    res.status(204).end()
  })

  async function find(id: string): Promise<RequestRow> {
    const request = z.uuid().safeParse(id).success ? await requestById(deps.pool, id) : null
    if (!request) throw new AppError('request.not-found')
    return request
  }

  return router
}

/** A request as the API shows it. */
export function presentRequest(row: RequestRow): z.infer<typeof requestSchema> {
  return {
    id: row.id,
    kind: row.kind,
    agency: row.agencyCode,
    maker: row.makerName,
    approver: row.approverName,
    status: row.status,
    detail: row.detail,
    total: row.total,
    done: row.done,
    failed: row.failed,
    createdAt: row.createdAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}

function presentItem(cipher: FieldCipher, item: ItemRow): z.infer<typeof itemSchema> {
  return {
    seq: item.seq,
    state: item.state,
    outcome: item.outcome,
    ref: item.ref ? encodeBase64url(item.ref) : null,
    warnings: item.warnings,
    claims: masked(JSON.parse(cipher.open(item.claims).toString('utf8')) as Record<string, unknown>),
  }
}

/** The claims without a whole personal number; the digest is over the whole ones. */
function masked(claims: Record<string, unknown>): Record<string, unknown> {
  const { holderNumber } = claims
  return typeof holderNumber === 'string' ? { ...claims, holderNumber: maskPersonalNumber(holderNumber) } : claims
}

const idParameter = z.object({ id: z.uuid() })
const json = <T>(schema: T) => ({ 'application/json': { schema } })

export const requestsPaths = {
  '/api/requests': {
    get: {
      summary: 'Requests of the caller’s agencies, newest first',
      requestParams: { query: listQuery },
      responses: { 200: { description: 'A page of requests', content: json(listAnswer) }, ...problems(400) },
    },
  },
  '/api/requests/{id}': {
    get: {
      summary: 'One request with its items',
      requestParams: { path: idParameter, query: itemsQuery },
      responses: { 200: { description: 'The request', content: json(detailAnswer) }, ...problems(400, 404) },
    },
  },
  '/api/requests/{id}/approve': {
    post: {
      summary: 'Approve, as a second person who signed in anew',
      requestParams: { path: idParameter },
      requestBody: { required: true, content: json(approval) },
      responses: { 202: { description: 'Approved; a job carries it out', content: json(decisionAnswer) }, ...problems(404) },
    },
  },
  '/api/requests/{id}/refuse': {
    post: {
      summary: 'Refuse, with a reason',
      requestParams: { path: idParameter },
      requestBody: { required: true, content: json(refusal) },
      responses: { 204: { description: 'Refused' }, ...problems(404) },
    },
  },
  '/api/requests/{id}/cancel': {
    post: {
      summary: 'Take back one’s own request',
      requestParams: { path: idParameter },
      responses: { 204: { description: 'Taken back' }, ...problems(404) },
    },
  },
}
