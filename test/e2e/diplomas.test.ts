import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, test } from 'node:test'
import { PDFDocument } from '@cantoo/pdf-lib'
import { strToU8, zipSync } from 'fflate'
import sharp from 'sharp'
import { closeBrowsers, noBrowser, openBrowser } from './support/browser.ts'
import { sightOf } from './support/camera.ts'
import { startDemonstration } from './support/demonstration.ts'

let demonstration: Awaited<ReturnType<typeof startDemonstration>>
before(async () => {
  if (!noBrowser) demonstration = await startDemonstration()
})
afterEach(closeBrowsers)
after(() => demonstration?.stop())
const options = { skip: noBrowser, timeout: 600_000 }

/** A PDF as a scanner makes it: one page that is one JPEG. */
async function scannedPdf(jpeg: Buffer): Promise<Buffer> {
  const { width, height } = await sharp(jpeg).metadata()
  const content = `q ${width} 0 0 ${height} 0 0 cm /I Do Q`
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    `<</Type/Page/Parent 2 0 R/MediaBox[0 0 ${width} ${height}]/Resources<</XObject<</I 4 0 R>>>>/Contents 5 0 R>>`,
    Buffer.concat([
      Buffer.from(
        `<</Type/XObject/Subtype/Image/Width ${width}/Height ${height}/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode/Length ${jpeg.length}>>stream\n`,
      ),
      jpeg,
      Buffer.from('\nendstream'),
    ]),
    `<</Length ${content.length}>>stream\n${content}\nendstream`,
  ]
  const parts = [Buffer.from('%PDF-1.4\n')]
  const offsets: number[] = []
  for (const [i, object] of objects.entries()) {
    offsets.push(parts.reduce((sum, part) => sum + part.length, 0))
    parts.push(Buffer.from(`${i + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n'))
  }
  const start = parts.reduce((sum, part) => sum + part.length, 0)
  const table = offsets.map(offset => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  parts.push(Buffer.from(`xref\n0 6\n0000000000 65535 f \n${table}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n${start}\n%%EOF\n`))
  return Buffer.concat(parts)
}

/** A PDF as a printer driver makes it of a picture: its pixels in FlateDecode. */
async function printedPdf(picture: Buffer): Promise<Buffer> {
  const document = await PDFDocument.create()
  document.addPage().drawImage(await document.embedPng(new Uint8Array(await sharp(picture).png().toBuffer())))
  return Buffer.from(await document.save())
}

test('files dropped together get their words, and no file leaves the browser', options, async () => {
  const { url, diploma, card } = demonstration.file
  const { context, page, errors } = await openBrowser({ width: 900 })
  const sent: number[] = []
  page.on('request', request => sent.push(request.postDataBuffer()?.length ?? 0))
  await page.goto(`${url}/diplomas/verify`)
  const jpeg = await sightOf(diploma.genuine, { size: 600 })
  await page.setInputFiles('#files', [
    { name: 'anh-chup.jpg', mimeType: 'image/jpeg', buffer: jpeg },
    { name: 'ban-quet.pdf', mimeType: 'application/pdf', buffer: await scannedPdf(jpeg) },
    { name: 'in-ra.pdf', mimeType: 'application/pdf', buffer: await printedPdf(jpeg) },
    { name: 'sua.jpg', mimeType: 'image/jpeg', buffer: await sightOf(diploma.tampered, { size: 600 }) },
    {
      name: 'mo.jpg',
      mimeType: 'image/jpeg',
      buffer: await sharp({ create: { width: 500, height: 400, channels: 3, background: '#eee' } })
        .jpeg()
        .toBuffer(),
    },
    {
      name: 'iphone.heic',
      mimeType: 'image/heic',
      buffer: Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic'), Buffer.alloc(4000)]),
    },
    { name: 'thu.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') },
    { name: 'the.jpg', mimeType: 'image/jpeg', buffer: await sightOf(card.genuine, { size: 600 }) },
  ])
  await page.locator('#results [data-outcome]').nth(7).waitFor()
  assert.match(
    String(await page.locator('#results [role=status]').textContent()),
    /^8 tệp: Văn bằng có thật, tệp là bản chụp: 3, Không hợp lệ: 1,/,
  )
  const outcomes = await page.locator('#results article').evaluateAll(articles =>
    articles.map(article => {
      const { dataset, textContent } = article as unknown as { dataset: { outcome: string }; textContent: string }
      return [/[\w-]+\.(jpg|pdf|heic|txt)/.exec(textContent)?.[0], dataset.outcome]
    }),
  )
  // In the order in which they were chosen.
  assert.deepEqual(outcomes, [
    ['anh-chup.jpg', 'copy'],
    ['ban-quet.pdf', 'copy'],
    ['in-ra.pdf', 'copy'],
    ['sua.jpg', 'forged'],
    ['mo.jpg', 'unreadable'],
    ['iphone.heic', 'unreadable'],
    ['thu.txt', 'unreadable'],
    ['the.jpg', 'card'],
  ])
  assert.match(String(await page.locator('article', { hasText: 'anh-chup.jpg' }).textContent()), /Văn bằng này có thật; tệp là bản chụp/)
  assert.match(String(await page.locator('article', { hasText: 'the.jpg' }).textContent()), /Đây là thẻ, không phải văn bằng.*máy ảnh/s)
  assert.match(String(await page.locator('article', { hasText: 'iphone.heic' }).textContent()), /HEIC/)
  assert.ok(Math.max(...sent) < 5000, 'only digests and credentials are sent')
  assert.deepEqual(errors, [])
  await context.close()
})

test('a file that was chosen before the page’s script came is checked all the same', options, async () => {
  const { url, diploma } = demonstration.file
  const { context, page } = await openBrowser()
  await context.route(/\/diplomas-\w+\.js$/, async route => {
    await new Promise(resolve => setTimeout(resolve, 3000))
    await route.continue()
  })
  await page.goto(`${url}/diplomas/verify`, { waitUntil: 'commit' })
  await page.setInputFiles('#file', { name: 'anh.jpg', mimeType: 'image/jpeg', buffer: await sightOf(diploma.genuine, { size: 600 }) })
  await page.locator('#results [data-outcome=copy]').waitFor()
  await context.close()
})

test('a folder of files waits when the server has had enough of it, and misses nothing', options, async () => {
  const { url, diploma } = demonstration.file
  const { context, page } = await openBrowser({ width: 900 })
  let refused = 0
  await context.route(/\/by-document\//, route =>
    refused++ < 2 ? route.fulfill({ status: 429, headers: { 'retry-after': '5' } }) : route.continue(),
  )
  await page.goto(`${url}/diplomas/verify`)
  const buffer = await sightOf(diploma.genuine, { size: 600 })
  const blank = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#eee' } })
    .png()
    .toBuffer()
  await page.setInputFiles('#files', [
    { name: 'trang.png', mimeType: 'image/png', buffer: blank },
    { name: 'anh.jpg', mimeType: 'image/jpeg', buffer },
  ])
  await page.locator('#results', { hasText: 'trang tự làm tiếp sau 5 giây' }).waitFor()
  await page.locator('#results [data-outcome]').nth(1).waitFor()
  assert.ok(refused > 2)
  assert.deepEqual(
    await page
      .locator('#results article')
      .evaluateAll(all => all.map(each => (each as unknown as { dataset: { outcome: string } }).dataset.outcome)),
    ['unreadable', 'copy'],
  )
  await context.close()
})

test('typed numbers say what matches, with and without JavaScript', options, async () => {
  const { url, diploma } = demonstration.file
  for (const javaScript of [true, false]) {
    const { context, page } = await openBrowser({ width: 900, javaScript })
    await page.goto(`${url}/diplomas/verify`)
    await page.fill('#agency', diploma.agency)
    await page.fill('#soHieu', diploma.soHieu)
    await page.fill('#ngaySinh', diploma.ngaySinh.split('-').reverse().join('/'))
    await page.locator('#typed button[type=submit]').click()
    await page.locator('[data-outcome=match]').waitFor()
    assert.match(String(await page.locator('[data-outcome=match]').textContent()), /Khớp[\s\S]*đang có giá trị/)
    await page.fill('#ngaySinh', '01/01/1900')
    await page.locator('#typed button[type=submit]').click()
    await page.locator('[data-outcome=absent]').first().waitFor()
    assert.match(String(await page.locator('[data-outcome=absent]').first().textContent()), /Chưa có không có nghĩa là giả/)
    // What was typed wrongly is not called missing.
    await page.fill('#ngaySinh', 'tháng ba')
    await page.locator('#typed button[type=submit]').click()
    await page.locator(javaScript ? '#results' : '#typed-error', { hasText: 'ngày sinh ghi như 31/03/1990' }).waitFor()
    await context.close()
  }
})

test('a list is checked line by line, with a result sheet that verifies', options, async () => {
  const { url, diploma } = demonstration.file
  const { context, page } = await openBrowser({ width: 1000 })
  await page.goto(`${url}/diplomas/verify/list`)
  let asked = 0
  page.on('request', request => {
    if (request.method() === 'POST') asked++
  })
  await page.fill('#rows', `ma_don_vi,so_hieu,ngay_sinh\n${'G09,X-1,1990\n'.repeat(51)}`)
  await page.click('#list-form button')
  await page.locator('#list-error', { hasText: 'hơn 50 dòng cần đăng nhập' }).waitFor()
  await page.fill('#rows', '')
  assert.equal(await page.locator('#list-error a').getAttribute('href'), '/signin?return=/diplomas/verify/list')
  assert.equal(asked, 0)
  // As ClosedXML writes it, with a prefix on every element.
  const cells = (row: number, values: readonly string[]) =>
    `<x:row r="${row}">${values.map((value, i) => `<x:c r="${'ABC'[i]}${row}" t="inlineStr"><x:is><x:t>${value}</x:t></x:is></x:c>`).join('')}</x:row>`
  const sheetRows = [['ma_don_vi', 'so_hieu', 'ngay_sinh'], ...Array.from({ length: 51 }, () => ['G09', 'X-1', '1990'])].map((row, i) =>
    cells(i + 1, row),
  )
  const xml = `<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>${sheetRows.join('')}</x:sheetData></x:worksheet>`
  await page.setInputFiles('#sheet', {
    name: 'danh-sach.xlsx',
    mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    buffer: Buffer.from(zipSync({ 'xl/worksheets/sheet1.xml': strToU8(xml) })),
  })
  await page.click('#list-form button')
  await page.locator('#list-error', { hasText: 'hơn 50 dòng cần đăng nhập' }).waitFor()
  await page.setInputFiles('#sheet', [])
  const rows = [
    ['Họ tên', 'Mã đơn vị', 'Số hiệu', 'Ngày sinh', 'Tệp'],
    ['Người Thứ Nhất', diploma.agency, diploma.soHieu, diploma.ngaySinh, ''],
    ['Người Thứ Hai', diploma.agency, 'KHONG-CO-123', '01/02/1980', ''],
    ['Người Thứ Ba', '', '', '', 'scan.jpg'],
    ['', diploma.agency, diploma.soHieu, diploma.ngaySinh, 'khac.txt'],
  ]
  await page.fill('#rows', rows.map(row => row.join('\t')).join('\n'))
  await page.setInputFiles('#list-files', [
    { name: 'scan.jpg', mimeType: 'image/jpeg', buffer: await sightOf(diploma.genuine, { size: 600 }) },
    { name: 'khac.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') },
  ])
  await page.fill('#checked-by', 'Phòng Tổ chức')
  const answered = page.waitForResponse(/\/api\/result-sheets$/)
  await page.click('#list-form button')
  const sheet = (await (await answered).json()) as { statement: object; signature: string; rows: object[] }
  await page.locator('#list-rows tr').nth(3).waitFor()
  // The names of the first and third line are not the holder's; the file of the last is not the registered one.
  assert.deepEqual(
    await page
      .locator('#list-rows tr')
      .evaluateAll(all => all.map(row => (row as unknown as { dataset: { outcome: string } }).dataset.outcome)),
    ['partial', 'absent', 'partial', 'copy'],
  )
  for (const at of [0, 2]) assert.match(String(await page.locator('#list-rows tr').nth(at).textContent()), /Không khớp: họ tên/)
  const [pdf] = await Promise.all([page.waitForEvent('download'), page.click('#list-pdf')])
  assert.equal(
    readFileSync((await pdf.path())!)
      .subarray(0, 5)
      .toString(),
    '%PDF-',
  )
  const [xlsx] = await Promise.all([page.waitForEvent('download'), page.click('#list-xlsx')])
  assert.equal(
    readFileSync((await xlsx.path())!)
      .subarray(0, 2)
      .toString(),
    'PK',
  )
  const check = async (body: object) =>
    (await (
      await fetch(`${url}/api/result-sheets/verify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    ).json()) as { valid: boolean }
  const { statement, signature } = sheet
  assert.deepEqual(await check({ statement, signature, rows: sheet.rows }), { valid: true })
  assert.deepEqual(await check({ statement: { ...statement, checkedBy: 'Người khác' }, signature }), { valid: false })
  assert.deepEqual(await check({ statement, signature, rows: sheet.rows.slice(1) }), { valid: false })
  await context.close()
})

