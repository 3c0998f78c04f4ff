import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { cardsOfOfficer } from '../../cards/cardsTable.ts'
import { requestStatusChange, type StatusDeps } from '../../cards/changeStatus.ts'
import { type CardDeps, officersToRequest, type RequestedCards, requestCards } from '../../cards/requestCards.ts'
import { inTransaction } from '../../db/transaction.ts'
import { readMultipart } from '../../http/multipart.ts'
import { personalDataElsewhere } from '../../http/personalDataElsewhere.ts'
import { eraseOfficer } from '../../officers/eraseOfficer.ts'
import { exportOfficer } from '../../officers/exportOfficer.ts'
import { markOfficerLeft, readOfficersById } from '../../officers/officersTable.ts'
import { readOfficer } from '../../officers/readOfficer.ts'
import { replacePhoto } from '../../officers/replacePhoto.ts'
import { type OfficerQuery, officerStatuses, searchOfficers } from '../../officers/searchOfficers.ts'
import { photoInScope } from '../../overview/photoScopeTable.ts'
import { readPrintedPhoto, readShownPhoto } from '../../photos/photosTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { holds } from '../../staff/authorize.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { isUuid } from './isUuid.ts'
import {
  agenciesOf,
  type ConsoleRouter,
  consoleRouter,
  fieldsOf,
  href,
  inScope,
  type PageDeps,
  queryOf,
  valuesOf,
  whoOf,
} from './routes.ts'
import { openSearch, sealSearch } from './sealedSearch.ts'
import { attempt, checkCsrf, problemKey, redirectWith } from './shell.ts'

export type OfficerPagesDeps = PageDeps & CardDeps & StatusDeps

const pageSize = 50
const photoBytes = 20 * 1024 * 1024

