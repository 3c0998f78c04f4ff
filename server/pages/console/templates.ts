import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import { agencyTemplateOf } from '../../printing/agencyTemplateOf.ts'
import { readAgencyTemplates } from '../../printing/agencyTemplatesTable.ts'
import { type InstalledTemplate, installedTemplate, installedTemplates } from '../../printing/render/installedTemplates.ts'
import { type TemplateUse, useOf } from '../../printing/render/template.ts'
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

/** What a template is chosen for, in the order of the form. */
const uses = ['card', 'diploma', 'certificate', 'extract', 'attestation'] as const satisfies readonly TemplateUse[]

/** The choice to follow the agency above for a use; no folder is named so. */
const inherited = (use: TemplateUse) => `-${use}`

/** The installed templates with their samples and faults, and which ones each agency prints with. */
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
    const place = (use: TemplateUse | undefined) => (use ? uses.indexOf(use) : uses.length)
    templates.sort((a, b) => place(a.use) - place(b.use))
    const chosen = await readAgencyTemplates(deps.pool, agencies)
    const own = await Promise.all(uses.map(async use => ({ use, ...(await agencyTemplateOf(deps.pool, deps.tree, actor.agency, use)) })))
    render(res, 'console/templates', {
      templates,
      titles: new Map(templates.map(one => [one.name, one.title])),
      chosen,
      followed: own.filter(one => one.chosenBy !== actor.agency),
      choices: uses.map(use => ({
        use,
        templates: templates.filter(one => one.use === use && one.problem === null),
        inherited: inherited(use),
      })),
      agencies,
      values: { agency: actor.agency, ...values },
      errors,
    })
  }

  pages.get('/templates', 'templates.read', async (req, res, actor) => {
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
      const chosen = choiceOf(template)
      const id = await requestTemplateChange(deps, {
        maker: whoOf(actor),
        agency: code,
        ...chosen,
        reason: reason || undefined,
      })
      await redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'keys.asked' })
    } catch (error) {
      if (!(error instanceof AppError) || !/^(render|template)\./.test(error.code)) throw error
      await showList(res.status(422), actor, values, [{ field: 'template', text: t(problemKey(error.code), { detail: error.detail }) }])
    }
  })

  pages.get('/templates/:name', 'templates.read', async (req, res, actor) => {
    const one = find(String(req.params.name))
    const agencies = agenciesOf(deps.tree, actor)
    const users = (await readAgencyTemplates(deps.pool, agencies)).filter(row => row.template === one.name)
    render(res, 'console/template', { one: await viewOf(one), template: one.template, users })
  })

  pages.get('/templates/:name/:side', 'templates.read', async (req, res) => {
    const { template } = find(String(req.params.name))
    const { pictures } = template ? await templatePictures(template) : { pictures: null }
    const picture = [...(pictures ?? [])].find(([side]) => side === req.params.side)?.[1]
    if (!picture) throw new AppError('http.not-found')
    res.type('image/png').send(Buffer.from(picture))
  })

  /** Throws `render.template` for a template that is none, broken, or for nothing that has a default. */
  const choiceOf = (choice: string): { use: TemplateUse; template: string | null } => {
    const followed = uses.find(use => inherited(use) === choice)
    if (followed) return { use: followed, template: null }
    const use = useOf(installedTemplate(choice, deps.templatesFolder))
    if (!use) throw new AppError('render.template', `${choice} is chosen by name only`)
    return { use, template: choice }
  }

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
    use: template ? useOf(template) : undefined,
    size: template?.size ?? null,
    legalBasis: template?.legalBasis ?? '',
    isPlaceholder: template?.emblem?.placeholder ?? false,
    version: template?.digest.slice(0, 12) ?? '',
    sides: [...(pictures?.keys() ?? [])],
    problem,
  }
}
