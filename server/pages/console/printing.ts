import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import { isCardSerial } from '../../../core/identity/cardSerial.ts'
import { agencyTemplateOf } from '../../printing/agencyTemplateOf.ts'
import { changePlastics, createPrintJob } from '../../printing/jobs/printJobs.ts'
import {
  cardsToPrint,
  countToPrint,
  listPrintJobs,
  type PlasticState,
  type PrintJobRow,
  type PrintLayout,
  plasticsOfJob,
  printJobById,
} from '../../printing/jobs/printJobsTable.ts'
import { installedTemplate, installedTemplates } from '../../printing/render/installedTemplates.ts'
import { templatePictures } from '../../printing/render/templatePictures.ts'
import type { Actor } from '../../staff/actor.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { isUuid } from './isUuid.ts'
import type { ReviewPagesDeps } from './review.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, href, inScope, queryOf, valuesOf, whoOf } from './routes.ts'
import { problemKey, redirectWith } from './shell.ts'
import type { TemplatePagesDeps } from './templates.ts'

const layouts = ['card', 'a4', 'bureau'] as const satisfies readonly PrintLayout[]
const queueSize = 200
const jobsSize = 30

/** The templates that print cards and are whole, the given one first. */
async function cardTemplates(folder: string, first: string) {
  const cards = installedTemplates(folder).flatMap(({ template }) => (template?.kind === 'card' ? [template] : []))
  const whole = await Promise.all(cards.map(async template => (await templatePictures(template)).problem === null))
  return cards
    .filter((_template, at) => whole[at])
    .map(({ name, title }) => ({ name, title }))
    .sort((a, b) => Number(b.name === first) - Number(a.name === first))
}

/** What may become of a piece of plastic from each state, the usual thing first. */
const nextStates: Record<PlasticState, readonly Exclude<PlasticState, 'waiting'>[]> = {
  waiting: ['printed', 'spoilt'],
  printed: ['delivered', 'spoilt', 'destroyed', 'lost'],
  spoilt: ['destroyed'],
  delivered: ['returned', 'lost'],
  returned: ['destroyed', 'lost'],
  destroyed: [],
  lost: [],
}

