import { timingSafeEqual } from 'node:crypto'
import express, { type Request, type Response, type Router } from 'express'
import { AppError } from '../../../core/errors.ts'
import { diplomaColumnOf } from '../../diplomas/diplomaColumnOf.ts'
import { countWaiting } from '../../overview/overviewTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { holds, type Permission } from '../../staff/authorize.ts'
import { formatDate, formatDateTime, formatNumber } from '../format.ts'
import { textsOf } from '../texts.ts'
import { fieldValue } from './fieldValue.ts'
import { isUuid } from './isUuid.ts'
import { agenciesOf, decidableKinds, type PageDeps } from './routes.ts'

interface NavItem {
  href: string
  text: string
  needs?: readonly Permission[]
  count?: 'waiting'
  /** Only for people who are officers. */
  officers?: true
}

const navigation: readonly { title?: string; items: readonly NavItem[] }[] = [
  { items: [{ href: '/console', text: 'nav.overview', needs: ['cards.read'] }] },
  {
    title: 'nav.people',
    items: [
      { href: '/console/officers', text: 'nav.officers', needs: ['people.read'] },
      { href: '/console/imports', text: 'nav.imports', needs: ['people.write', 'agencies.read'] },
      { href: '/console/review', text: 'nav.review', needs: ['cards.request'] },
    ],
  },
  {
    title: 'nav.cardsGroup',
    items: [
      { href: '/console/requests', text: 'nav.requests', needs: ['requests.read'], count: 'waiting' },
      { href: '/console/cards', text: 'nav.cards', needs: ['cards.read'] },
      { href: '/console/print', text: 'nav.print', needs: ['print.read'] },
    ],
  },
  {
    title: 'nav.diplomasGroup',
    items: [
      { href: '/console/diplomas', text: 'nav.diplomas', needs: ['diplomas.read'] },
      { href: '/console/diplomas/register', text: 'nav.register', needs: ['diplomas.register'] },
    ],
  },
  {
    title: 'nav.mine',
    items: [
      { href: '/console/me', text: 'nav.me', needs: ['own.card'], officers: true },
      { href: '/console/me/diplomas', text: 'nav.myDiplomas', needs: ['own.diplomas'] },
    ],
  },
  {
    title: 'nav.control',
    items: [
      { href: '/console/audit', text: 'nav.audit', needs: ['audit.read'] },
      { href: '/console/keys', text: 'nav.keys', needs: ['keys.read'] },
      { href: '/console/templates', text: 'nav.templates', needs: ['templates.read'] },
      { href: '/console/agencies', text: 'nav.agencies', needs: ['agencies.read'] },
      { href: '/console/staff', text: 'nav.staff', needs: ['staff.read'] },
      { href: '/console/webhooks', text: 'nav.webhooks', needs: ['webhooks.read'] },
    ],
  },
]

/**
 * What comes before every console page: forms are read, their token compared, and the frame of the page (navigation, agency
 * names, message left by the page before) made ready.
 */
export function consoleShell(deps: PageDeps): Router {
  const router = express.Router()
  router.use((_req, res, next) => {
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'same-origin' })
    next()
  })
  router.use(express.urlencoded({ extended: false, limit: '4mb', parameterLimit: 20_000 }))
  router.use(async (req, res, next) => {
    await prepareLocals(deps, req, res)
    if (req.method === 'POST' && !req.is('multipart/form-data')) checkCsrf(req, (req.body as { _csrf?: unknown } | undefined)?._csrf)
    next()
  })
  return router
}

/** @throws auth.csrf unless `token` is the session's. A multipart handler calls it on the field `_csrf`, which comes first. */
export function checkCsrf(req: Request, token: unknown): void {
  const expected = req.staffSession?.csrf
  if (!expected) throw new AppError('auth.required')
  const given = Buffer.from(typeof token === 'string' ? token : '')
  const wanted = Buffer.from(expected)
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new AppError('auth.csrf')
}