test('the issuer’s own PDF matches by its seal and signature; changed or added to, it does not', options, async () => {
  const { url, diploma, signIns } = demonstration.file
  const { username, password } = signIns.find(each => each.role === 'maker')!
  const { context, page } = await openBrowser({ width: 900 })
  await page.goto(`${url}/signin?return=/console`)
  await page.fill('#username', username)
  await page.fill('#password', password)
  await page.click('button[type=submit]')
  await page.waitForURL(({ pathname }) => pathname.startsWith('/console'))
  const pdf = await (await context.request.get(`${url}/api/diplomas/${diploma.ref}/diploma.pdf`)).body()
  const changed = Buffer.from(pdf)
  changed[Math.floor(pdf.length / 3)]! ^= 1
  await page.goto(`${url}/diplomas/verify`)
  await page.setInputFiles('#files', [
    { name: 'goc.pdf', mimeType: 'application/pdf', buffer: pdf },
    { name: 'sua.pdf', mimeType: 'application/pdf', buffer: changed },
    { name: 'them.pdf', mimeType: 'application/pdf', buffer: Buffer.concat([pdf, Buffer.from('\n% thêm\n')]) },
  ])
  await page.locator('#results [data-outcome]').nth(2).waitFor()
  const outcomeOf = (name: string) => page.locator('#results article', { hasText: name }).getAttribute('data-outcome')
  assert.equal(await outcomeOf('goc.pdf'), 'match')
  assert.equal(await outcomeOf('sua.pdf'), 'forged')
  assert.notEqual(await outcomeOf('them.pdf'), 'match')
  assert.match(String(await page.locator('#results article', { hasText: 'goc.pdf' }).textContent()), /chữ ký của cơ quan cấp/)

  // Where what reads signatures and pictures cannot be loaded, nothing is said against a file.
  const { context: away, page: phone } = await openBrowser()
  // It would have the parts in store.
  await away.addInitScript('delete Navigator.prototype.serviceWorker')
  await phone.goto(`${url}/diplomas/verify`)
  await phone.locator('#drop').waitFor()
  await away.route(/\.(js|wasm)$/, route => route.abort())
  const scan = await sightOf(demonstration.file.card.genuine)
  await phone.setInputFiles('#files', [
    { name: 'goc.pdf', mimeType: 'application/pdf', buffer: pdf },
    { name: 'chup.jpg', mimeType: 'image/jpeg', buffer: scan },
  ])
  await phone.locator('#results [data-outcome]').nth(1).waitFor()
  const said = await phone.locator('#results [data-outcome]').evaluateAll(all => all.map(one => one.getAttribute('data-outcome')))
  assert.deepEqual(said, ['undetermined', 'undetermined'])
  assert.match(String(await phone.textContent('#results')), /không có mạng/)
  await away.close()
  await context.close()
})
