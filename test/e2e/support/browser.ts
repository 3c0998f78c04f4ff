import { existsSync } from 'node:fs'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** Why these tests cannot run here; undefined when they can. */
export const noBrowser = executablePath ? undefined : 'no chromium on this machine'

export interface OpenedBrowser {
  context: BrowserContext
  page: Page
  /** Errors of the page's scripts and of its content security policy. */
  errors: string[]
}

const opened = new Set<BrowserContext>()

/** Closes what a failed test left open. */
export async function closeBrowsers(): Promise<void> {
  for (const context of opened) await context.close()
  opened.clear()
}

/** A fresh Chromium as a phone, perhaps with a file as its camera. */
export async function openBrowser(
  options: { camera?: string; lang?: string; width?: number; javaScript?: boolean; serviceWorkers?: 'allow' | 'block' } = {},
): Promise<OpenedBrowser> {
  const { camera, lang = 'vi-VN', width = 390, javaScript = true, serviceWorkers = 'allow' } = options
  // '' is a folder that goes with the browser.
  const context = await chromium.launchPersistentContext('', {
    ...(executablePath ? { executablePath } : {}),
    headless: true,
    locale: lang,
    viewport: { width, height: 844 },
    javaScriptEnabled: javaScript,
    serviceWorkers,
    acceptDownloads: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(camera
        ? ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${camera}`]
        : []),
    ],
  })
  // Long enough for a busy machine: it only ends what hangs.
  context.setDefaultTimeout(60_000)
  opened.add(context)
  context.on('close', () => opened.delete(context))
  const page = context.pages()[0] ?? (await context.newPage())
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error' && /Content Security Policy|TypeError|ReferenceError/.test(message.text())) errors.push(message.text())
  })
  return { context, page, errors }
}

/** Waits until an expression holds on the page. Playwright's `waitForFunction` would evaluate it in the page, where our policy forbids that. */
export async function waitUntil(page: Page, expression: string): Promise<void> {
  for (let tries = 0; !(await page.evaluate(expression)); tries++) {
    if (tries === 600) throw new Error(`never true: ${expression}`)
    await page.waitForTimeout(100)
  }
}

/** The verdict that the page shows, once there is one that will stay: its photo came, or is known not to. */
export async function verdictOf(page: Page): Promise<{ verdict: string; tone: string; words: string }> {
  const result = page.locator('[data-verdict]:not([data-verdict=waiting])', { hasNotText: /Đang tải ảnh|Loading the photo/ })
  await result.waitFor()
  return {
    verdict: (await result.getAttribute('data-verdict'))!,
    tone: (await result.getAttribute('data-tone')) ?? '',
    words: String(await page.locator('.band').textContent()),
  }
}
