import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { sealedUrl } from '../../core/credential/qr.ts'
import { getStatus, setStatus, status } from '../../core/status-list/statusList.ts'
import { createPool } from '../../server/db/pool.ts'
import { closeBrowsers, noBrowser, openBrowser, verdictOf } from './support/browser.ts'
import { cameraOf, type Sight, sightOf, sightOfBoth } from './support/camera.ts'
import { startDemonstration } from './support/demonstration.ts'

let demonstration: Awaited<ReturnType<typeof startDemonstration>>
before(async () => {
  if (!noBrowser) demonstration = await startDemonstration()
})
afterEach(closeBrowsers)
after(() => demonstration?.stop())
const wall = { create: { width: 640, height: 480, channels: 3, background: '#b9b4aa' } } as const
const options = { skip: noBrowser, timeout: 600_000 }

/** Where the camera is allowed, as in these browsers, the scanner opens it by itself. */
async function scan(name: string, text: string, sight?: Sight) {
  const opened = await openBrowser({ camera: await cameraOf(name, text, sight) })
  await opened.page.goto(`${demonstration.file.url}/v`)
  return opened
}

test('a genuine card before the camera is valid, with the photo beside the name', options, async () => {
  const { context, page, errors } = await scan('genuine', demonstration.file.card.genuine)
  const { verdict, tone, words } = await verdictOf(page)
  assert.deepEqual([verdict, tone, words.trim()], ['valid', 'good', 'Thẻ hợp lệ'])
  const width = await page.locator('.portrait img').evaluate(async element => {
    const image = element as unknown as { naturalWidth: number; decode(): Promise<void> }
    await image.decode()
    return image.naturalWidth
  })
  assert.ok(width > 50)
  assert.equal(await page.evaluate('document.activeElement.id'), 'verdict')
  assert.equal(page.url(), `${demonstration.file.url}/v`)
  assert.deepEqual(errors, [])
  await context.close()
})

for (const [name, sight] of [
  ['blurred', { blur: 2.2, size: 620 }],
  ['turned', { turned: 33 }],
  ['small', { size: 260 }],
  ['dim on a screen', { dim: true, blur: 1 }],
  ['turned round', { turned: 180, size: 420 }],
] as [string, Sight][]) {
  test(`a card that is ${name} is read`, options, async () => {
    const { context, page } = await scan(name.replace(/\W+/g, '-'), demonstration.file.card.genuine, sight)
    assert.equal((await verdictOf(page)).verdict, 'valid')
    await context.close()
  })
}

test('a revoked, a tampered and a short code get their verdicts, and an ended card shows no name', options, async () => {
  const { card, shortQr } = demonstration.file
  const revoked = await scan('revoked', card.revoked)
  assert.match((await verdictOf(revoked.page)).words, /Thẻ không hợp lệ[\s\S]*thu hồi/)
  assert.equal(await revoked.page.locator('.facts .name').count(), 0)
  await revoked.context.close()
  const tampered = await scan('tampered', card.tampered)
  assert.match((await verdictOf(tampered.page)).words, /Thẻ không hợp lệ[\s\S]*đã bị sửa/)
  await tampered.context.close()
  const short = await scan('short', shortQr.genuine, { size: 300 })
  assert.equal((await verdictOf(short.page)).verdict, 'valid')
  await short.context.close()
})

test('a foreign code is shown and not followed, with a warning', options, async () => {
  const { context, page } = await scan('foreign', 'https://moha-gov.example/dang-nhap?next=otp')
  await page.locator('.foreign').waitFor()
  assert.match(String(await page.locator('.foreign').textContent()), /trang giả[\s\S]*moha-gov\.example/)
  assert.equal(new URL(page.url()).origin, demonstration.file.url)
  await context.close()
})

test('a code of ours on another host is judged here, and the reader is told', options, async () => {
  const { context, page } = await scan(
    'other-host',
    demonstration.file.card.genuine.replace(/^https?:\/\/[^/]+/, 'https://the-moha.example'),
  )
  assert.equal((await verdictOf(page)).verdict, 'valid')
  assert.match(String(await page.locator('.foreign').textContent()), /the-moha\.example/)
  await context.close()
})