/** People: search, one person, their photo, asking for cards. Words that are searched for stay out of addresses. */
export function officerPages(deps: OfficerPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)
  const people = { pool: deps.pool, cipher: deps.cipher, agencies: deps.tree }
  const elsewhere = personalDataElsewhere(deps)

  const list = async (res: Response, actor: Actor, values: { query: string; agency: string; status: string }, after: string) => {
    const t = res.locals.t as Translate
    const status = officerStatuses.find(one => one === values.status)
    if (values.agency) inScope(deps.tree, actor, values.agency)
    const asked: OfficerQuery = {
      query: values.query,
      agency: values.agency || undefined,
      status,
      cursor: after || undefined,
      limit: pageSize,
    }
    const errors: { field: string; text: string }[] = []
    let found: Awaited<ReturnType<typeof searchOfficers>> = { officers: [], next: null }
    try {
      found = await searchOfficers(people, actor.agency, asked)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'officer.query') throw error
      errors.push({ field: 'query', text: t(problemKey(error.code), { detail: error.detail }) })
    }
    render(res, 'console/officers', {
      officers: found.officers,
      next: found.next,
      first: after !== '',
      values,
      errors,
      statuses: officerStatuses,
      agencies: agenciesOf(deps.tree, actor),
      mayRequest: holds(actor, 'cards.request'),
    })
  }

  pages.get('/officers', 'people.read', async (req, res, actor) => {
    const without = queryOf(req, 'without')
    const linked = without === 'photo' ? 'no-photo' : without === 'card' ? 'none' : 'all'
    const asked = openSearch(deps.cipher, actor.sub, queryOf(req, 's'))
    const { query = '', agency = queryOf(req, 'agency'), status = linked, after = '' } = asked
    await list(res, actor, { query, agency, status }, after)
  })

  pages.post('/officers', 'people.read', (req, res, actor) => {
    const { query = '', agency = '', status = 'all', after = '' } = fieldsOf(req)
    if (agency) inScope(deps.tree, actor, agency)
    const asked = { query: query.slice(0, 100), agency, status: status.slice(0, 20), after: after.slice(0, 400) }
    res.redirect(303, href('/console/officers', { s: sealSearch(deps.cipher, actor.sub, asked) }))
  })

  const showMade = async (res: Response, made: RequestedCards, back: string) => {
    const shown = made.refused.slice(0, 500)
    const rows = new Map(
      (
        await readOfficersById(
          deps.pool,
          shown.map(one => one.officerId),
        )
      ).map(row => [row.id, row]),
    )
    render(res, 'console/request-made', { made, back, refused: shown.map(one => ({ ...one, officer: rows.get(one.officerId) ?? null })) })
  }

  pages.post('/officers/request', 'cards.request', async (req, res, actor) => {
    const ids = [...new Set(valuesOf(req, 'officer'))]
    if (ids.length === 0) return redirectWith(deps, req, res, '/console/officers', { kind: 'error', key: 'officer.noneChosen' })
    if (!ids.every(id => isUuid(id))) throw new AppError('officer.not-found')
    const rows = await readOfficersById(deps.pool, ids)
    if (rows.length !== ids.length) throw new AppError('officer.not-found')
    for (const row of rows) inScope(deps.tree, actor, row.agencyCode)
    const codes = new Set(rows.map(row => row.agencyCode))
    const agency = codes.size === 1 ? rows[0]!.agencyCode : actor.agency
    const made = await requestCards(deps, { maker: whoOf(actor), agency, officerIds: ids })
    await showMade(res, made, '/console/officers')
  })

  pages.post('/officers/request-all', 'cards.request', async (req, res, actor) => {
    const agency = inScope(deps.tree, actor, fieldsOf(req).agency || actor.agency)
    const officerIds = await officersToRequest(deps, deps.tree.subtree(agency))
    await showMade(res, await requestCards(deps, { maker: whoOf(actor), agency, officerIds }), '/console/review')
  })

  pages.get('/officers/:id', 'people.read', async (req, res, actor) => {
    await showOne(res, actor, String(req.params.id), [])
  })

  const showOne = async (res: Response, actor: Actor, id: string, errors: readonly { field: string; text: string }[]) => {
    if (!isUuid(id)) throw new AppError('officer.not-found')
    const person = await readOfficer(people, readerOf(actor), id)
    render(res, 'console/officer', {
      person,
      errors,
      may: {
        write: holds(actor, 'people.write'),
        erase: holds(actor, 'agencies.manage'),
        request: holds(actor, 'cards.request'),
        audit: holds(actor, 'audit.read'),
      },
    })
  }

  pages.upload('/officers/:id/photo', 'people.write', async (req, res, actor) => {
    const id = String(req.params.id)
    if (!isUuid(id)) throw new AppError('officer.not-found')
    const form = await readMultipart(req, { fileBytes: photoBytes, files: 1 })
    try {
      checkCsrf(req, form.fields.get('_csrf'))
      const file = form.files.get('photo')?.[0]
      const t = res.locals.t as Translate
      if (!file || file.bytes === 0) return await showOne(res.status(422), actor, id, [{ field: 'photo', text: t('officer.photoMissing') }])
      try {
        await replacePhoto(people, readerOf(actor), id, await file.read())
      } catch (error) {
        if (!(error instanceof AppError) || error.code.startsWith('officer.')) throw error
        const text = t(problemKey(error.code), { detail: error.detail })
        return await showOne(res.status(422), actor, id, [{ field: 'photo', text }])
      }
      await redirectWith(deps, req, res, `/console/officers/${id}`, { key: 'officer.photoReplaced' })
    } finally {
      await form.discard()
    }
  })

  pages.post('/officers/:id/export', 'people.write', async (req, res, actor) => {
    const id = String(req.params.id)
    if (!isUuid(id)) throw new AppError('officer.not-found')
    const all = await exportOfficer({ ...people, ...elsewhere }, readerOf(actor), id)
    res.set({ 'Content-Disposition': `attachment; filename="officer-${id}.json"` }).type('application/json')
    res.send(JSON.stringify(all, null, 2))
  })

  pages.get('/officers/:id/leave', 'people.write', async (req, res, actor) => {
    const id = String(req.params.id)
    if (!isUuid(id)) throw new AppError('officer.not-found')
    render(res, 'console/officer-leave', { person: await readOfficer(people, readerOf(actor), id) })
  })

  /** Who leaves keeps no card: the record is closed, and a second person is asked to revoke the card. */
  pages.post('/officers/:id/leave', 'people.write', async (req, res, actor) => {
    const id = String(req.params.id)
    const [row] = isUuid(id) ? await readOfficersById(deps.pool, [id]) : []
    if (!row) throw new AppError('officer.not-found')
    const agency = inScope(deps.tree, actor, row.agencyCode)
    await attempt(deps, req, res, `/console/officers/${id}`, async () => {
      await inTransaction(deps.pool, async tx => {
        await markOfficerLeft(tx, id, new Date(deps.clock() * 1000))
        await recordAudit(tx, { actor: whoOf(actor), action: 'officer.left', agency, subject: `officer:${id}` })
      })
      const card = (await cardsOfOfficer(deps.pool, id)).find(one => one.endedAs === null)
      if (!card)
        return redirectWith(deps, req, res, `/console/officers/${id}`, { key: 'officer.leftFlash', values: { name: row.fullName } })
      const request = await requestStatusChange(deps, {
        action: 'revoke',
        maker: whoOf(actor),
        agency,
        serials: [card.serial],
        reasonCode: 'THOI_VIEC',
        reason: '',
      })
      await redirectWith(deps, req, res, `/console/requests/${request}`, { key: 'officer.leftRevoke', values: { name: row.fullName } })
    })
  })

  pages.get('/officers/:id/erase', 'agencies.manage', async (req, res, actor) => {
    const id = String(req.params.id)
    if (!isUuid(id)) throw new AppError('officer.not-found')
    render(res, 'console/officer-erase', { person: await readOfficer(people, readerOf(actor), id) })
  })

  pages.post('/officers/:id/erase', 'agencies.manage', async (req, res, actor) => {
    const id = String(req.params.id)
    if (!isUuid(id)) throw new AppError('officer.not-found')
    await attempt(deps, req, res, `/console/officers/${id}/erase`, async () => {
      await eraseOfficer({ ...people, ...elsewhere }, readerOf(actor), id)
      await redirectWith(deps, req, res, '/console', { key: 'officer.erased' })
    })
  })

  // A photo is shown to whoever may see its person or card; the digest alone opens nothing.
  pages.get('/photos/:digest', [], async (req, res, actor) => {
    const text = String(req.params.digest)
    if (!/^[0-9a-f]{64}$/.test(text)) throw new AppError('http.not-found')
    const digest = Buffer.from(text, 'hex')
    const seesOthers = holds(actor, 'people.read') || holds(actor, 'cards.read') || holds(actor, 'requests.read')
    const agencies = seesOthers ? agenciesOf(deps.tree, actor) : []
    if (!(await photoInScope(deps.pool, digest, agencies, actor.officerId ?? null))) throw new AppError('http.not-found')
    const jpeg =
      queryOf(req, 'large') === '1'
        ? await readPrintedPhoto(deps.pool, deps.cipher, digest)
        : await readShownPhoto(deps.pool, deps.cipher, digest.subarray(0, 16))
    if (!jpeg) throw new AppError('http.not-found')
    res.set('Cache-Control', 'private, max-age=300').type('jpeg').send(jpeg)
  })

  return pages
}

function readerOf(actor: Actor): { sub: string; name: string; agency: AgencyCode; officerId?: string } {
  return {
    sub: actor.sub,
    name: actor.name,
    agency: actor.agency,
    ...(actor.officerId === undefined ? {} : { officerId: actor.officerId }),
  }
}
