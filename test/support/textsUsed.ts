import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Where the console's texts are asked for: whole keys, and beginnings of keys whose rest is known only at run time. */
export interface TextsUsed {
  keys: Set<string>
  prefixes: Set<string>
}

/** Reads the views and the page code of the console and the shared frame for the keys of texts. */
export function textsUsed(): TextsUsed {
  const keys = new Set<string>()
  const prefixes = new Set<string>()
  const files = [
    ...filesBelow(join(root, 'server/pages/console')),
    join(root, 'server/pages/layout.njk'),
    join(root, 'server/pages/problem.njk'),
  ]
  for (const file of files) {
    const source = readFileSync(file, 'utf8')
    for (const [, key, joined] of source.matchAll(/\bt(?:ranslated)?\(\s*["'`]([\w.-]+?)["'`]\s*([+~])?/g))
      joined ? prefixes.add(key!) : keys.add(key!)
    for (const [, prefix] of source.matchAll(/\b(?:t|textOr)\(\s*`([\w.-]+\.)\$\{/g)) prefixes.add(prefix!)
    for (const [, key] of source.matchAll(/\b(?:key|title|text|why): ["']([a-z][\w-]*\.[\w.-]+)["']/g)) keys.add(key!)
    for (const [key] of source.matchAll(
      /(?<=["'])(?:request\.why\.\w+|request\.approved\w+|agency\.\w+Flash|staff\.\w+Flash|diplomas\.\w+Made|form\.\w+|request\.refuse\.\w+)(?=["'])/g,
    ))
      keys.add(key)
  }
  return { keys, prefixes }
}

/** The views and the code below a folder. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && /\.(njk|ts)$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
}
