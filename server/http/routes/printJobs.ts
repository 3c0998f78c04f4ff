import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Router } from 'express'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { cardByRef } from '../../cards/cardsTable.ts'
import { type CardViewDeps, cardViewOf } from '../../cards/cardView.ts'
import { openCard } from '../../cards/readCard.ts'
import { agencyTemplateOf } from '../../printing/agencyTemplateOf.ts'
import { bureauColumns, bureauRow } from '../../printing/jobs/bureauRows.ts'
import { changePlastics, createPrintJob, type PrintDeps } from '../../printing/jobs/printJobs.ts'
import {
  listPrintJobs,
  markFetched,
  type PrintJobRow,
  plasticStates,
  plasticsOfJob,
  printJobById,
} from '../../printing/jobs/printJobsTable.ts'
import { streamCards } from '../../printing/pdf/streamCards.ts'
import type { CardView } from '../../printing/render/cardView.ts'
import type { Template } from '../../printing/render/template.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize } from '../../staff/authorize.ts'
import { writeCsv } from '../../tables/writeCsv.ts'
import { decodeCursor, nextCursor } from '../cursor.ts'
import { pageQuery } from '../pageQuery.ts'
import { problems } from '../problemResponses.ts'

const jobBody = z.object({
  serials: z.array(z.string().max(20)).min(1).max(10_000).optional().describe('Without it, all that waits in the agency'),
  agency: z.string().refine(isAgencyCode, 'not an agency code').optional(),
  layout: z.enum(['card', 'a4', 'bureau']).default('card'),
  template: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/)
    .optional()
    .describe('Without it, the one that the agency prints with'),
  reason: z.string().trim().min(1).max(500).optional().describe('Needed when a card was printed before'),
})
const plasticsBody = z.object({
  state: z.enum(plasticStates).exclude(['waiting']),
  plastics: z
    .array(z.object({ id: z.uuid(), blankNumber: z.string().trim().min(1).max(40).optional() }))
    .min(1)
    .max(10_000),
  note: z.string().trim().min(1).max(500).optional(),
})
const idParameter = z.object({ id: z.uuid() })
const plasticSchema = z.object({
  id: z.uuid(),
  seq: z.int(),
  serial: z.string(),
  fullName: z.string(),
  state: z.enum(plasticStates),
  blankNumber: z.string().nullable(),
})
const jobSchema = z
  .object({
    id: z.uuid(),
    agency: z.string(),
    layout: z.enum(['card', 'a4', 'bureau']),
    template: z.string(),
    maker: z.string(),
    total: z.int(),
    createdAt: z.iso.datetime(),
    fetchedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'PrintJob' })

export interface PrintJobsRoutesDeps extends PrintDeps, Omit<CardViewDeps, 'db'> {
  agencies: AgencyTree
  template: (name: string) => Template
}

