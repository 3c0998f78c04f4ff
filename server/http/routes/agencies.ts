import express, { Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyRow } from '../../agencies/agenciesTable.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { dissolveAgency } from '../../agencies/dissolveAgency.ts'
import { saveAgency } from '../../agencies/saveAgency.ts'
import { authorize } from '../../staff/authorize.ts'

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
  })
  .meta({ id: 'AgencyWithHistory' })
const listAnswer = z.object({ agencies: z.array(agencySchema) })
const saveBody = z.object({
  oldCode: z.string().trim().max(35).default(''),
  nameVi: z.string().trim().normalize('NFC').min(1).max(200),
  nameEn: z.string().trim().normalize('NFC').max(200).default(''),
  parent: code.nullable(),
})
const dissolveBody = z.object({ successor: code.nullable().describe('Answers for what the agency issued') })

export interface AgenciesRoutesDeps {
  pool: Pool
  agencies: AgencyTree
  /** Seconds. */
  clock: () => number
}

/** Agencies: the tree below the caller, one agency with its history, and for an admin its names, place and end. */
export function agenciesRoutes(deps: AgenciesRoutesDeps): Router {
  const router = Router()
  const body = express.json({ limit: '64kb' })

  router.get('/api/agencies', (req, res) => {
    if (!req.actor) throw new AppError('auth.required')
    const rows = deps.agencies.subtree(req.actor.agency).flatMap(one => deps.agencies.get(one) ?? [])
    res.set('Cache-Control', 'no-store').json({ agencies: rows.map(present) })
  })

  router.get('/api/agencies/:code', (req, res) => {
    if (!req.actor) throw new AppError('auth.required')
    const row = deps.agencies.get(codeParameter.parse(req.params).code)
    if (!row || !deps.agencies.inSubtree(row.code, req.actor.agency)) throw new AppError('agency.not-found')
    res.set('Cache-Control', 'no-store').json(present(row))
  })

  router.put('/api/agencies/:code', body, async (req, res) => {
    authorize(req.actor, 'agencies.manage', undefined, deps.agencies)
    const target = codeParameter.parse(req.params).code as AgencyCode
    const input = saveBody.parse(req.body)
    // A new agency stands nowhere yet: what counts is where it will stand.
    const known = deps.agencies.get(target)
    authorize(req.actor, 'agencies.manage', known ? target : ((input.parent as AgencyCode | null) ?? target), deps.agencies)
    // An agency's own place is for those above it to change.
    const parent = known?.parents.find(one => one.to === null)?.code ?? null
    if (target === req.actor.agency && input.parent !== parent) throw new AppError('auth.outside-scope')
    if (input.parent !== null && input.parent !== parent) {
      authorize(req.actor, 'agencies.manage', input.parent as AgencyCode, deps.agencies)
    }
    await saveAgency(deps, req.actor, { ...input, code: target, parent: input.parent as AgencyCode | null })
    res.status(known ? 200 : 201).json(present(deps.agencies.get(target)!))
  })

  router.post('/api/agencies/:code/dissolve', body, async (req, res) => {
    authorize(req.actor, 'agencies.manage', undefined, deps.agencies)
    const target = codeParameter.parse(req.params).code as AgencyCode
    const { successor } = dissolveBody.parse(req.body)
    authorize(req.actor, 'agencies.manage', target, deps.agencies)
    await dissolveAgency(deps, req.actor, target, successor as AgencyCode | null)
    res.json(present(deps.agencies.get(target)!))
  })

  return router
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
  }
}

const json = <S extends z.ZodType>(schema: S) => ({ 'application/json': { schema } })

export const agenciesPaths = {
  '/api/agencies': {
    get: {
      summary: 'The caller’s agency and all below it',
      responses: { 200: { description: 'In order of codes', content: json(listAnswer) } },
    },
  },
  '/api/agencies/{code}': {
    get: {
      summary: 'One agency with the history of its parents',
      requestParams: { path: codeParameter },
      responses: { 200: { description: 'The agency', content: json(agencySchema) } },
    },
    put: {
      summary: 'Add an agency, rename it or move it below another',
      requestParams: { path: codeParameter },
      requestBody: { required: true, content: json(saveBody) },
      responses: {
        200: { description: 'Changed', content: json(agencySchema) },
        201: { description: 'Added', content: json(agencySchema) },
      },
    },
  },
  '/api/agencies/{code}/dissolve': {
    post: {
      summary: 'End an agency, with or without a successor; its cards stay verifiable',
      requestParams: { path: codeParameter },
      requestBody: { required: true, content: json(dissolveBody) },
      responses: { 200: { description: 'Ended', content: json(agencySchema) } },
    },
  },
}
