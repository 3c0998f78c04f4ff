import type { Request, Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyRow } from '../../agencies/agenciesTable.ts'
import { type AgencyChange, scopeOfChange } from '../../agencies/agencyChange.ts'
import { agencyStates } from '../../agencies/agencyState.ts'
import { requestAgencyChanges } from '../../agencies/requestAgencyChanges.ts'
import { countByAgency } from '../../overview/overviewTable.ts'
import { listRequests } from '../../requests/requestsTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { publishedAgencies } from '../../trust/publishedAgencies.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { agencyFields, type FieldError, readAgencyForm } from './agencyForm.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, inScope, type PageDeps, whoOf } from './routes.ts'
import { attempt, redirectWith } from './shell.ts'

export interface AgencyPagesDeps extends PageDeps {
  publicUrl: string
}

/** The tree of agencies: look, and ask a second admin to add, change, move or dissolve one. Many at once come by import. */
export function agencyPages(deps: AgencyPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  pages.get('/agencies', 'agencies.read', async (_req, res, actor) => {
    const codes = agenciesOf(deps.tree, actor)
    const counts = new Map((await countByAgency(deps.pool, codes)).map(row => [row.agencyCode, row]))
    const rows: { code: string; depth: number; people: number; active: number }[] = []
    const walk = (code: AgencyCode, depth: number): void => {
      const count = counts.get(code)
      rows.push({ code, depth, people: count?.people ?? 0, active: count?.active ?? 0 })
      for (const child of deps.tree.children(code)) walk(child, depth + 1)
    }
    walk(actor.agency, 0)
    const waiting = await listRequests(deps.pool, { agencyIn: codes, status: 'pending', kinds: ['agency.change'], limit: 200 })
    const known = rows.flatMap(row => deps.tree.get(row.code) ?? [])
    const published = await publishedAgencies(deps.pool, deps.publicUrl, known)
    render(res, 'console/agencies', {
      rows: rows.map(row => ({ ...row, agency: deps.tree.get(row.code) ?? null, isPublished: published.has(row.code) })),
      waiting: waiting.length,
    })
  })

  pages.get('/agencies/new', 'agencies.manage', (_req, res, actor) => {
    render(res, 'console/agency', {
      values: { parent: actor.agency },
      errors: [],
      codes: agenciesOf(deps.tree, actor),
      agency: null,
      mayMove: true,
    })
  })

  pages.get('/agencies/:code', 'agencies.read', async (req, res, actor) => {
    const agency = find(String(req.params.code), actor)
    await showAgency(res, actor, agency, agencyFields(agency), [])
  })

  pages.post('/agencies', 'agencies.manage', async (req, res, actor) => {
    const values = fieldsOf(req)
    const codes = agenciesOf(deps.tree, actor)
    const agency = values.creating === 'yes' ? null : find(values.code ?? '', actor)
    const mayMove = agency?.code !== actor.agency && !agency?.validTo
    const { errors, changes } = readAgencyForm(values, { t: res.locals.t as Translate, agency, codes, tree: deps.tree, mayMove })
    if (errors.length === 0) return ask(req, res, actor, changes, values.reason)
    res.status(422)
    if (agency) return showAgency(res, actor, agency, { ...values, code: agency.code }, errors)
    render(res, 'console/agency', { values, errors, codes, agency, mayMove })
  })

  pages.post('/agencies/:code/end', 'agencies.manage', async (req, res, actor) => {
    const agency = find(String(req.params.code), actor)
    const { successor = '', sure = '', endReason = '' } = fieldsOf(req)
    const t = res.locals.t as Translate
    const errors: { field: string; text: string }[] = []
    if (!mayEnd(actor, agency)) throw new AppError('auth.outside-scope')
    if (deps.tree.children(agency.code).length > 0) errors.push({ field: 'sure', text: t('agency.hasChildren') })
    if (successor !== '' && (!isAgencyCode(successor) || successor === agency.code || deps.tree.get(successor)?.validTo !== null))
      errors.push({ field: 'successor', text: t('agency.successorWrong') })
    if (sure !== agency.code) errors.push({ field: 'sure', text: t('agency.typeCode', { code: agency.code }) })
    if (errors.length > 0) {
      res.status(422)
      return showAgency(res, actor, agency, { ...agencyFields(agency), successor, sure, endReason }, errors)
    }
    const change = { action: 'dissolve', code: agency.code, successor: successor === '' ? null : (successor as AgencyCode) } as const
    await ask(req, res, actor, [change], endReason)
  })

  const ask = async (req: Request, res: Response, actor: Actor, changes: readonly AgencyChange[], reason = '') => {
    await attempt(deps, req, res, '/console/agencies', async () => {
      const id = await requestAgencyChanges(deps, {
        maker: whoOf(actor),
        scope: scopeOf(actor, changes),
        changes,
        reason: reason.slice(0, 1000) || undefined,
      })
      await redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'agency.asked' })
    })
  }

  /** Whose administrators decide: the highest agency that a change concerns. @throws auth.outside-scope when that is not the actor's */
  const scopeOf = (actor: Actor, changes: readonly AgencyChange[]): AgencyCode => {
    const states = agencyStates(deps.tree.all())
    const scopes = changes.map(change => inScope(deps.tree, actor, scopeOfChange(states, change)))
    return scopes.find(one => scopes.every(other => deps.tree.inSubtree(other, one))) ?? actor.agency
  }

  /** Whether the end of an agency is for this actor to ask for: it stands below theirs, or is theirs and a root. */
  const mayEnd = (actor: Actor, agency: AgencyRow): boolean =>
    !agency.validTo && (agency.code !== actor.agency || deps.tree.ancestors(agency.code).length === 0)

  const showAgency = async (
    res: Response,
    actor: Actor,
    agency: AgencyRow,
    values: Record<string, string>,
    errors: readonly FieldError[],
  ) => {
    render(res, 'console/agency', {
      values,
      errors,
      codes: agenciesOf(deps.tree, actor),
      agency,
      isPublished: (await publishedAgencies(deps.pool, deps.publicUrl, [agency])).has(agency.code),
      mayMove: agency.code !== actor.agency && !agency.validTo,
      mayEnd: mayEnd(actor, agency),
    })
  }

  const find = (text: string, actor: Actor): AgencyRow => {
    const agency = deps.tree.get(text)
    if (!agency) throw new AppError('http.not-found')
    inScope(deps.tree, actor, text)
    return agency
  }

  return pages
}
