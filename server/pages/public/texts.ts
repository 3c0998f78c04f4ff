import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Request, Response } from 'express'
import type { Language } from '../texts.ts'

/** Texts of the public pages by section and name; values hold `{name}` where something is filled in. */
export type PublicTexts = Readonly<Record<string, Readonly<Record<string, string>>>>

/** The public pages' texts of one language, as they lie in the locale file. */
export function publicTexts(lang: Language): PublicTexts {
  return JSON.parse(readFileSync(join(import.meta.dirname, `../locales/public/${lang}.json`), 'utf8')) as PublicTexts
}

/**
 * The language of a request: `?lang=`, which is then kept in the cookie `lang` for a year, else the cookie, else the
 * browser's first choice among vi and en, else Vietnamese.
 */
export function languageOf(req: Request, res: Response): Language {
  const asked = req.query.lang
  const kept = /(?:^|;\s*)lang=(vi|en)(?:;|$)/.exec(req.headers.cookie ?? '')?.[1] as Language | undefined
  if (asked === 'vi' || asked === 'en') {
    if (asked !== kept) res.append('Set-Cookie', `lang=${asked}; Path=/; Max-Age=31536000; SameSite=Lax`)
    return asked
  }
  return kept ?? (req.acceptsLanguages('vi', 'en') === 'en' ? 'en' : 'vi')
}
