import { AppError } from '../../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import { dissolveAgency } from '../../agencies/dissolveAgency.ts'
import { saveAgency } from '../../agencies/saveAgency.ts'
import { countByAgency } from '../../overview/overviewTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, inScope, type PageDeps, whoOf } from './routes.ts'
import { attempt, redirectWith } from './shell.ts'

/** The tree of agencies: look, add or rename, move, dissolve. Many at once come by import. */
export function agencyPages(deps: PageDeps): ConsoleRouter {
  const pages = consoleRouter(deps)
  const agencies = { pool: deps.pool, agencies: deps.tree, clock: deps.clock }

  pages.get('/agencies', 'agencies.manage', async (_req, res, actor) => {
    const codes = agenciesOf(deps.tree, actor)
    const counts = new Map((await countByAgency(deps.pool, codes)).map(row => [row.agencyCode, row]))
    const rows: { code: string; depth: number; people: number; active: number }[] = []
    const walk = (code: AgencyCode, depth: number): void => {
      const count = counts.get(code)
      rows.push({ code, depth, people: count?.people ?? 0, active: count?.active ?? 0 })
      for (const child of deps.tree.children(code)) walk(child, depth + 1)
    }
    walk(actor.agency, 0)
    render(res, 'console/agencies', { rows: rows.map(row => ({ ...row, agency: deps.tree.get(row.code) ?? null })) })
  })

  pages.get('/agencies/new', 'agencies.manage', (_req, res, actor) => {
    render(res, 'console/agency', { values: { parent: actor.agency }, errors: [], codes: agenciesOf(deps.tree, actor), agency: null })
  })

  pages.get('/agencies/:code', 'agencies.manage', (req, res, actor) => {
    const agency = find(String(req.params.code), actor)
    const [parent] = deps.tree.ancestors(agency.code)
    const values = {
      code: agency.code,
      oldCode: agency.oldCode ?? '',
      nameVi: agency.nameVi,
      nameEn: agency.nameEn ?? '',
      parent: parent ?? '',
    }
    render(res, 'console/agency', { values, errors: [], codes: agenciesOf(deps.tree, actor), agency })
  })

  pages.post('/agencies', 'agencies.manage', async (req, res, actor) => {
    const values = fieldsOf(req)
    const t = res.locals.t as Translate
    const code = values.code ?? ''
    const parent = values.parent ?? ''
    const existing = deps.tree.get(code)
    const errors: { field: string; text: string }[] = []
    if (!isAgencyCode(code)) errors.push({ field: 'code', text: t('agency.codeWrong') })
    if (!values.nameVi || values.nameVi.length > 200) errors.push({ field: 'nameVi', text: t('agency.nameMissing') })
    const parents = agenciesOf(deps.tree, actor)
    if (code !== actor.agency && !parents.some(one => one === parent)) errors.push({ field: 'parent', text: t('agency.parentMissing') })
    if (parent !== '' && deps.tree.inSubtree(parent, code)) errors.push({ field: 'parent', text: t('agency.parentBelow') })
    if (values.creating === 'yes' && existing) errors.push({ field: 'code', text: t('agency.codeTaken', { name: existing.nameVi }) })
    if (existing) inScope(deps.tree, actor, code)
    if (errors.length > 0) {
      res.status(422)
      return render(res, 'console/agency', { values, errors, codes: parents, agency: values.creating === 'yes' ? null : existing })
    }
    const saved = {
      code: code as AgencyCode,
      oldCode: values.oldCode ?? '',
      nameVi: values.nameVi!.normalize('NFC'),
      nameEn: values.nameEn ?? '',
      parent: code === actor.agency ? (deps.tree.ancestors(code)[0] ?? null) : (parent as AgencyCode),
    }
    await attempt(deps, req, res, '/console/agencies', async () => {
      await saveAgency(agencies, whoOf(actor), saved)
      const key = existing ? 'agency.changedFlash' : 'agency.addedFlash'
      await redirectWith(deps, req, res, '/console/agencies', { key, values: { name: saved.nameVi } })
    })
  })

  pages.post('/agencies/:code/end', 'agencies.manage', async (req, res, actor) => {
    const agency = find(String(req.params.code), actor)
    const { successor = '', sure = '' } = fieldsOf(req)
    const t = res.locals.t as Translate
    const codes = agenciesOf(deps.tree, actor)
    const errors: { field: string; text: string }[] = []
    if (agency.code === actor.agency) throw new AppError('auth.forbidden', 'Nobody dissolves their own agency')
    if (deps.tree.children(agency.code).length > 0) errors.push({ field: 'sure', text: t('agency.hasChildren') })
    if (successor !== '' && (!codes.some(one => one === successor) || successor === agency.code))
      errors.push({ field: 'successor', text: t('agency.parentMissing') })
    if (sure !== agency.code) errors.push({ field: 'sure', text: t('agency.typeCode', { code: agency.code }) })
    if (errors.length > 0) {
      const [parent] = deps.tree.ancestors(agency.code)
      const values = {
        code: agency.code,
        oldCode: agency.oldCode ?? '',
        nameVi: agency.nameVi,
        nameEn: agency.nameEn ?? '',
        parent: parent ?? '',
        successor,
        sure,
      }
      res.status(422)
      return render(res, 'console/agency', { values, errors, codes, agency })
    }
    await attempt(deps, req, res, '/console/agencies', async () => {
      await dissolveAgency(agencies, whoOf(actor), agency.code, successor === '' ? null : (successor as AgencyCode))
      await redirectWith(deps, req, res, '/console/agencies', { key: 'agency.endedFlash', values: { name: agency.nameVi } })
    })
  })

  const find = (code: string, actor: Actor) => {
    const agency = deps.tree.get(code)
    if (!agency) throw new AppError('http.not-found')
    inScope(deps.tree, actor, code)
    return agency
  }

  return pages
}
