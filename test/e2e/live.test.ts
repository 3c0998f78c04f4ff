import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import pg from 'pg'
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

/** The link that a signed-in holder of the demonstration's card gets, put where the console puts it. */
async function makeLink(): Promise<string> {
  const { postgres } = JSON.parse(readFileSync(join(demonstration.home, 'ports.json'), 'utf8')) as { postgres: number }
  const client = new pg.Client({ host: '127.0.0.1', port: postgres, user: 'antin', database: 'postgres' })
  await client.connect()
  const token = randomBytes(16)
  await client.query(
    `insert into live_links (token_hash, card_ref, created_by, expires_at)
     select $1, ref, 'holder', now() + interval '1 day' from cards where serial = $2`,
    [createHash('sha256').update(token).digest(), demonstration.file.card.serial],
  )
  await client.end()
  return `${demonstration.file.url}/live-card#${token.toString('base64url')}`
}

test('a phone is bound once, shows a code that changes, and the scanner tells it from a copy', options, async () => {
  const phone = await openBrowser()
  const link = await makeLink()
  await phone.page.goto(link)
  assert.ok(!phone.page.url().includes('#'))
  await phone.page.click('#bind')
  await phone.page.locator('#live-code svg').waitFor()
  const shown = async () => (await phone.page.locator('#live-code').getAttribute('data-url'))!
  const first = await shown()
  await phone.page.locator(`#live-code:not([data-url="${first}"])`).waitFor()
  const second = await shown()
  // Clocks of those who scan start here: a busy machine takes longer to scan than a code lives.
  const seenAt = Date.now()
  // The key cannot be read out.
  assert.equal(
    await phone.page.evaluate(
      "new Promise(done => { const open = indexedDB.open('antin-live-card', 1); open.onsuccess = () => { const get = open.result.transaction('phone').objectStore('phone').get('bound'); get.onsuccess = () => crypto.subtle.exportKey('pkcs8', get.result.keys.privateKey).then(() => done('read'), () => done('kept')) } })",
    ),
    'kept',
  )

  const scanner = await openBrowser({ camera: await cameraOf('live', second, { size: 700 }) })
  await scanner.page.clock.setFixedTime(seenAt)
  await scanner.page.goto(`${demonstration.file.url}/v`)
  assert.equal((await verdictOf(scanner.page)).verdict, 'valid')
  assert.match(String(await scanner.page.locator('.result-body').textContent()), /Thẻ sống[\s\S]*không phải bản in/)
  // A screenshot of it is told apart by its age.
  for (const [after, words] of [
    [60, /Mã sống đã \d+ giây[\s\S]*ảnh chụp màn hình/],
    [200, /Mã sống đã quá 30 giây/],
  ] as const) {
    const late = await openBrowser()
    await late.page.clock.setFixedTime(seenAt + after * 1000)
    await late.page.goto(second)
    await verdictOf(late.page)
    assert.match(String(await late.page.locator('.result-body').textContent()), words)
    assert.equal(await late.page.locator('.tag.good').count(), 0)
    await late.context.close()
  }
  // The printed code of the same card says that it is a print.
  await scanner.page.goto('about:blank')
  await scanner.page.goto(demonstration.file.card.genuine)
  await verdictOf(scanner.page)
  assert.match(String(await scanner.page.locator('.result-body').textContent()), /Bản in/)

  // A link works once.
  const thief = await openBrowser()
  await thief.page.goto(link)
  await thief.page.click('#bind')
  await thief.page.locator('#live-state', { hasText: 'Liên kết đã dùng' }).waitFor()

  const last = await shown()
  await scanner.page.clock.setFixedTime(Date.now())
  phone.page.on('dialog', dialog => void dialog.accept())
  await phone.page.click('#unbind')
  await phone.page.locator('#live-state', { hasText: 'Đã gỡ' }).waitFor()
  await scanner.page.goto('about:blank')
  await scanner.page.goto(last)
  await verdictOf(scanner.page)
  assert.match(String(await scanner.page.locator('.result-body').textContent()), /không còn được đăng ký/)
})
