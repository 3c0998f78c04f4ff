import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { closeBrowsers, noBrowser, openBrowser, verdictOf } from './support/browser.ts'
import { cameraOf } from './support/camera.ts'
import { startDemonstration } from './support/demonstration.ts'

let demonstration: Awaited<ReturnType<typeof startDemonstration>>
before(async () => {
  if (!noBrowser) demonstration = await startDemonstration()
})
afterEach(closeBrowsers)
after(() => demonstration?.stop())
const options = { skip: noBrowser, timeout: 600_000 }

/** All files are kept, and this page is in the worker's care. */
const workerReady =
  'navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller ?? new Promise(next => navigator.serviceWorker.addEventListener("controllerchange", next))).then(() => true)'

test('after one visit the scanner works without a network and says how old its data is', options, async () => {
  const { card, url } = demonstration.file
  const { context, page } = await openBrowser({ camera: await cameraOf('offline', card.genuine) })
  await page.goto(card.genuine)
  await verdictOf(page)
  await page.evaluate(workerReady)
  await context.setOffline(true)
  await page.goto(`${url}/v`)
  const { verdict, tone, words } = await verdictOf(page)
  assert.equal(verdict, 'valid')
  // Without the photo the band is not plain green.
  assert.equal(tone, 'halfgood')
  assert.match(words, /chưa đối chiếu ảnh/)
  assert.match(String(await page.locator('.advice').textContent()), /Tình trạng thẻ theo dữ liệu lúc \d\d:\d\d/)
  await context.close()
})

test('without a network and without data the verdict is open, never a guess', options, async () => {
  const { card, url } = demonstration.file
  const { context, page } = await openBrowser()
  await page.goto(`${url}/v`)
  await page.evaluate(workerReady)
  await context.setOffline(true)
  await page.fill('#paste', card.genuine)
  await page.click('#paste-form button')
  const { verdict, words } = await verdictOf(page)
  assert.equal(verdict, 'undetermined')
  assert.match(words, /Chưa xác định được[\s\S]*Chưa có mạng/)
  // What is wrong in itself is wrong offline too.
  await context.setOffline(false)
  await context.close()
})

test('a counter loads all slices and lists ahead, and then checks cards it never saw', options, async () => {
  const { card, url } = demonstration.file
  const { context, page } = await openBrowser()
  await page.goto(`${url}/v`)
  await page.evaluate(workerReady)
  await page.click('#offline-fetch')
  await page.locator('#offline-state', { hasText: 'Đã tải dữ liệu' }).waitFor()
  await context.setOffline(true)
  for (const [text, verdict] of [
    [card.genuine, 'valid'],
    [card.revoked, 'invalid'],
    [card.tampered, 'invalid'],
  ] as const) {
    await page.goto(`${url}/v`)
    await page.fill('#paste', text)
    await page.click('#paste-form button')
    assert.equal((await verdictOf(page)).verdict, verdict)
  }
  await context.close()
})

test('where the browser opens its store slowly, the button that loads data ahead is there when it works', options, async () => {
  const { context, page } = await openBrowser()
  await context.addInitScript(() => {
    interface Opening {
      addEventListener(kind: string, listener: (event: unknown) => void): void
    }
    const store = (globalThis as unknown as { indexedDB: { open(...parts: unknown[]): Opening } }).indexedDB
    const open = store.open.bind(store)
    store.open = (...parts) => {
      const opening = open(...parts)
      const set = (listener: (event: unknown) => void) => opening.addEventListener('success', event => setTimeout(listener, 500, event))
      return Object.defineProperty(opening, 'onsuccess', { set })
    }
  })
  await page.goto(`${demonstration.file.url}/v`)
  await page.click('#offline-fetch')
  await page.locator('#offline-state', { hasText: 'Đã tải dữ liệu' }).waitFor()
  await context.close()
})

test('a short code without a network leads to the large one, also when the phone’s own camera opened it', options, async () => {
  const { shortQr, url } = demonstration.file
  const { context, page } = await openBrowser()
  await page.goto(`${url}/v`)
  await page.evaluate(workerReady)
  await context.setOffline(true)
  await page.goto(shortQr.genuine)
  const { verdict, words } = await verdictOf(page)
  assert.equal(verdict, 'undetermined')
  assert.match(words, /Mã QR nhỏ chỉ kiểm tra được khi có mạng/)
  assert.equal(page.url(), `${url}/v`)
  await context.setOffline(false)
  await page.click('[data-do=again]')
  await page.locator('[data-verdict=valid]').waitFor()
  await context.close()
})

test('data loaded ahead says so when it is too old to rely on', options, async () => {
  const { context, page } = await openBrowser()
  await page.goto(`${demonstration.file.url}/v`)
  await page.click('#offline-fetch')
  await page.locator('#offline-state', { hasText: 'Đã tải dữ liệu' }).waitFor()
  await page.clock.setSystemTime(new Date(Date.now() + 2 * 86_400_000))
  await page.reload()
  await page.locator('#offline-state', { hasText: 'đã quá một ngày' }).waitFor()
  await context.close()
})

test('an outage of the server is no verdict', options, async () => {
  const { card } = demonstration.file
  const { context, page } = await openBrowser()
  await context.route(/status-lists/, route => route.fulfill({ status: 503, body: 'down' }))
  await page.goto(card.genuine)
  assert.equal((await verdictOf(page)).verdict, 'undetermined')
  await context.unroute(/status-lists/)
  await page.click('[data-do=again]')
  await page.locator('[data-verdict=valid]').waitFor()
  // A captive portal answers everything with a page of its own.
  await context.route(/well-known|status-lists/, route => route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>Wi-Fi</h1>' }))
  await page.click('[data-do=again]')
  await page.locator('[data-verdict=valid]').waitFor()
  assert.match(String(await page.locator('.advice').textContent()), /theo dữ liệu lúc/)
  await context.close()
})

test('a phone whose clock is far behind is told so', options, async () => {
  const { card } = demonstration.file
  const { context, page } = await openBrowser()
  await page.clock.setSystemTime(new Date(Date.now() - 3 * 86_400_000))
  await page.goto(card.genuine)
  const { verdict, words } = await verdictOf(page)
  assert.equal(verdict, 'undetermined')
  assert.match(words, /Đồng hồ điện thoại sai/)
  await context.close()
})