test('two cards in one picture get no verdict, for nobody could say whose it is', options, async () => {
  const { genuine, revoked } = demonstration.file.card
  const both = await sightOfBoth(genuine, revoked)
  const { context, page } = await openBrowser({ camera: await cameraOf('both', both) })
  await page.goto(`${demonstration.file.url}/v`)
  await page.locator('.say', { hasText: 'nhiều thẻ' }).waitFor()
  await page.setInputFiles('#photo', { name: 'hai-the.jpg', mimeType: 'image/jpeg', buffer: both })
  await page.locator('#messages', { hasText: 'nhiều thẻ' }).waitFor()
  assert.equal(await page.locator('[data-verdict]').count(), 0)
  await context.close()
})

test('a photo that comes late shows no earlier card again', options, async () => {
  const { genuine, revoked } = demonstration.file.card
  const { context, page } = await openBrowser()
  await context.route(/\/photos\//, async route => {
    await new Promise(resolve => setTimeout(resolve, 2500))
    await route.continue()
  })
  await page.goto(genuine)
  await page.locator('[data-verdict=valid]').waitFor()
  await page.evaluate(`location.hash = '${revoked.split('#')[1]}'`)
  await page.locator('[data-verdict=invalid]').waitFor()
  await page.waitForTimeout(3500)
  assert.equal((await verdictOf(page)).verdict, 'invalid')
  await page.evaluate(`location.hash = '${genuine.split('#')[1]}'`)
  await page.locator('[data-verdict=valid]').waitFor()
  await page.click('[data-do=another]')
  await page.waitForTimeout(3500)
  assert.ok((await page.locator('#scanner').isVisible()) && !(await page.locator('#app').isVisible()))
  await context.close()
})

test('a picture that is read slowly does not take the place of what was pasted after it', options, async () => {
  const { genuine, revoked } = demonstration.file.card
  // A service worker would have the decoder at hand.
  const { context, page } = await openBrowser({ serviceWorkers: 'block' })
  let release = () => {}
  const pasted = new Promise<void>(resolve => {
    release = resolve
  })
  await context.route(/\.wasm/, async route => {
    await pasted
    await route.continue()
  })
  await page.goto(`${demonstration.file.url}/v`)
  await page.locator('#scanner').waitFor()
  await page.setInputFiles('#photo', { name: 'the.jpg', mimeType: 'image/jpeg', buffer: await sightOf(genuine) })
  await page.evaluate("document.getElementById('paste').closest('details')?.setAttribute('open', '')")
  await page.fill('#paste', revoked)
  await page.evaluate("document.getElementById('paste-form').requestSubmit()")
  await page.locator('[data-verdict=invalid]').waitFor()
  release()
  await page.waitForTimeout(4000)
  assert.equal((await verdictOf(page)).verdict, 'invalid')
  await context.close()
})

test('a slow answer to a number does not take the place of the next one', options, async () => {
  const { context, page } = await openBrowser()
  let asked = 0
  await context.route(/\/api\/card-status/, async route => {
    if (asked++ > 0) return route.continue()
    await new Promise(resolve => setTimeout(resolve, 2000))
    await route.abort()
  })
  await page.goto(`${demonstration.file.url}/v`)
  await page.locator('#scanner').waitFor()
  await page.evaluate("document.getElementById('serial').closest('details')?.setAttribute('open', '')")
  await page.fill('#serial', 'G09-26-0000040-8')
  const ask = () => page.evaluate("document.getElementById('serial-form').requestSubmit()")
  await ask()
  await ask()
  await page.locator('#serial-result', { hasText: 'G09-26-0000040-8' }).waitFor()
  await page.waitForTimeout(2500)
  assert.match((await page.locator('#serial-result').textContent())!, /G09-26-0000040-8/)
  await context.close()
})

