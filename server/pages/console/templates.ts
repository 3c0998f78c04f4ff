import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import { readAgencyTemplates } from '../../printing/agencyTemplatesTable.ts'
import { cardTemplateOf } from '../../printing/cardTemplateOf.ts'
import { type InstalledTemplate, installedTemplates } from '../../printing/render/installedTemplates.ts'
import { templatePictures } from '../../printing/render/templatePictures.ts'
import { requestTemplateChange } from '../../printing/templateChanges.ts'
import type { Actor } from '../../staff/actor.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, inScope, type PageDeps, queryOf, whoOf } from './routes.ts'
import { problemKey, redirectWith } from './shell.ts'

export interface TemplatePagesDeps extends PageDeps {
  /** The folder of the installed templates. */
  templatesFolder: string
}

/** What an agency follows when it chooses nothing; no folder is named so. */
const inherited = '-'

/** The installed templates with their samples and faults, and which one each agency prints its cards with. */
export function templatePages(deps: TemplatePagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  const showList = async (
    res: Response,
    actor: Actor,
    values: Record<string, string>,
    errors: readonly { field: string; text: string }[],
  ) => {
    const agencies = agenciesOf(deps.tree, actor)
    const templates = await Promise.all(installedTemplates(deps.templatesFolder).map(viewOf))
    templates.sort((a, b) => Number(b.kind === 'card') - Number(a.kind === 'card'))
    const chosen = await readAgencyTemplates(deps.pool, agencies)
    const own = await cardTemplateOf(deps.pool, deps.tree, actor.agency)
    render(res, 'console/templates', {
      templates,
      titles: new Map(templates.map(one => [one.name, one.title])),
      chosen,
      own,
      choices: templates.filter(one => one.kind === 'card' && one.problem === null),
      agencies,
      inherited,
      values: { agency: actor.agency, ...values },
      errors,
    })
  }

  pages.get('/templates', 'templates.manage', async (req, res, actor) => {
    const template = queryOf(req, 'template')
    await showList(res, actor, template ? { template } : {}, [])
  })

  pages.post('/templates', 'templates.manage', async (req, res, actor) => {
    const t = res.locals.t as Translate
    const { agency = '', template = '', reason = '' } = fieldsOf(req)
    const values = { agency, template, reason }
    const errors: { field: string; text: string }[] = []
    if (agency === '') errors.push({ field: 'agency', text: t('agency.parentMissing') })
    if (template === '') errors.push({ field: 'template', text: t('templates.missing') })
    if (reason.length > 1000) errors.push({ field: 'reason', text: t('form.tooLong', { count: 1000 }) })
    if (errors.length > 0) return showList(res.status(422), actor, values, errors)
    const code = inScope(deps.tree, actor, agency)
    try {
      const id = await requestTemplateChange(deps, {
        maker: whoOf(actor),
        agency: code,
        template: template === inherited ? null : template,
        reason: reason || undefined,
      })
      await redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'keys.asked' })
    } catch (error) {
      if (!(error instanceof AppError) || !/^(render|template)\./.test(error.code)) throw error
      await showList(res.status(422), actor, values, [{ field: 'template', text: t(problemKey(error.code), { detail: error.detail }) }])
    }
  })

  pages.get('/templates/:name', 'templates.manage', async (req, res, actor) => {
    const one = find(String(req.params.name))
    const agencies = agenciesOf(deps.tree, actor)
    const users = (await readAgencyTemplates(deps.pool, agencies)).filter(row => row.template === one.name)
    render(res, 'console/template', { one: await viewOf(one), template: one.template, users })
  })

  pages.get('/templates/:name/:side', 'templates.manage', async (req, res) => {
    const { template } = find(String(req.params.name))
    const { pictures } = template ? await templatePictures(template) : { pictures: null }
    const picture = [...(pictures ?? [])].find(([side]) => side === req.params.side)?.[1]
    if (!picture) throw new AppError('http.not-found')
    res.type('image/png').send(Buffer.from(picture))
  })

  const find = (name: string): InstalledTemplate => {
    const found = installedTemplates(deps.templatesFolder).find(one => one.name === name)
    if (!found) throw new AppError('http.not-found')
    return found
  }

  return pages
}

/** A template as the list shows it, with what is wrong with it. */
async function viewOf(installed: InstalledTemplate) {
  const { name, template } = installed
  const { pictures, problem } = template ? await templatePictures(template) : { pictures: null, problem: installed.problem }
  return {
    name,
    title: template?.title ?? { vi: name, en: name },
    kind: template?.kind ?? null,
    size: template?.size ?? null,
    legalBasis: template?.legalBasis ?? '',
    isPlaceholder: template?.emblem?.placeholder ?? false,
    version: template?.digest.slice(0, 12) ?? '',
    sides: [...(pictures?.keys() ?? [])],
    problem,
  }
}
