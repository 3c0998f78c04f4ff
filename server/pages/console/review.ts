import { vietnamDay } from '../../../core/encoding/vietnamDay.ts'
import { shownCardOf } from '../../cards/cardClaims.ts'
import { personsForCards } from '../../cards/cardsTable.ts'
import { type CardDeps, officersToRequest } from '../../cards/requestCards.ts'
import { reviewCounts } from '../../overview/reviewTable.ts'
import { render } from '../render.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, inScope, type PageDeps, queryOf } from './routes.ts'

export interface ReviewPagesDeps extends PageDeps, CardDeps {
  /** The rule that cards are made under, as papers cite it. */
  legalBasis: string
}

/** People on one sheet: more would not print in one go. */
const sheetSize = 1000

/** Review sheets: what each card of a unit will say, with its photo, to tick and sign on paper before the request is made. */
export function reviewPages(deps: ReviewPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  pages.get('/review', 'cards.request', async (_req, res, actor) => {
    render(res, 'console/review', { units: await reviewCounts(deps.pool, agenciesOf(deps.tree, actor)) })
  })

  pages.get('/review/:code', 'cards.request', async (req, res, actor) => {
    const agency = inScope(deps.tree, actor, String(req.params.code))
    const waiting = await officersToRequest(deps, [agency])
    const sheets = Math.max(1, Math.ceil(waiting.length / sheetSize))
    const sheet = Math.min(sheets, Math.max(1, Number.parseInt(queryOf(req, 'sheet'), 10) || 1))
    const ids = waiting.slice((sheet - 1) * sheetSize, sheet * sheetSize)
    const madeOn = vietnamDay(deps.clock())
    const persons = await personsForCards(deps.pool, ids)
    persons.sort((a, b) => a.fullName.localeCompare(b.fullName, 'vi'))
    const rows = persons.map(person => {
      const card = shownCardOf(deps.cipher, person, { madeOn, termYears: deps.termYears })
      return { person, card: typeof card === 'string' ? null : card, obstacle: typeof card === 'string' ? card : null }
    })
    render(res, 'console/review-sheet', {
      agency,
      rows,
      waiting: waiting.length,
      sheet,
      sheets,
      ready: rows.filter(row => row.card).length,
      legalBasis: deps.legalBasis,
    })
  })

  return pages
}
