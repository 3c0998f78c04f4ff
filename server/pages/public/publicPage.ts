import { join } from 'node:path'
import type { Request, Response } from 'express'
import nunjucks from 'nunjucks'
import type { WebAssets } from '../buildWeb.ts'
import { type Language, translator } from '../texts.ts'
import { sendCompressed } from './sendCompressed.ts'
import { languageOf, type PublicTexts, publicTexts } from './texts.ts'

export interface PublicPageDeps {
  /** Origin without a trailing slash. */
  publicUrl: string
  /** Lowercase hex SHA-256 of root 1's payload (formats 4); built into every page that checks in the browser. */
  trustRoot: string
  assets: WebAssets
  /** Shown above every page of a demonstration. */
  demonstration: boolean
}

export interface PageData {
  /** Key of the title's text. */
  title: string
  /** Path of the navigation entry that this page belongs to. */
  nav?: string
  /** Entry of the bundle that the page runs; none for a page without scripts. */
  script?: string
  /** Sections of the locale file that the script needs. */
  scriptTexts?: readonly string[]
  /** What else the script is told. Never personal data that the address did not bring. */
  scriptData?: Record<string, unknown>
  [name: string]: unknown
}

export type ShowPage = (req: Request, res: Response, view: string, data: PageData) => void

/** Answers a function that renders one public page in the reader's language, compressed, under the strict CSP of the app. */
export function createPublicPages(deps: PublicPageDeps): ShowPage {
  const views = new nunjucks.Environment(new nunjucks.FileSystemLoader(join(import.meta.dirname, 'views'), { noCache: false }), {
    autoescape: true,
    throwOnUndefined: false,
    trimBlocks: true,
    lstripBlocks: true,
  })
  const texts: Record<Language, PublicTexts> = { vi: publicTexts('vi'), en: publicTexts('en') }
  return (req, res, view, data) => {
    const lang = languageOf(req, res)
    const own = texts[lang]
    const page = {
      lang,
      publicUrl: deps.publicUrl,
      trustRoot: deps.trustRoot,
      demonstration: deps.demonstration,
      texts: Object.fromEntries((data.scriptTexts ?? []).map(section => [section, own[section]])),
      ...data.scriptData,
    }
    const html = views.render(`${view}.njk`, {
      ...data,
      lang,
      otherLang: lang === 'vi' ? 'en' : 'vi',
      path: req.path.startsWith('/t/') ? '/t/' : req.path,
      demonstration: deps.demonstration,
      publicUrl: deps.publicUrl,
      trustRoot: deps.trustRoot,
      asset: (name: string) => deps.assets.url(name),
      t: translator(lang),
      pageJson: JSON.stringify(page).replaceAll('<', '\\u003c'),
    })
    res.vary('Accept-Language').vary('Cookie')
    res.set('Permissions-Policy', 'camera=(self), geolocation=(), microphone=()')
    if (!res.get('Cache-Control')) res.set('Cache-Control', 'no-cache')
    sendCompressed(req, res, 'text/html; charset=utf-8', html)
  }
}
