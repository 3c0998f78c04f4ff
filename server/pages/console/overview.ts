import { keptCounts } from '../../overview/keptCounts.ts'
import { keptCountsTable } from '../../overview/keptCountsTable.ts'
import { cardsByAgency, cardsByDay, countCards, countDiplomas, countPeople, countWaiting } from '../../overview/overviewTable.ts'
import { listRequests } from '../../requests/requestsTable.ts'
import { holds } from '../../staff/authorize.ts'
import { render } from '../render.ts'
import { barsOf, dayPlotOf } from './plots.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, decidableKinds, type PageDeps } from './routes.ts'

/** The log and its anchor as the overview shows them; null where there is none yet. */
export interface LogState {
  treeSize: number
  anchor: { treeSize: number; at: Date; late: boolean } | null
  /** False with `CHAIN=none`. */
  anchoring: boolean
}

export interface OverviewDeps extends PageDeps {
  logState: () => Promise<LogState>
}

/** Milliseconds from which the page says how old its numbers are. */
const told = 60_000

export function overviewPages(deps: OverviewDeps): ConsoleRouter {
  const pages = consoleRouter(deps)
  const count = async (agency: string) => {
    const agencies = deps.tree.subtree(agency)
    const [cards, people, diplomas, days, units] = await Promise.all([
      countCards(deps.pool, agencies),
      countPeople(deps.pool, agencies),
      countDiplomas(deps.pool, agencies),
      cardsByDay(deps.pool, agencies, 30),
      cardsByAgency(deps.pool, agencies, 12),
    ])
    return { cards, people, diplomas, days, units }
  }
  const counts = keptCounts(count, keptCountsTable<Awaited<ReturnType<typeof count>>>(deps.pool))

  pages.get('/', [], async (_req, res, actor) => {
    if (!holds(actor, 'cards.read')) return res.redirect(303, '/console/me')
    const agencies = agenciesOf(deps.tree, actor)
    const [{ value, age }, log, waiting] = await Promise.all([
      counts(actor.agency),
      deps.logState(),
      countWaiting(deps.pool, agencies, decidableKinds(actor), actor.sub),
    ])
    const { cards, people, diplomas, days, units } = value
    const requests = holds(actor, 'requests.read') ? await listRequests(deps.pool, { agencyIn: agencies, limit: 6 }) : []
    const { agencyName, t } = res.locals as { agencyName: (code: string) => string; t: (key: string, values?: object) => string }
    const bars = barsOf(
      units.map(unit => ({
        label: agencyName(unit.agencyCode),
        text: t('overview.unitBar', { active: unit.active, people: unit.people }),
        parts: [
          { value: unit.active, kind: 'ok' },
          { value: unit.people - unit.active, kind: 'bad' },
        ],
      })),
    )
    const may = {
      requests: holds(actor, 'requests.read'),
      people: holds(actor, 'people.read'),
      diplomas: holds(actor, 'diplomas.read'),
    }
    render(res, 'console/overview', {
      may,
      cards,
      people,
      diplomas,
      plot: dayPlotOf(days),
      days,
      bars,
      units,
      log,
      waiting,
      requests,
      countedAt: age < told ? null : new Date(Date.now() - age),
    })
  })

  return pages
}
