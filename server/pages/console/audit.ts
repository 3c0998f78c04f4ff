import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import { isCardSerial } from '../../../core/identity/cardSerial.ts'
import { type AuditFilter, type AuditRow, readAudit, recordAudit } from '../../audit/auditTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { writeCsv } from '../../tables/writeCsv.ts'
import { formatDateTime } from '../format.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, href, inScope, type PageDeps, queryOf, whoOf } from './routes.ts'
import { openSearch, sealSearch } from './sealedSearch.ts'

const pageSize = 100
/** The kinds of actions that the filter offers, and the beginnings of their names. */
const actionGroups = {
  card: ['card.', 'cards.'],
  diploma: ['diploma.', 'diplomas.'],
  request: ['request.'],
  officer: ['officer.'],
  import: ['import.'],
  print: ['print.'],
  wallet: ['live-card.', 'sd-jwt.'],
  key: ['key.', 'master-key.', 'data-key.'],
  agency: ['agency.'],
  template: ['template.'],
  trust: ['trust.', 'log.'],
  webhook: ['webhook.'],
  staff: ['staff.', 'audit.'],
} as const satisfies Record<string, readonly string[]>

interface Asked {
  from: string
  until: string
  action: string
  who: string
  subject: string
  agency: string
}

/** Who did what when: filter, page through, export. What is searched for stays out of the address. */
export function auditPages(deps: PageDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  const filterOf = (asked: Asked, actor: Actor): AuditFilter => ({
    agencyIn: asked.agency ? deps.tree.subtree(inScope(deps.tree, actor, asked.agency)) : agenciesOf(deps.tree, actor),
    actor: asked.who || undefined,
    actions: Object.hasOwn(actionGroups, asked.action) ? actionGroups[asked.action as keyof typeof actionGroups] : undefined,
    subject: subjectOf(asked.subject),
    from: dayStart(asked.from, 0),
    until: dayStart(asked.until, 1),
  })

  const show = async (res: Response, actor: Actor, asked: Asked, after: string) => {
    const before = /^\d{1,15}$/.test(after) ? Number(after) : undefined
    const rows = await readAudit(deps.pool, { ...filterOf(asked, actor), before, limit: pageSize + 1 })
    const shown = rows.slice(0, pageSize)
    render(res, 'console/audit', {
      rows: shown,
      asked,
      actionGroups: Object.keys(actionGroups),
      agencies: agenciesOf(deps.tree, actor),
      next: rows.length > pageSize ? shown.at(-1)!.id : null,
      first: before !== undefined,
    })
  }

  pages.get('/audit', 'audit.read', async (req, res, actor) => {
    const { after = '', ...asked } = openSearch(deps.cipher, actor.sub, queryOf(req, 's'))
    await show(res, actor, { ...askedOf(asked), ...(queryOf(req, 'subject') ? { subject: queryOf(req, 'subject') } : {}) }, after)
  })

  pages.post('/audit', 'audit.read', (req, res, actor) => {
    const fields = fieldsOf(req)
    const asked = askedOf(fields)
    if (asked.agency) inScope(deps.tree, actor, asked.agency)
    const sealed = sealSearch(deps.cipher, actor.sub, { ...asked, after: (fields.after ?? '').slice(0, 20) })
    res.redirect(303, href('/console/audit', { s: sealed }))
  })

  pages.post('/audit/export', 'audit.read', async (req, res, actor) => {
    const filter = filterOf(askedOf(fieldsOf(req)), actor)
    const t = res.locals.t as Translate
    await recordAudit(deps.pool, { actor: whoOf(actor), action: 'audit.exported', agency: actor.agency })
    res.set({ 'Content-Type': 'text/csv; charset=utf-8', 'Content-Disposition': 'attachment; filename="audit.csv"' })
    const header = ['at', 'who', 'actor', 'action', 'agency', 'subject', 'detail', 'leaf'].map(name => t(`audit.column.${name}`))
    await pipeline(Readable.from(writeCsv(header, lines(filter))), res)
  })

  async function* lines(filter: AuditFilter) {
    for (let before: number | undefined; ; ) {
      const rows: AuditRow[] = await readAudit(deps.pool, { ...filter, before, limit: 500 })
      for (const row of rows)
        yield [
          formatDateTime(row.at),
          row.actorName,
          row.actor,
          row.action,
          row.agencyCode ?? '',
          row.subject ?? '',
          Object.keys(row.detail).length > 0 ? JSON.stringify(row.detail) : '',
          row.leafIndex,
        ]
      if (rows.length < 500) return
      before = rows.at(-1)!.id
    }
  }

  return pages
}

const nothingAsked: Asked = { from: '', until: '', action: '', who: '', subject: '', agency: '' }

function askedOf(fields: Record<string, string>): Asked {
  const taken = Object.fromEntries(Object.keys(nothingAsked).map(name => [name, (fields[name] ?? '').slice(0, 200)]))
  return { ...nothingAsked, ...taken }
}

/** A serial alone names its card; anything else is a subject as the audit writes it. */
function subjectOf(text: string): string | undefined {
  return isCardSerial(text) ? `card:${text}` : text || undefined
}

/** The beginning of a day in Vietnam, `days` later; a text that is no day asks for nothing. */
function dayStart(day: string, days: number): Date | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined
  const at = new Date(`${day}T00:00:00+07:00`).getTime() + days * 86_400_000
  return Number.isNaN(at) ? undefined : new Date(at)
}
