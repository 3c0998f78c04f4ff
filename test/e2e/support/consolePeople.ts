import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { BrowserContext, Page } from 'playwright-core'
import type { DemonstrationFile } from '../../../server/demonstration/describeDemonstration.ts'
import { openBrowser } from './browser.ts'
import { keepPicture } from './pictures.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']

export interface ConsolePeople {
  /** The page of a person signed in with this role, wide as a desk's screen; the same at every call. */
  as(role: string): Promise<Page>
  /** Forgets a person who signed out. */
  forget(role: string): void
  passwordOf(role: string): string
  /** What the pages' scripts and content security policy complained of. */
  complaints(): string[]
  close(): Promise<void>
}

/** Browsers of the demonstration's people, each signed in once. */
export function consolePeople({ url, signIns }: DemonstrationFile): ConsolePeople {
  const pages = new Map<string, { context: BrowserContext; page: Page; errors: string[] }>()
  const contexts: BrowserContext[] = []
  const passwordOf = (role: string) => signIns.find(one => one.username === role)!.password
  return {
    async as(role) {
      const known = pages.get(role)
      if (known) return known.page
      const opened = await openBrowser({ width: 1280 })
      contexts.push(opened.context)
      const { page } = opened
      await page.goto(`${url}/signin?return=/console`)
      await page.fill('#username', role)
      await page.fill('#password', passwordOf(role))
      await page.click('button[type=submit]')
      await page.waitForURL(({ pathname }) => pathname.startsWith('/console'))
      pages.set(role, opened)
      return page
    },
    forget: role => pages.delete(role),
    passwordOf,
    complaints: () => [...pages].flatMap(([role, { errors }]) => errors.map(error => `${role}: ${error}`)),
    async close() {
      for (const context of contexts) await context.close()
    },
  }
}

/** Pictures the page, and fails when a text is missing, an inner identifier shows, or axe finds something. */
export async function look(page: Page, name: string): Promise<void> {
  await page.waitForLoadState()
  await keepPicture(name, await page.screenshot())
  assert.deepEqual(
    await page.evaluate('document.body.innerText.match(/\\[[a-z][\\w-]*\\.[\\w.-]+\\]/g) ?? []'),
    [],
    `${name}: a text is missing`,
  )
  assert.deepEqual(
    await page.evaluate(
      "[...document.querySelectorAll('td, th, p, li, label')].flatMap(one => one.innerText.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [])",
    ),
    [],
    `${name}: an identifier that says nothing`,
  )
  // The policy forbids scripts that are not ours; the checker is let in by the debugger.
  await page.evaluate(axe)
  const found = (await page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(rules)} }).then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).slice(0, 3).join(' | ')))`,
  )) as string[]
  assert.deepEqual(found, [], name)
}