test('a camera asked for twice is opened once, and none stays on when it is closed', options, async () => {
  const { context, page } = await openBrowser({ camera: await cameraOf('wall', await sharp(wall).jpeg().toBuffer()) })
  await page.addInitScript(() => {
    const seen = globalThis as unknown as { tracks: { readyState: string }[]; navigator: { mediaDevices: Devices } }
    interface Devices {
      getUserMedia(wish: object): Promise<{ getTracks(): { readyState: string }[] }>
    }
    const devices = seen.navigator.mediaDevices
    const open = devices.getUserMedia.bind(devices)
    seen.tracks = []
    devices.getUserMedia = async wish => {
      const stream = await open(wish)
      seen.tracks.push(...stream.getTracks())
      return stream
    }
  })
  const states = () => page.evaluate('tracks.map(track => track.readyState)')
  await page.goto(`${demonstration.file.url}/v`)
  await page.locator('#scanner').waitFor()
  await page.evaluate("document.getElementById('camera-start').click(); document.getElementById('camera-start').click()")
  await page.locator('.say', { hasText: 'Giữ thẻ thẳng' }).waitFor()
  await page.waitForTimeout(500)
  assert.deepEqual(await states(), ['live'])
  await page.click('#camera-stop')
  assert.deepEqual(await states(), ['ended'])
  await context.close()
})

test('photo, paste and number work without a camera', options, async () => {
  const { context, page } = await openBrowser()
  const { url, card } = demonstration.file
  await page.goto(`${url}/v`)
  const picture = join(tmpdir(), `antin-photo-${process.pid}.jpg`)
  writeFileSync(picture, await sightOf(card.genuine, { turned: 12, blur: 1.2 }))
  await page.locator('#scanner').waitFor()
  await page.setInputFiles('#photo', picture)
  assert.equal((await verdictOf(page)).verdict, 'valid')
  await page.goto(`${url}/v`)
  await page.fill('#paste', card.revoked.replace(/(\d{70})/g, '$1\n '))
  await page.click('#paste-form button')
  assert.equal((await verdictOf(page)).verdict, 'invalid')
  await page.goto(`${url}/v`)
  await page.fill('#serial', card.serial.toLowerCase())
  await page.click('#serial-form button')
  await page.locator('#serial-result strong').waitFor()
  assert.match(String(await page.locator('#serial-result').textContent()), /đang có hiệu lực[\s\S]*Số thẻ không chứng minh/)
  await context.close()
})

test('the address keeps no trace of what was scanned', options, async () => {
  const { context, page } = await openBrowser()
  const { url, card, shortQr } = demonstration.file
  await page.goto('about:blank')
  await page.goto(card.genuine)
  await verdictOf(page)
  assert.equal(page.url(), `${url}/v`)
  // The dot of a sentence that a chat app took into the link.
  await page.goto('about:blank')
  await page.goto(`${card.genuine}.`)
  assert.equal((await verdictOf(page)).verdict, 'valid')
  assert.equal(page.url(), `${url}/v`)
  await page.goto(shortQr.genuine)
  await verdictOf(page)
  assert.equal(page.url(), `${url}/v`)
  assert.ok(!String(await page.evaluate('JSON.stringify(Object.keys(localStorage)) + location.href')).includes(card.genuine.slice(-40)))
  await context.close()
})