/** Runs after the checks of a session and before anything is rendered in the console's frame. */
export async function prepareLocals(deps: PageDeps, req: Request, res: Response): Promise<void> {
  const { lang, t } = res.locals as { lang: 'vi' | 'en'; t: (key: string, values?: Record<string, unknown>) => string }
  await deps.tree.refresh(deps.pool)
  const texts = textsOf(lang)
  const textOr = (key: string, otherwise: string, values: object = {}) => (texts.has(key) ? t(key, { detail: '', ...values }) : otherwise)
  const agencyName = (code: string) => {
    const agency = deps.tree.get(code)
    return (lang === 'en' ? agency?.nameEn : null) ?? agency?.nameVi ?? code
  }
  Object.assign(res.locals, {
    csrfToken: req.staffSession?.csrf ?? '',
    idleSeconds: req.staffSession?.idleSeconds ?? 0,
    agencyName,
    // No link leads to where its reader may not go.
    holds: (permission: Permission) => holds(req.actor, permission),
    warningText: (warning: { code: string; field?: string; column?: string }) => {
      const column = warning.field ?? warning.column
      const field = column === undefined ? '' : textOr(`field.${column}`, column)
      return texts.has(`warning.${warning.code}`) ? t(`warning.${warning.code}`, { field }) : `${warning.code}${field ? ` (${field})` : ''}`
    },
    fieldName: (name: string) => textOr(`field.${name}`, name),
    fieldValue: (field: string, value: string) => fieldValue(field, value, { textOr, agencyName }),
    outcomeText: (outcome: string) => {
      const [code = '', detail = ''] = outcome.split(': ', 2)
      const column = diplomaColumnOf[detail] ?? detail
      const problem = textOr(`problem.${code}`, t('outcome.other', { code }), { field: textOr(`field.${column}`, column) })
      return textOr(`outcome.${code}`, textOr(`obstacle.${code}`, problem))
    },
    actionText: (action: string) => textOr(`action.${action}`, action),
    detailText: (detail: Record<string, unknown>) => detailText(detail, textOr, lang),
  })
  if (!req.actor) return
  const kinds = decidableKinds(req.actor)
  const waiting = kinds.length > 0 ? await countWaiting(deps.pool, agenciesOf(deps.tree, req.actor), kinds, req.actor.sub) : 0
  res.locals.nav = navigationOf(req.actor, req.path === '/' ? req.baseUrl : req.baseUrl + req.path, waiting)
  if (req.method === 'GET' && req.accepts(['html', 'json']) === 'html') {
    const unsent = req.query.unsent === '1' ? { kind: 'error', key: 'form.unsent' } : null
    res.locals.flash = (await deps.sessions.takeFlash(req)) ?? unsent
  }
}

function navigationOf(actor: Actor, path: string, waiting: number) {
  const all = navigation.flatMap(group => group.items)
  // The longest address that the page lies below is the current one.
  const current = all
    .filter(item => path === item.href || path.startsWith(`${item.href}/`))
    .reduce<NavItem | null>((best, item) => (best && best.href.length >= item.href.length ? best : item), null)
  return navigation
    .map(group => ({
      title: group.title,
      items: group.items
        .filter(item => (!item.needs || item.needs.some(one => holds(actor, one))) && (!item.officers || actor.officerId !== undefined))
        .map(item => ({ ...item, current: item === current, count: item.count === 'waiting' ? waiting : 0 })),
    }))
    .filter(group => group.items.length > 0)
}

/** Leaves a message for the next page and goes there. */
export async function redirectWith(
  deps: Pick<PageDeps, 'sessions'>,
  req: Request,
  res: Response,
  to: string,
  flash: { kind?: 'success' | 'notice' | 'error'; key: string; values?: Record<string, string | number> },
): Promise<void> {
  await deps.sessions.flash(req, { kind: flash.kind ?? 'success', key: flash.key, ...(flash.values ? { values: flash.values } : {}) })
  res.redirect(303, to)
}

type TextOr = (key: string, otherwise: string) => string

/** An audit record's detail in one line: numbers and codes by their names, nested values left out. */
function detailText(detail: Record<string, unknown>, textOr: TextOr, lang: 'vi' | 'en'): string {
  return (
    Object.entries(detail)
      // An identifier of ours says nothing to a reader; what it names has a link or a number of its own.
      .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && !isUuid(String(value)))
      .map(([name, value]) => `${textOr(`detail.${name}`, name)}: ${detailValue(name, value, textOr, lang)}`)
      .join(' · ')
  )
}

/** Values by the field that holds them: what a key is for and where it is kept, how cards were printed, and times in seconds. */
function detailValue(name: string, value: unknown, textOr: TextOr, lang: 'vi' | 'en'): string {
  if (typeof value === 'boolean') return textOr(value ? 'detail.yes' : 'detail.no', String(value))
  if (typeof value === 'number' && /^(notBefore|notAfter|retiredAt)$/.test(name)) return formatDateTime(value * 1000)
  if (typeof value === 'number') return formatNumber(value, lang)
  if (name === 'use') return textOr(`keys.uses.${value}`, String(value))
  if (name === 'form') return textOr(`keys.form.${value}`, String(value))
  if (name === 'action') return textOr(`keys.action.${value}`, String(value))
  if (name === 'layout') return textOr(`print.layout.${value}`, String(value))
  if (name === 'on') return formatDate(String(value))
  return textOr(`reason.${value}`, textOr(`request.kind.${value}`, textOr(`import.kind.${value}`, String(value))))
}

/** The text key of an error code, for messages beside a form. */
export function problemKey(code: string): string {
  return textsOf('vi').has(`problem.${code}`) ? `problem.${code}` : 'problem.other'
}

/** Runs a command of a form; a rule it breaks becomes a message on the page `back`. Errors of sign-in, of step-up and of what is not there pass through. */
export async function attempt(
  deps: Pick<PageDeps, 'sessions'>,
  req: Request,
  res: Response,
  back: string,
  command: () => Promise<void>,
): Promise<void> {
  try {
    await command()
  } catch (error) {
    if (!(error instanceof AppError) || /^auth\.|^internal$|\.not-found$/.test(error.code)) throw error
    await redirectWith(deps, req, res, back, { kind: 'error', key: problemKey(error.code), values: { detail: error.detail } })
  }
}