/** Print runs: begin one, fetch its file, record what became of the plastic. */
export function printJobsRoutes(deps: PrintJobsRoutesDeps): Router {
  const router = Router()
  const views: CardViewDeps = { ...deps, db: deps.pool }

  router.post('/api/print-jobs', async (req, res) => {
    const body = jobBody.parse(req.body)
    const agency = (body.agency as AgencyCode | undefined) ?? req.actor?.agency
    authorize(req.actor, 'cards.print', agency, deps.agencies)
    const template = deps.template(body.template ?? (await agencyTemplateOf(deps.pool, deps.agencies, agency!, 'card')).template)
    const job = await createPrintJob(deps, {
      ...body,
      template,
      printer: req.actor,
      agency: agency!,
      tree: deps.agencies,
    })
    res.status(201).location(`/api/print-jobs/${job.id}`).json(job)
  })

  router.get('/api/print-jobs', async (req, res) => {
    authorize(req.actor, 'print.read', undefined, deps.agencies)
    const { cursor, limit } = pageQuery.parse(req.query)
    const before = cursor && decodeCursor('print-jobs', cursor).id
    const jobs = await listPrintJobs(deps.pool, deps.agencies.subtree(req.actor.agency), { before, limit })
    res.json({ jobs: jobs.map(present), next: nextCursor('print-jobs', jobs, limit, job => ({ at: job.createdAt, id: job.id })) })
  })

  router.get('/api/print-jobs/:id', async (req, res) => {
    const job = await find(req.actor, 'print.read', req.params.id)
    const plastics = await plasticsOfJob(deps.pool, job.id)
    res.json({
      ...present(job),
      plastics: plastics.map(({ id, seq, serial, fullName, state, blankNumber }) => ({ id, seq, serial, fullName, state, blankNumber })),
    })
  })

  router.get('/api/print-jobs/:id/print.pdf', async (req, res) => {
    const job = await find(req.actor, 'cards.print', req.params.id)
    if (job.layout === 'bureau') throw new AppError('print.not-found', 'This run is a file for the bureau: fetch bureau.csv')
    const layout = job.layout === 'a4' ? 'a4' : 'cr80'
    const pdf = streamCards({ template: deps.template(job.template), cards: viewsOf(job), layout, title: `Lô in ${job.id}` })
    // What is wrong with the first cards is still an answer.
    const first = await pdf.next()
    await fetched(req.actor!, job, 'print.pdf')
    res.type('application/pdf').set('Content-Disposition', `attachment; filename="in-the-${job.id.slice(0, 8)}.pdf"`)
    if (!first.done) res.write(first.value)
    await pipeline(Readable.from(pdf), res)
  })

  router.get('/api/print-jobs/:id/bureau.csv', async (req, res) => {
    const job = await find(req.actor, 'cards.print', req.params.id)
    await fetched(req.actor!, job, 'bureau.csv')
    res.type('text/csv; charset=utf-8').set('Content-Disposition', `attachment; filename="in-the-${job.id.slice(0, 8)}.csv"`)
    const rows = async function* () {
      for await (const view of viewsOf(job)) yield bureauRow(view)
    }
    await pipeline(Readable.from(writeCsv(bureauColumns, rows())), res)
  })

  router.post('/api/print-jobs/plastics', async (req, res) => {
    const body = plasticsBody.parse(req.body)
    authorize(req.actor, 'cards.print', undefined, deps.agencies)
    const { actor } = req
    const agencyOf = (code: string) => authorize(actor, 'cards.print', code as AgencyCode, deps.agencies)
    const changed = await changePlastics(deps, { ...body, printer: actor, agencyOf })
    res.json({ changed })
  })

  async function* viewsOf(job: PrintJobRow): AsyncGenerator<CardView> {
    for (const plastic of await plasticsOfJob(deps.pool, job.id)) {
      const card = await cardByRef(deps.pool, plastic.cardRef)
      // A card that ended meanwhile is not printed.
      if (card && card.endedAs === null) yield cardViewOf(views, openCard(deps.cipher, card))
    }
  }

  async function find(actor: Actor | null, permission: 'print.read' | 'cards.print', id: string): Promise<PrintJobRow> {
    if (!actor) throw new AppError('auth.required')
    const job = z.uuid().safeParse(id).success ? await printJobById(deps.pool, id) : null
    if (!job) throw new AppError('print.not-found')
    authorize(actor, permission, job.agencyCode as AgencyCode, deps.agencies)
    return job
  }

  async function fetched(actor: Actor, job: PrintJobRow, what: string): Promise<void> {
    await recordAudit(deps.pool, {
      actor,
      action: 'print.fetched',
      agency: job.agencyCode,
      subject: `print:${job.id}`,
      detail: { what, cards: job.total },
    })
    await markFetched(deps.pool, job.id)
  }

  return router
}

function present(job: PrintJobRow): z.infer<typeof jobSchema> {
  return {
    id: job.id,
    agency: job.agencyCode,
    layout: job.layout,
    template: job.template,
    maker: job.makerName,
    total: job.total,
    createdAt: job.createdAt.toISOString(),
    fetchedAt: job.fetchedAt?.toISOString() ?? null,
  }
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })
const file = (summary: string, type: string) => ({
  get: {
    summary,
    requestParams: { path: idParameter },
    responses: {
      200: { description: 'The file', content: { [type]: { schema: z.string().meta({ format: 'binary' }) } } },
      ...problems(404),
    },
  },
})

export const printJobsPaths = {
  '/api/print-jobs': {
    post: {
      summary: 'Begin a print run',
      requestBody: { required: true, content: json(jobBody) },
      responses: { 201: { description: 'Begun', content: json(z.object({ id: z.uuid(), total: z.int() })) } },
    },
    get: {
      summary: 'Print runs of the caller’s agencies',
      requestParams: { query: pageQuery },
      responses: {
        200: { description: 'A page, newest first', content: json(z.object({ jobs: z.array(jobSchema), next: z.string().nullable() })) },
        ...problems(400),
      },
    },
  },
  '/api/print-jobs/{id}': {
    get: {
      summary: 'One run with its plastic',
      requestParams: { path: idParameter },
      responses: {
        200: { description: 'The run', content: json(jobSchema.extend({ plastics: z.array(plasticSchema) })) },
        ...problems(404),
      },
    },
  },
  '/api/print-jobs/{id}/print.pdf': file('The run as PDF; recorded', 'application/pdf'),
  '/api/print-jobs/{id}/bureau.csv': file('The run for the card bureau; recorded', 'text/csv'),
  '/api/print-jobs/plastics': {
    post: {
      summary: 'Record what became of plastic: printed, spoilt, delivered, returned, destroyed, lost',
      requestBody: { required: true, content: json(plasticsBody) },
      responses: { 200: { description: 'Recorded', content: json(z.object({ changed: z.int() })) }, ...problems(404) },
    },
  },
}
