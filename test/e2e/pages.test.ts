import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, afterEach, before, test } from 'node:test'
import { closeBrowsers, noBrowser, openBrowser, verdictOf } from './support/browser.ts'
import { startDemonstration } from './support/demonstration.ts'
import { keepPhones } from './support/pictures.ts'

let demonstration: Awaited<ReturnType<typeof startDemonstration>>
before(async () => {
  if (!noBrowser) demonstration = await startDemonstration()
})
afterEach(closeBrowsers)
after(() => demonstration?.stop())
const options = { skip: noBrowser, timeout: 600_000 }
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

test('public pages meet WCAG 2.2 AA as far as a program can tell, and fit 320 px', options, async () => {
  const { url, card, diploma, shortQr } = demonstration.file
  // With what each page shows once its script has done its work.
  const addresses: [string, string][] = [
    [url, 'h1'],
    [`${url}/v`, '#offline-box'],
    [`${url}/diplomas/verify`, '#drop'],
    [`${url}/diplomas/verify/list`, '#list-form'],
    [`${url}/log`, 'h1'],
    [`${url}/docs`, 'h1'],
    [`${url}/live-card`, '#live-none'],
  ]
  for (const credential of [card.genuine, card.revoked, diploma.genuine, shortQr.unknown]) addresses.push([credential, ''])
  const { context, page } = await openBrowser({ width: 320 })
  // The policy forbids scripts that are not ours; the checker is let in by the debugger.
  for (const [address, shown] of addresses) {
    await page.goto('about:blank')
    await page.goto(address)
    if (shown) await page.locator(shown).first().waitFor()
    else await verdictOf(page)
    assert.ok(
      Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0,
      `${address.slice(0, 60)} is wider than 320 px`,
    )
    await page.evaluate(axe)
    const found = (await page.evaluate(
      "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 90) + (n.any[0] ? ' ' + n.any[0].message : '')).slice(0, 3).join(' | ')))",
    )) as string[]
    assert.deepEqual(found, [], address.slice(0, 60))
  }
  await context.close()
})

test('one glance tells a valid card, a withdrawn one and an altered one', options, async () => {
  const { card } = demonstration.file
  const { context, page } = await openBrowser()
  const screens: Buffer[] = []
  for (const [address, verdict, words] of [
    [card.genuine, 'valid', /Thẻ hợp lệ/],
    [card.revoked, 'invalid', /thu hồi/],
    [card.tampered, 'invalid', /bị sửa/],
  ] as const) {
    await page.goto('about:blank')
    await page.goto(address)
    const seen = await verdictOf(page)
    assert.equal(seen.verdict, verdict)
    assert.match(seen.words, words)
    screens.push(await page.screenshot())
  }
  await keepPhones('verify', screens)
  await context.close()
})

test('a network that breaks off before the sentences came leaves the verdict', options, async () => {
  const { context, page } = await openBrowser()
  let refused = 0
  await context.route(/\/part-\w+\.js$/, async route => {
    const response = await route.fetch()
    if (!/"validity\.clock":"/.test(await response.text())) return route.fulfill({ response })
    refused++
    await route.abort()
  })
  await page.goto(demonstration.file.card.genuine)
  assert.equal((await verdictOf(page)).verdict, 'valid')
  assert.ok(refused > 0)
  await context.unrouteAll({ behavior: 'wait' })
  await context.close()
})

test('a network that breaks off before what reads a wallet’s credential came leaves the verdict open', options, async () => {
  const { context, page } = await openBrowser()
  // It would have the script in store.
  await context.addInitScript('delete Navigator.prototype.serviceWorker')
  let isAway = false
  await context.route(/\/part-\w+\.js$/, route => (isAway ? route.abort() : route.continue()))
  await page.goto(`${demonstration.file.url}/v`)
  await page.locator('#camera-start').waitFor()
  isAway = true
  await page.fill('#paste', 'eyJ0eXAiOiJkYytzZC1qd3QifQ.e30.AA~')
  await page.click('#paste-form button')
  await page.locator('.band', { hasText: 'Chưa có mạng' }).waitFor()
  await context.close()
})

test('English is one click away and stays', options, async () => {
  const { url, card } = demonstration.file
  const { context, page } = await openBrowser()
  await page.goto(`${url}/`)
  await page.click('a[hreflang=en]')
  await page.goto('about:blank')
  await page.goto(card.genuine)
  assert.match((await verdictOf(page)).words, /Valid card/)
  assert.equal(await page.evaluate('document.documentElement.lang'), 'en')
  await context.close()
})

test('without JavaScript a short QR shows what the server found, and a number its status', options, async () => {
  const { url, card, shortQr } = demonstration.file
  const { context, page } = await openBrowser({ javaScript: false })
  await page.goto(shortQr.genuine)
  assert.match(String(await page.locator('[data-verdict=valid]').textContent()), /chưa đối chiếu ảnh[\s\S]*máy chủ|chưa đối chiếu ảnh/)
  await page.goto(shortQr.unknown)
  assert.match(String(await page.locator('[data-verdict=invalid]').textContent()), /Không có thẻ nào ứng với mã này/)
  await page.goto(`${url}/v`)
  await page.fill('#serial', card.serial)
  await page.click('#serial-form button')
  assert.match(String(await page.locator('#serial-result').textContent()), /đang có hiệu lực/)
  await context.close()
})

test('in a browser without service worker, storage or Ed25519 everything online still works', options, async () => {
  const { card, diploma } = demonstration.file
  const { context, page, errors } = await openBrowser()
  await context.addInitScript(() => {
    const scope = globalThis as unknown as {
      navigator: object
      indexedDB: unknown
      crypto: { subtle: { importKey: (...parts: unknown[]) => Promise<unknown> } }
    }
    Object.defineProperty(Object.getPrototypeOf(scope.navigator), 'serviceWorker', { get: () => undefined })
    Object.defineProperty(scope, 'indexedDB', { get: () => undefined })
    if (!scope.crypto.subtle) return
    const importKey = scope.crypto.subtle.importKey.bind(scope.crypto.subtle)
    scope.crypto.subtle.importKey = (...parts) => (parts[2] === 'Ed25519' ? Promise.reject(new Error('NotSupported')) : importKey(...parts))
  })
  await page.goto(card.genuine)
  assert.equal((await verdictOf(page)).verdict, 'valid')
  await page.goto('about:blank')
  await page.goto(diploma.genuine)
  assert.equal((await verdictOf(page)).verdict, 'valid')
  assert.deepEqual(errors, [])
  await context.close()
})
