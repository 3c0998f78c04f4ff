import { Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { isAgencyCode, parseAgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyRow } from '../../agencies/agenciesTable.ts'
import { type AgencyChange, scopeOfChange } from '../../agencies/agencyChange.ts'
import { agencyStates } from '../../agencies/agencyState.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { coverageSchema } from '../../agencies/coverage.ts'
import { requestAgencyChanges } from '../../agencies/requestAgencyChanges.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import { authorize } from '../../staff/authorize.ts'
import { decodeCursor, nextCursor } from '../cursor.ts'
import { pageQuery } from '../pageQuery.ts'
import { problems } from '../problemResponses.ts'
import { sendBegun } from '../sendBegun.ts'

const code = z.string().refine(isAgencyCode, 'not an agency code')
const codeParameter = z.object({ code })
const spanSchema = z.object({ code: z.string(), from: z.iso.datetime(), to: z.iso.datetime().nullable() })
const agencySchema = z
  .object({
    code: z.string(),
    oldCode: z.string().nullable(),
    name: z.object({ vi: z.string(), en: z.string().nullable() }),
    parent: z.string().nullable(),
    parents: z.array(spanSchema),
    validFrom: z.iso.datetime(),
    validTo: z.iso.datetime().nullable(),
    successor: z.object({ code: z.string(), from: z.iso.datetime() }).nullable(),
    restricted: z.boolean(),
    coverage: coverageSchema,
  })
  .meta({ id: 'AgencyWithHistory' })
const listAnswer = z.object({ agencies: z.array(agencySchema), next: z.string().nullable() })
const changedCode = code.transform(parseAgencyCode)
const profile = {
  oldCode: z.string().trim().max(35).default(''),
  nameVi: z.string().trim().normalize('NFC').min(1).max(200),
  nameEn: z.string().trim().normalize('NFC').max(200).default(''),
  restricted: z.boolean().default(false).describe('Entries of the log leave out agency and key; final once the trust list says it'),
  coverage: coverageSchema.default([]).describe('What its register of diplomas covers'),
}
const reason = z.string().trim().max(1000).optional()
const changeBody = z.discriminatedUnion('action', [
  z.object({ action: z.literal('add'), code: changedCode, parent: changedCode, ...profile, reason }),
  z.object({ action: z.literal('change'), code: changedCode, ...profile, reason }).describe('Says all that the agency says of itself'),
  z.object({ action: z.literal('move'), code: changedCode, parent: changedCode, reason }),
  z.object({
    action: z.literal('dissolve'),
    code: changedCode,
    successor: changedCode.nullable().describe('Answers for what the agency issued'),
    reason,
  }),
])
const changeAnswer = z.object({ requestId: z.uuid() })

export interface AgenciesRoutesDeps {
  pool: Pool
  cipher: FieldCipher
  agencies: AgencyTree
}

/** Agencies: the tree below the caller, one agency with its history, and asking for a change, on which a second administrator decides. */
export function agenciesRoutes(deps: AgenciesRoutesDeps): Router {
  const router = Router()

  router.get('/api/agencies', (req, res) => {
    if (!req.actor) throw new AppError('auth.required')
    const { cursor, limit } = pageQuery.parse(req.query)
    const after = cursor === undefined ? '' : decodeCursor('agencies', cursor).id
    const rows = deps.agencies
      .subtree(req.actor.agency)
      .filter(code => code > after)
      .slice(0, limit)
      .flatMap(code => deps.agencies.get(code) ?? [])
    const next = nextCursor('agencies', rows, limit, row => ({ at: row.validFrom, id: row.code }))
    res.set('Cache-Control', 'no-store').json({ agencies: rows.map(present), next })
  })

  router.get('/api/agencies/:code', (req, res) => {
    if (!req.actor) throw new AppError('auth.required')
    const row = deps.agencies.get(codeParameter.parse(req.params).code)
    if (!row || !deps.agencies.inSubtree(row.code, req.actor.agency)) throw new AppError('agency.not-found')
    res.set('Cache-Control', 'no-store').json(present(row))
  })

  router.post('/api/agency-requests', async (req, res) => {
    authorize(req.actor, 'agencies.manage', undefined, deps.agencies)
    const body = changeBody.parse(req.body)
    const change = changeOf(body)
    const scope = scopeOfChange(agencyStates(deps.agencies.all()), change)
    authorize(req.actor, 'agencies.manage', scope, deps.agencies)
    const requestId = await requestAgencyChanges(deps, { maker: req.actor, scope, changes: [change], reason: body.reason })
    sendBegun(res, { requestId })
  })

  return router
}

function changeOf(body: z.output<typeof changeBody>): AgencyChange {
  const { action, code } = body
  if (action === 'move') return { action, code, parent: body.parent }
  if (action === 'dissolve') return { action, code, successor: body.successor }
  const { oldCode, nameVi, nameEn, restricted, coverage } = body
  const profile = { oldCode, nameVi, nameEn, restricted, coverage }
  return action === 'add' ? { action, code, parent: body.parent, profile } : { action, code, profile }
}

function present(row: AgencyRow): z.input<typeof agencySchema> {
  return {
    code: row.code,
    oldCode: row.oldCode,
    name: { vi: row.nameVi, en: row.nameEn },
    parent: row.parents.find(parent => parent.to === null)?.code ?? null,
    parents: row.parents.map(parent => ({ code: parent.code, from: parent.from.toISOString(), to: parent.to?.toISOString() ?? null })),
    validFrom: row.validFrom.toISOString(),
    validTo: row.validTo?.toISOString() ?? null,
    successor: row.successor && { code: row.successor.code, from: row.successor.from.toISOString() },
    restricted: row.restricted,
    coverage: row.coverage,
  }
}

const json = <S extends z.ZodType>(schema: S) => ({ 'application/json': { schema } })

export const agenciesPaths = {
  '/api/agencies': {
    get: {
      summary: 'The caller’s agency and all below it',
      requestParams: { query: pageQuery },
      responses: { 200: { description: 'A page, in order of codes', content: json(listAnswer) }, ...problems(400) },
    },
  },
  '/api/agencies/{code}': {
    get: {
      summary: 'One agency with the history of its parents',
      requestParams: { path: codeParameter },
      responses: { 200: { description: 'The agency', content: json(agencySchema) }, ...problems(400, 404) },
    },
  },
  '/api/agency-requests': {
    post: {
      summary: 'Ask for an agency to be added, changed, moved or dissolved; another administrator approves',
      requestBody: { required: true, content: json(changeBody) },
      responses: { 202: { description: 'Waiting for approval', content: json(changeAnswer) }, ...problems(400, 403, 404, 409, 422) },
    },
  },
}
