import { AppError } from '../../../core/errors.ts'
import { cardsOfOfficer } from '../../cards/cardsTable.ts'
import { type StatusDeps, suspendCards } from '../../cards/changeStatus.ts'
import { readOfficer, viewsOfOfficer } from '../../officers/readOfficer.ts'
import type { Actor } from '../../staff/actor.ts'
import { render } from '../render.ts'
import { type ConsoleRouter, consoleRouter, fieldsOf, type PageDeps, whoOf } from './routes.ts'
import { attempt, redirectWith } from './shell.ts'

/** An officer's own card and data, who looked at them, and reporting the card lost. */
export function ownPages(deps: PageDeps & StatusDeps): ConsoleRouter {
  const pages = consoleRouter(deps)
  const people = { pool: deps.pool, cipher: deps.cipher, agencies: deps.tree }

  pages.get('/me', 'own.card', async (_req, res, actor) => {
    // Somebody who is no officer has diplomas alone.
    if (!actor.officerId) return res.redirect(303, '/console/me/diplomas')
    const id = officerOf(actor)
    const [cards, views] = await Promise.all([cardsOfOfficer(deps.pool, id), viewsOfOfficer(deps.pool, id)])
    const person = await readOfficer(people, { sub: actor.sub, name: actor.name, agency: actor.agency, officerId: id }, id)
    const others = views.filter(view => view.actor !== actor.sub)
    render(res, 'console/me', { person, card: cards.find(card => card.endedAs === null) ?? null, cards, views: others.slice(0, 50) })
  })

  pages.get('/me/lost', 'own.card', async (_req, res, actor) => {
    const card = await currentCard(actor)
    render(res, 'console/me-lost', { card, values: {}, errors: [] })
  })

  pages.post('/me/lost', 'own.card', async (req, res, actor) => {
    const card = await currentCard(actor)
    await attempt(deps, req, res, '/console/me', async () => {
      const reason = fieldsOf(req).reason?.slice(0, 1000) || 'Chủ thẻ báo mất'
      await suspendCards(deps, { actor: whoOf(actor), serials: [card.serial], reasonCode: 'MAT_THE', reason })
      await redirectWith(deps, req, res, '/console/me', { key: 'me.lostFlash', values: { serial: card.serial } })
    })
  })

  const currentCard = async (actor: Actor) => {
    const card = (await cardsOfOfficer(deps.pool, officerOf(actor))).find(one => one.endedAs === null)
    if (!card) throw new AppError('card.not-found')
    return card
  }

  return pages
}

function officerOf(actor: Actor): string {
  if (!actor.officerId) throw new AppError('officer.not-found', 'This account is not tied to an officer')
  return actor.officerId
}
