import { AppError } from '../../../core/errors.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { permissions } from '../../staff/authorize.ts'
import { deleteSessionsOf } from '../../staff/sessionTable.ts'
import { findStaff, listStaff, type StaffRow, setBarred } from '../../staff/staffTable.ts'
import { render } from '../render.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, inScope, type PageDeps, whoOf } from './routes.ts'
import { redirectWith } from './shell.ts'

/** Who has signed in and as what. Roles come from the identity provider; here a person can only be barred at once. */
export function staffPages(deps: PageDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  pages.get('/staff', 'staff.manage', async (_req, res, actor) => {
    const people = await listStaff(deps.pool, agenciesOf(deps.tree, actor))
    render(res, 'console/staff', { people, permissions })
  })

  pages.post('/staff/confirm', 'staff.manage', async (req, res, actor) => {
    render(res, 'console/staff-bar', { person: await find(fieldsOf(req).sub ?? '', actor) })
  })

  pages.post('/staff/bar', 'staff.manage', async (req, res, actor) => {
    const person = await find(fieldsOf(req).sub ?? '', actor)
    const bar = fieldsOf(req).bar === 'yes'
    await setBarred(deps.pool, person.sub, bar ? actor.sub : null, new Date(deps.clock() * 1000))
    if (bar) await deleteSessionsOf(deps.pool, person.sub)
    await recordAudit(deps.pool, {
      actor: whoOf(actor),
      action: bar ? 'staff.barred' : 'staff.admitted',
      agency: person.agencyCode,
      subject: `staff:${person.sub}`,
    })
    await redirectWith(deps, req, res, '/console/staff', {
      key: bar ? 'staff.barredFlash' : 'staff.admittedFlash',
      values: { name: person.name },
    })
  })

  const find = async (sub: string, actor: Actor): Promise<StaffRow> => {
    const person = await findStaff(deps.pool, sub)
    if (!person) throw new AppError('http.not-found')
    inScope(deps.tree, actor, person.agencyCode)
    if (person.sub === actor.sub) throw new AppError('auth.forbidden', 'Nobody bars themselves')
    return person
  }

  return pages
}