/** The print queue, print runs, and the life of the plastic: blank numbers, spoilt, delivered with a list to sign, returned, lost. */
export function printPages(deps: TemplatePagesDeps & Pick<ReviewPagesDeps, 'legalBasis'>): ConsoleRouter {
  const pages = consoleRouter(deps)

  const showQueue = async (
    res: Response,
    actor: Actor,
    agency: string,
    values: { layout: string; template?: string; reason: string; serials: readonly string[] },
    errors: readonly { field: string; text: string }[],
    before?: string,
  ) => {
    const within = agency ? deps.tree.subtree(inScope(deps.tree, actor, agency)) : agenciesOf(deps.tree, actor)
    const [queue, waiting, jobs, usual] = await Promise.all([
      cardsToPrint(deps.pool, within, queueSize),
      countToPrint(deps.pool, within),
      listPrintJobs(deps.pool, agenciesOf(deps.tree, actor), { before, limit: jobsSize + 1 }),
      agencyTemplateOf(deps.pool, deps.tree, agency || actor.agency, 'card'),
    ])
    render(res, 'console/print', {
      queue,
      waiting,
      jobs: jobs.slice(0, jobsSize),
      first: before ? `${href('/console/print', { agency })}#jobs` : null,
      next: jobs.length > jobsSize ? `${href('/console/print', { agency, before: jobs[jobsSize - 1]!.id })}#jobs` : null,
      agency,
      values,
      errors,
      layouts,
      templates: await cardTemplates(deps.templatesFolder, usual.template),
      agencies: agenciesOf(deps.tree, actor),
    })
  }

  pages.get('/print', 'print.read', async (req, res, actor) => {
    const serial = queryOf(req, 'serial')
    const before = queryOf(req, 'before')
    const values = { layout: 'card', reason: '', serials: isCardSerial(serial) ? [serial] : [] }
    await showQueue(res, actor, queryOf(req, 'agency'), values, [], isUuid(before) ? before : undefined)
  })

  pages.post('/print', 'cards.print', async (req, res, actor) => {
    const fields = fieldsOf(req)
    const serials = valuesOf(req, 'serial').filter(isCardSerial)
    const agency = inScope(deps.tree, actor, fields.agency || actor.agency)
    const layout = layouts.find(one => one === fields.layout) ?? 'card'
    const t = res.locals.t as Translate
    const all = fields.what === 'all'
    const choices = await cardTemplates(deps.templatesFolder, (await agencyTemplateOf(deps.pool, deps.tree, agency, 'card')).template)
    const template = (choices.find(one => one.name === fields.template) ?? choices[0])?.name
    if (template === undefined) throw new AppError('render.template', 'No card template can be used')
    const values = { layout, template, reason: fields.reason ?? '', serials }
    if (!all && serials.length === 0)
      return showQueue(res.status(422), actor, fields.agency ?? '', values, [{ field: 'queue', text: t('print.noneChosen') }])
    try {
      const job = await createPrintJob(deps, {
        printer: whoOf(actor),
        agency,
        tree: deps.tree,
        serials: all ? undefined : serials,
        layout,
        template: installedTemplate(template, deps.templatesFolder),
        reason: values.reason || undefined,
      })
      await redirectWith(deps, req, res, `/console/print/${job.id}`, { key: 'print.begun', values: { count: job.total } })
    } catch (error) {
      if (!(error instanceof AppError) || !/^(print|render)\./.test(error.code)) throw error
      const field = error.code === 'print.reason' ? 'reason' : 'queue'
      const text = unfit(error, t) ?? t(problemKey(error.code), { detail: error.detail })
      await showQueue(res.status(422), actor, fields.agency ?? '', values, [{ field, text }])
    }
  })

  pages.get('/print/:id', 'print.read', async (req, res, actor) => {
    await showJob(res, await find(String(req.params.id), actor), { plastics: [], fields: {} }, [])
  })

  /** `values` is what was chosen and typed before a rule turned it down. */
  const showJob = async (
    res: Response,
    job: PrintJobRow,
    values: { plastics: readonly string[]; fields: Record<string, string> },
    errors: readonly { field: string; text: string }[],
  ) => {
    const plastics = await plasticsOfJob(deps.pool, job.id)
    render(res, 'console/print-job', { job, plastics, nextStates, states: statesOf(plastics.map(one => one.state)), values, errors })
  }

  /** The list that each person signs when they receive their card. */
  pages.get('/print/:id/delivery', 'print.read', async (req, res, actor) => {
    const job = await find(String(req.params.id), actor)
    const plastics = (await plasticsOfJob(deps.pool, job.id)).filter(one => one.state === 'printed' || one.state === 'delivered')
    render(res, 'console/print-delivery', {
      job,
      byAgency: [...Map.groupBy(plastics, one => one.usingCode)],
      legalBasis: deps.legalBasis,
    })
  })

  pages.post('/print/:id/plastics', 'cards.print', async (req, res, actor) => {
    const job = await find(String(req.params.id), actor)
    const fields = fieldsOf(req)
    const state = Object.keys(nextStates).find(one => one === fields.state && one !== 'waiting') as
      | Exclude<PlasticState, 'waiting'>
      | undefined
    const ids = valuesOf(req, 'plastic').filter(id => isUuid(id))
    const t = res.locals.t as Translate
    const refuse = (field: string, text: string) => showJob(res.status(422), job, { plastics: ids, fields }, [{ field, text }])
    if (!state || ids.length === 0) return refuse('plastics', t('print.noneChosen'))
    const ours = new Set((await plasticsOfJob(deps.pool, job.id)).map(one => one.id))
    if (!ids.every(id => ours.has(id))) throw new AppError('print.not-found')
    try {
      const count = await changePlastics(deps, {
        printer: whoOf(actor),
        agencyOf: code => void inScope(deps.tree, actor, code),
        state,
        plastics: ids.map(id => ({ id, ...(fields[`blank-${id}`] ? { blankNumber: fields[`blank-${id}`] } : {}) })),
        note: fields.note || undefined,
      })
      await redirectWith(deps, req, res, `/console/print/${job.id}`, { key: 'print.changed', values: { count } })
    } catch (error) {
      if (!(error instanceof AppError) || !/^print\..*(reason|conflict)$/.test(error.code)) throw error
      if (error.code === 'print.reason') await refuse('note', t('print.noteMissing'))
      else await refuse('plastics', t(problemKey(error.code)))
    }
  })

  const find = async (id: string, actor: Actor): Promise<PrintJobRow> => {
    const job = isUuid(id) ? await printJobById(deps.pool, id) : null
    if (!job) throw new AppError('print.not-found')
    inScope(deps.tree, actor, job.agencyCode)
    return job
  }

  return pages
}

/** What `assertCardsFit` says of a card, in the page's words; null for another error. */
function unfit({ code, detail }: AppError, t: Translate): string | null {
  const [, serial, field] = /^(\S+): (fullName|position|managingAgency|usingAgency)\b/.exec(detail) ?? []
  if (!serial || !field || code === 'render.template') return null
  const values = { serial, field: t(`field.${field}`) }
  return code === 'render.font' ? t('print.unfitLetter', values) : t('print.unfit', values)
}

/** What any of the pieces may become, in the order of a piece's life. */
function statesOf(states: readonly PlasticState[]): Exclude<PlasticState, 'waiting'>[] {
  const possible = new Set(states.flatMap(state => nextStates[state]))
  return (['printed', 'delivered', 'spoilt', 'returned', 'destroyed', 'lost'] as const).filter(state => possible.has(state))
}
