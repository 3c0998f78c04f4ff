import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { type Actor, roles } from '../../staff/actor.ts'
import { permissions } from '../../staff/authorize.ts'
import { deleteSessionsOf } from '../../staff/sessionTable.ts'
import { findStaff, listStaff, type StaffRow, setBarred } from '../../staff/staffTable.ts'
import { render } from '../render.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, href, inScope, type PageDeps, queryOf, whoOf } from './routes.ts'
import { openSearch, sealSearch } from './sealedSearch.ts'
import { redirectWith } from './shell.ts'

const pageSize = 200

/** Who has signed in and as what. Roles come from the identity provider; here a person's sessions can be ended, and a person barred. */
export function staffPages(deps: PageDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  const showList = async (res: Response, actor: Actor, values: { query?: string; role?: string }) => {
    const role = roles.find(one => one === values.role)
    const filter = { agencyIn: agenciesOf(deps.tree, actor), query: values.query ?? '', role, limit: pageSize + 1 }
    const people = await listStaff(deps.pool, filter)
    render(res, 'console/staff', { people: people.slice(0, pageSize), hasMore: people.length > pageSize, values, roles, permissions })
  }

  pages.get('/staff', 'staff.read', (req, res, actor) => showList(res, actor, openSearch(deps.cipher, actor.sub, queryOf(req, 's'))))
  pages.post('/staff', 'staff.read', (req, res, actor) => {
    const { query = '', role = '' } = fieldsOf(req)
    const asked = { query: query.slice(0, 100), role: role.slice(0, 20) }
    res.redirect(303, href('/console/staff', { s: sealSearch(deps.cipher, actor.sub, asked) }))
  })

  pages.post('/staff/confirm', 'staff.manage', async (req, res, actor) => {
    const { sub = '', act } = fieldsOf(req)
    const person = await find(sub, actor)
    if (act !== 'end' && person.sub === actor.sub) throw new AppError('auth.forbidden', 'Nobody bars themselves')
    render(res, 'console/staff-confirm', { person, act: act === 'end' ? 'end' : 'bar' })
  })

  pages.post('/staff/bar', 'staff.manage', async (req, res, actor) => {
    const person = await find(fieldsOf(req).sub ?? '', actor)
    if (person.sub === actor.sub) throw new AppError('auth.forbidden', 'Nobody bars themselves')
    const bar = fieldsOf(req).bar === 'yes'
    await setBarred(deps.pool, person.sub, bar ? actor.sub : null, new Date(deps.clock() * 1000))
    if (bar) await deleteSessionsOf(deps.pool, person.sub)
    await record(actor, bar ? 'staff.barred' : 'staff.admitted', person)
    await redirectWith(deps, req, res, '/console/staff', {
      key: bar ? 'staff.barredFlash' : 'staff.admittedFlash',
      values: { name: person.name },
    })
  })

  pages.post('/staff/end-sessions', 'staff.manage', async (req, res, actor) => {
    const person = await find(fieldsOf(req).sub ?? '', actor)
    await record(actor, 'staff.sessions-ended', person)
    // One's own session ends with the others.
    await deleteSessionsOf(deps.pool, person.sub)
    await redirectWith(deps, req, res, '/console/staff', { key: 'staff.endedFlash', values: { name: person.name } })
  })

  const record = (actor: Actor, action: string, person: StaffRow) =>
    recordAudit(deps.pool, {
      actor: whoOf(actor),
      action,
      agency: person.agencyCode,
      subject: `staff:${person.sub}`,
      detail: { sessions: person.sessions },
    })

  const find = async (sub: string, actor: Actor): Promise<StaffRow> => {
    const person = await findStaff(deps.pool, sub)
    if (!person) throw new AppError('http.not-found')
    inScope(deps.tree, actor, person.agencyCode)
    return person
  }

  return pages
}
