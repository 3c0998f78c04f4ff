import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const languages = ['vi', 'en'] as const
export type Language = (typeof languages)[number]

/** Texts by dotted name; `{name}` is replaced, and `name.one` is taken when `count` is 1 and the language has it. */
export type Translate = (key: string, values?: Record<string, unknown>) => string

const folder = join(import.meta.dirname, 'locales')

function load(lang: Language): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const file of [join(folder, `${lang}.json`), join(folder, 'public', `${lang}.json`)])
    if (existsSync(file)) flatten(JSON.parse(readFileSync(file, 'utf8')), '', texts)
  return texts
}

function flatten(node: Record<string, unknown>, prefix: string, into: Map<string, string>): void {
  for (const [name, value] of Object.entries(node)) {
    if (typeof value === 'string') into.set(prefix + name, value)
    else flatten(value as Record<string, unknown>, `${prefix}${name}.`, into)
  }
}

const loaded = new Map<Language, ReadonlyMap<string, string>>()

/** All texts of a language, console and public, by dotted name. */
export function textsOf(lang: Language): ReadonlyMap<string, string> {
  let texts = loaded.get(lang)
  if (!texts) loaded.set(lang, (texts = load(lang)))
  return texts
}

/** A function that gives the text of a key; a key without a text is returned itself, in brackets, so that it is seen. */
export function translator(lang: Language): Translate {
  const texts = textsOf(lang)
  const number = new Intl.NumberFormat(lang === 'vi' ? 'vi-VN' : 'en-GB')
  return (key, values = {}) => {
    const text = (values.count === 1 ? texts.get(`${key}.one`) : undefined) ?? texts.get(key)
    if (text === undefined) return `[${key}]`
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name]
      return typeof value === 'number' ? number.format(value) : value === undefined || value === null ? whole : String(value)
    })
  }
}
