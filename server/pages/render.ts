import { resolve } from 'node:path'
import express, { type Request, type Response, type Router } from 'express'
import nunjucks from 'nunjucks'
import { maskPersonalNumber } from '../../core/identity/maskPersonalNumber.ts'
import type { AssetManifest } from './build.ts'
import { formatDate, formatDateTime, formatNumber, formatRelative } from './format.ts'
import { type Language, languages, type Translate, translator } from './texts.ts'

const here = import.meta.dirname
const viewFolders = [here, resolve(here, '../../node_modules/govuk-frontend/dist')]

export interface PagesOptions {
  assets: AssetManifest
  /** The folder `buildAssets` wrote to; served at /assets, immutable. */
  assetsDir: string
  /** Shown on every page of a demonstration. */
  demonstration?: boolean
}

interface PageLocals {
  lang: Language
  t: Translate
  /** Set by the console once a session is known; hidden fields of forms read it. */
  csrf?: string
}

/** What a page sees besides its own data. */
export interface PageData {
  [name: string]: unknown
}

/** Serves what pages are made of at /assets, immutable. Mount it before whatever asks who is there: a page of an outage needs it too. */
export function pageAssets({ assets, assetsDir }: Pick<PagesOptions, 'assets' | 'assetsDir'>): Router {
  const router = express.Router()
  router.use('/assets', express.static(assetsDir, { immutable: true, maxAge: '365d', index: false }))
  router.get('/favicon.ico', (_req, res) => res.redirect(301, `/assets/${assets['seal.svg']}`))
  return router
}

/**
 * Makes `render` usable and chooses the language of each request (`?lang=`, cookie `lang`,
 * Accept-Language, Vietnamese). Mount it before any route that renders.
 */
export function pageShell(options: Omit<PagesOptions, 'assetsDir'>): Router {
  const environment = new nunjucks.Environment(new nunjucks.FileSystemLoader(viewFolders), {
    autoescape: true,
    trimBlocks: true,
    lstripBlocks: true,
  })
  addFilters(environment)
  environment.addGlobal('asset', (name: string) => {
    const file = options.assets[name]
    if (!file) throw new Error(`No asset ${name}`)
    return `/assets/${file}`
  })
  environment.addGlobal(
    'faultOf',
    (faults: readonly { field: string; text: string }[] | undefined, field: string) => faults?.find(one => one.field === field)?.text ?? '',
  )
  environment.addGlobal('demonstration', options.demonstration ?? false)
  const router = express.Router()
  router.use((req, res, next) => {
    environments.set(res, environment)
    chooseLanguage(req, res)
    next()
  })
  return router
}

const environments = new WeakMap<Response, nunjucks.Environment>()

/** Whether pages can be rendered here: not by routes before `pageShell`. */
export const hasShell = (res: Response): boolean => environments.has(res)

/** Renders `view` ("console/overview" -> server/pages/console/overview.njk) with `t`, `lang`, `actor`, `csrf`, `flash` and `data`. */
export function render(res: Response, view: string, data: PageData = {}): void {
  const environment = environments.get(res)
  if (!environment) throw new Error('pageShell is not mounted before this route')
  const locals = res.locals as PageLocals
  const html = environment.render(`${view}.njk`, {
    ...res.locals,
    actor: res.req.actor ?? null,
    path: res.req.originalUrl.split('?')[0],
    otherLanguage: otherLanguage(res.req, locals.lang),
    now: Date.now(),
    ...data,
  })
  res.type('html').send(html)
}

function chooseLanguage(req: Request, res: Response): void {
  const asked = languages.find(lang => lang === req.query.lang)
  const kept = /(?:^|;\s*)lang=(vi|en)(?:;|$)/.exec(req.headers.cookie ?? '')?.[1] as Language | undefined
  const lang = asked ?? kept ?? (req.acceptsLanguages('vi', 'en') || 'vi')
  if (asked && asked !== kept) res.cookie('lang', asked, { maxAge: 31_536_000_000, sameSite: 'lax', path: '/' })
  const locals = res.locals as PageLocals
  locals.lang = lang as Language
  locals.t = translator(locals.lang)
  res.setHeader('Content-Language', locals.lang)
}

/** The same page in the other language; of one that answers a form, the page that the form stood on. */
function otherLanguage(req: Request, lang: Language): { lang: Language; href: string } {
  const other: Language = lang === 'vi' ? 'en' : 'vi'
  const from = req.method === 'POST' ? URL.parse(req.get('referer') ?? '') : null
  const url = from?.host === req.get('host') ? from! : new URL(req.originalUrl, 'http://page.invalid')
  url.searchParams.set('lang', other)
  return { lang: other, href: url.pathname + url.search }
}

function addFilters(environment: nunjucks.Environment): void {
  environment.addFilter('number', function (this: { ctx: PageLocals }, value: number) {
    return formatNumber(value, this.ctx.lang)
  })
  environment.addFilter('day', (value: Date | string | number | null | undefined) => formatDate(value))
  environment.addFilter('time', (value: Date | string | number | null | undefined) => formatDateTime(value))
  environment.addFilter('ago', function (this: { ctx: PageLocals & { now: number } }, value: Date | string | number) {
    return formatRelative(value, this.ctx.now, this.ctx.lang)
  })
  environment.addFilter('masked', maskPersonalNumber)
  environment.addFilter('hex', (value: Uint8Array) => Buffer.from(value).toString('hex'))
  environment.addFilter('b64u', (value: Uint8Array) => Buffer.from(value).toString('base64url'))
  environment.addFilter('translated', function (this: { ctx: PageLocals }, key: string, values?: Record<string, unknown>) {
    return this.ctx.t(key, values)
  })
}