test('the page of a scanned card costs at most 120 kB with its evidence, the scanner 150 kB before the decoder', options, async () => {
  await fillStatusLists(demonstration.home)
  for (const [address, most] of [
    [demonstration.file.card.genuine, 120_000],
    [demonstration.file.shortQr.genuine, 120_000],
    [`${demonstration.file.url}/v`, 150_000],
  ] as [string, number][]) {
    const { context, page } = await openBrowser()
    const session = await context.newCDPSession(page)
    await session.send('Network.enable')
    const addresses = new Map<string, string>()
    const scripts: Promise<number>[] = []
    page.on('response', response => {
      if (/\/assets\/web\/.*\.js$/.test(response.url())) scripts.push(response.body().then(body => gzipSync(body).length))
    })
    let bytes = 0
    let ofList = 0
    session.on('Network.responseReceived', ({ requestId, response }) => addresses.set(requestId, response.url))
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      bytes += encodedDataLength
      if (addresses.get(requestId)?.includes('/status-lists/')) ofList += encodedDataLength
    })
    await page.goto(address)
    const isCard = most === 120_000
    if (isCard) assert.equal((await verdictOf(page)).verdict, 'valid')
    else await page.locator('#offline-box').waitFor()
    const verifier = (await Promise.all(scripts)).reduce((sum, length) => sum + length, 0)
    assert.ok(verifier < 60_000, `the verifier has ${verifier} bytes, gzipped`)
    await page.waitForTimeout(1500)
    console.log(`${address.slice(0, 30)}… ${bytes} bytes, the status list ${ofList}`)
    assert.ok(bytes < most, `${bytes} bytes`)
    // The list was there, as heavy as lists get, and compressed.
    if (isCard) assert.ok(ofList > 24_000 && ofList < 29_000, `${ofList} bytes`)
    await context.close()
  }
})

/** Makes every list as heavy as one gets: half given out, of that 5 % ended and 1 % suspended. What was given out before stays as it is. */
async function fillStatusLists(home: string): Promise<void> {
  const { postgres } = JSON.parse(readFileSync(join(home, 'ports.json'), 'utf8')) as { postgres: number }
  const pool = createPool(`postgres://antin@127.0.0.1:${postgres}/postgres`, { max: 1 })
  try {
    const { rows } = await pool.query<{ number: number; bits: Buffer }>('select number, bits from status_list_bits')
    for (const { number, bits } of rows) {
      for (let idx = 0; idx < bits.length * 4; idx++) {
        if (getStatus(bits, idx) !== status.neverIssued || Math.random() < 0.5) continue
        const drawn = Math.random()
        setStatus(bits, idx, drawn < 0.05 ? status.invalid : drawn < 0.06 ? status.suspended : status.valid)
      }
      await pool.query('update status_list_bits set bits = $2, version = version + 1, changed_at = now() where number = $1', [number, bits])
    }
  } finally {
    await pool.end()
  }
}

test('the verdict stands within 150 ms of the read on a phone four times slower, once evidence is there', options, async () => {
  const { context, page } = await openBrowser()
  await page.goto(demonstration.file.card.genuine)
  await verdictOf(page)
  const session = await context.newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  const times: number[] = []
  for (let i = 0; i < 9; i++) {
    await page.evaluate("location.hash = ''")
    times.push(
      (await page.evaluate(async digits => {
        const { document, MutationObserver, location, performance } = globalThis as unknown as {
          document: { getElementById(id: string): unknown; querySelector(selector: string): unknown }
          MutationObserver: new (listener: () => void) => { observe(node: unknown, options: object): void; disconnect(): void }
          location: { hash: string }
          performance: { now(): number }
        }
        const start = performance.now()
        return new Promise(resolve => {
          const observer = new MutationObserver(() => {
            if (!document.querySelector('[data-verdict=valid]')) return
            observer.disconnect()
            resolve(performance.now() - start)
          })
          observer.observe(document.getElementById('app'), { childList: true, subtree: true })
          location.hash = digits
        })
      }, demonstration.file.card.genuine.split('#')[1]!)) as number,
    )
    await verdictOf(page)
  }
  // The third best: what else the machine does is not the page's time.
  const measured = times.toSorted((a, b) => a - b)[2]!
  console.log(`verdict after ${times.map(Math.round).join(', ')} ms at 4x`)
  assert.ok(measured < 150, `${measured} ms`)
  await context.close()
})

test('a sealed card of another installation is not ours', options, async () => {
  const { context, page } = await openBrowser()
  const stranger = sealedUrl(demonstration.file.url, Buffer.from('d28443a10126a04100', 'hex'))
  await page.goto(stranger)
  assert.equal((await verdictOf(page)).verdict, 'invalid')
  await context.close()
})
