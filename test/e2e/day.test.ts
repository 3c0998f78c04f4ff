import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { cellText } from '../../server/tables/cell.ts'
import { readTable } from '../../server/tables/readTable.ts'
import { noBrowser, openBrowser, verdictOf } from './support/browser.ts'
import { type ConsolePeople, consolePeople, look } from './support/consolePeople.ts'
import { startDemonstration } from './support/demonstration.ts'
import { keepPicture } from './support/pictures.ts'
import { portraitsFor } from './support/portraits.ts'
import { noPoppler, printedCodes } from './support/printedCards.ts'
import { mendWorkbook } from './support/workbook.ts'

const options = { skip: noBrowser ?? noPoppler, timeout: 900_000 }
const vectors = new URL('../vectors/imports/', import.meta.url)
const xlsx = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** The people of the sheet; the last have no photo. */
const people = 1634
const withoutPhoto = 34
/** What a person who has the papers before them types into the red cells. */
const mends: Record<string, string> = {
  '': 'Nguyễn Thị Bổ Sung',
  'Lê <script>alert(1)</script> Anh': 'Lê Thị Anh',
  'G09.99': 'G09.06',
  '31/02/1990': '28/02/1969',
  '00108501234': '048093869355',
  '048093869355': '048093869356',
}
const wait = { timeout: 300_000 }

let demonstration: Awaited<ReturnType<typeof startDemonstration>>
let console: ConsolePeople
let url: string
let photos: Buffer

before(async () => {
  if (options.skip) return
  ;[demonstration, photos] = await Promise.all([
    startDemonstration(),
    sheetPhotos().then(names => portraitsFor(names.slice(0, people - withoutPhoto))),
  ])
  url = demonstration.file.url
  console = consolePeople(demonstration.file)
})
after(async () => {
  await console?.close()
  await demonstration?.stop()
})

/** The file names in the column `anh_file`. */
async function sheetPhotos(): Promise<string[]> {
  const rows: string[][] = []
  for await (const row of readTable(readFileSync(new URL('officers.xlsx', vectors))).rows) rows.push(row.cells.map(cellText))
  const column = rows[0]!.indexOf('anh_file')
  return rows.slice(1).map(row => row[column]!)
}

async function upload(page: Page, name: string, sheet: Uint8Array, archive?: Uint8Array): Promise<void> {
  await page.goto(`${url}/console/imports`)
  await page.setInputFiles('#file', { name, mimeType: xlsx, buffer: Buffer.from(sheet) })
  if (archive) await page.setInputFiles('#photos', { name: 'anh.zip', mimeType: 'application/zip', buffer: Buffer.from(archive) })
  await page.click('button:has-text("Tải lên")')
  await page.waitForSelector(`h1:has-text("${name}")`, wait)
}

/** What somebody's phone says of a printed code. */
async function scan(code: string): Promise<{ verdict: string; words: string; text: string }> {
  const { page, context, errors } = await openBrowser()
  await page.goto(code)
  const { verdict, words } = await verdictOf(page)
  const text = await page.innerText('body')
  assert.deepEqual(errors, [])
  await context.close()
  return { verdict, words, text }
}

test('1,634 people and 1,600 photos: columns guessed, previewed, written', options, async () => {
  const maker = await console.as('maker')
  await look(maker, 'overview-before')
  await maker.goto(`${url}/console/imports`)
  await maker.click('button:has-text("Tải lên")')
  assert.match(await maker.innerText('.govuk-error-summary'), /Hãy chọn tệp bảng tính/)
  await look(maker, 'imports')
  await upload(maker, 'officers.xlsx', readFileSync(new URL('officers.xlsx', vectors)), photos)
  await maker.waitForSelector('progress, .at-tabs')
  await maker.waitForTimeout(1500)
  await keepPicture('import-reading', await maker.screenshot())
  await maker.waitForSelector('.at-tabs', wait)
  await maker.waitForLoadState()
  await look(maker, 'import')
  await maker.click('summary:has-text("Cột nào là gì")')
  assert.equal(await maker.inputValue('#column-so_dinh_danh'), 'so_dinh_danh')
  assert.equal(await maker.inputValue('#column-ngay_sinh'), 'ngay_sinh')
  assert.match(await maker.innerText('main'), new RegExp(`${withoutPhoto}\\s+người thiếu ảnh \\(1\\.600 ảnh đã ghép\\)`))
  await maker.click('main button:text("Nhập 1.583 người")')
  await maker.waitForSelector('text=Đã nhập: 1.583 mới, 0 thay đổi', wait)
  await maker.goto(`${url}/console/officers?without=photo`)
  await look(maker, 'officers-without-photo')
})

test('the faulty sheet: refusals say what to do; mended in their workbook they go in', options, async () => {
  const maker = await console.as('maker')
  const loan = await portraitsFor(['001190846290.jpg'])
  await upload(maker, 'officers-with-faults.xlsx', readFileSync(new URL('officers-with-faults.xlsx', vectors)), loan)
  await maker.waitForSelector('.at-tabs', wait)
  await maker.waitForLoadState()
  assert.equal(await maker.locator('.at-finding--refused').count(), 6)
  await look(maker, 'import-refused')
  const [download] = await Promise.all([maker.waitForEvent('download'), maker.click('text=Tải tệp lỗi')])
  await maker.click('button:has-text("dòng tốt, bỏ 6 dòng lỗi")')
  await maker.waitForSelector('text=Đã nhập:', wait)

  const red: string[] = []
  const mended = mendWorkbook(readFileSync(await download.path()), (header, text) => {
    red.push(`${header}: ${text}`)
    return mends[text]!
  })
  assert.deepEqual(red.sort(), [
    'ho_ten: ',
    'ho_ten: Lê <script>alert(1)</script> Anh',
    'ma_don_vi: G09.99',
    'ngay_sinh: 31/02/1990',
    'so_dinh_danh: 00108501234',
    'so_dinh_danh: 048093869355',
  ])
  await upload(maker, 'loi-nhap.xlsx', mended)
  await maker.waitForSelector('.at-tabs', wait)
  await maker.waitForLoadState()
  assert.match(await maker.innerText('.at-tiles'), /\b0\s+dòng bị từ chối/)
  await look(maker, 'import-mended')
  await maker.click('main button:text-matches("^Nhập \\\\d+ người")')
  await maker.waitForSelector('text=Đã nhập:', wait)
})

test('review, request: who has no photo is named; approved by another, exceptions first; 1,601 cards', options, async () => {
  const maker = await console.as('maker')
  await maker.goto(`${url}/console/review`)
  await look(maker, 'review')
  await maker.click('a:has-text("Mở phiếu") >> nth=0')
  await maker.waitForSelector('text=Phiếu rà soát:')
  await look(maker, 'review-sheet')
  await maker.goto(`${url}/console/review`)
  await maker.click('text=Trình tất cả người chưa có thẻ')
  await maker.waitForSelector(`text=${withoutPhoto + 1} người bỏ lại`, wait)
  await maker.waitForLoadState()
  assert.equal(await maker.locator('td:has-text("Chưa có ảnh")').count(), withoutPhoto + 1)
  await look(maker, 'request-made')
  await maker.click('text=Xem yêu cầu')
  await maker.waitForSelector('text=Bạn là người trình')

  const approver = await console.as('approver')
  await approver.goto(maker.url())
  const held = Number(/Cần xem trước: (\d+) mục/.exec(await approver.innerText('main'))?.[1])
  assert.equal(held, 3, 'a second card, and two people whose data contradict each other')
  assert.equal(await approver.locator('.at-idcard').count(), 10, 'ten cards enlarged')
  await look(approver, 'request')
  await approver.click(`button:has-text("không cảnh báo, giữ lại ${held}")`)
  await keepPicture('request-working', await approver.screenshot())
  await approver.waitForSelector('text=/Đã thực hiện 1\\.5\\d\\d mục, 0 mục không/', wait)
  await look(approver, 'request-done')
  await approver.goto(`${url}/console/requests`)
  await approver.click('tbody a:has-text("Cấp thẻ lần đầu") >> nth=0')
  await approver.click(`button:has-text("Duyệt tất cả ${held}")`)
  await approver.waitForSelector(`text=Đã thực hiện ${held} mục, 0 mục không`, wait)
  await maker.goto(`${url}/console`)
  // On a slow machine counts are kept for some seconds.
  for (let tries = 0; tries < 200 && !/1\.601/.test(await maker.innerText('main')); tries++) {
    await maker.waitForTimeout(1000)
    await maker.reload()
  }
  assert.match(await maker.innerText('main'), /1\.601\s+thẻ đang hiệu lực/)
  assert.match(await maker.innerText('main'), /1\.636\s+người trong hồ sơ/)
  await look(maker, 'overview')
})

test('ten printed, scanned from the plastic and delivered; suspended, resumed, revoked', options, async () => {
  const printer = await console.as('printer')
  await printer.goto(`${url}/console/print`)
  await look(printer, 'print')
  const boxes = printer.locator('tbody input[type=checkbox]')
  await boxes.nth(0).click()
  await boxes.nth(9).click({ modifiers: ['Shift'] })
  assert.equal(await printer.innerText('[data-count]'), 'Đã chọn 10')
  await printer.click('button:has-text("In thẻ đã chọn")')
  await printer.waitForSelector('text=Đã lập lô in 10 thẻ')
  await printer.waitForLoadState()
  const serials = await printer.locator('tbody a.at-mono').allInnerTexts()
  const [pdf] = await Promise.all([printer.waitForEvent('download'), printer.click('text=Tải tệp in')])
  const codes = await printedCodes(await pdf.path())
  assert.deepEqual(
    codes.map(texts => texts.map(text => text.slice(url.length, url.length + 3))),
    serials.flatMap(() => [['/t/'], ['/v#']]),
    'a short code in front, a sealed one on the back',
  )
  const backOf = (at: number) => codes[2 * at + 1]![0]!
  const first = await scan(backOf(0))
  assert.equal(first.verdict, 'valid')
  assert.ok(first.text.includes(serials[0]!))
  assert.equal((await scan(codes[0]![0]!)).verdict, 'valid')

  await printer.fill('.at-blank >> nth=0', 'PH-0001')
  await printer.click('button:has-text("Điền tiếp số phôi")')
  assert.equal(await printer.inputValue('.at-blank >> nth=9'), 'PH-0010')
  assert.equal(await printer.innerText('[data-count]'), 'Đã chọn 10')
  await printer.click('button:has-text("Đã in xong")')
  await printer.waitForSelector('text=Đã ghi 10 phôi')
  await look(printer, 'print-job')
  await printer.click('text=Danh sách ký nhận')
  await printer.waitForSelector('text=Danh sách ký nhận thẻ')
  await look(printer, 'print-delivery')
  await printer.goBack()
  await printer.check('[data-all]')
  await printer.click('button:has-text("Đã giao")')
  await printer.locator('tbody >> text="Đã giao"').nth(9).waitFor()
  assert.equal(await printer.locator('tbody >> text="Đã giao"').count(), 10)

  const maker = await console.as('maker')
  const approver = await console.as('approver')
  await maker.goto(`${url}/console/cards?state=active`)
  await look(maker, 'cards')
  await maker.goto(`${url}/console/cards/${serials[0]}`)
  await maker.click('.at-title__actions button:has-text("Tạm khóa")')
  await maker.click('main button[type=submit]:has-text("Tạm khóa")')
  assert.match(await maker.innerText('.govuk-error-summary'), /Hãy chọn lý do/)
  await look(maker, 'card-suspend')
  await maker.check('input[value=MAT_THE]')
  await maker.fill('#reason', 'Báo mất ngày 20/11')
  await maker.click('main button[type=submit]:has-text("Tạm khóa")')
  await maker.waitForSelector('text=Đã tạm khóa thẻ')
  const suspended = await scan(backOf(0))
  assert.equal(suspended.verdict, 'invalid')
  assert.match(suspended.words, /tạm khóa/i)

  await twoPeople(maker, approver, serials[0]!, 'Mở khóa', 'KHAC')
  assert.equal((await scan(backOf(0))).verdict, 'valid')
  await maker.goto(`${url}/console/cards/${serials[0]}`)
  await look(maker, 'card')

  await twoPeople(maker, approver, serials[1]!, 'Thu hồi', 'THOI_VIEC')
  const revoked = await scan(backOf(1))
  assert.equal(revoked.verdict, 'invalid')
  const holder = /(?<name>\S+ \S+)$/.exec(await nameOn(maker, serials[1]!))!.groups!.name!
  assert.ok(!revoked.text.includes(holder), 'an ended card tells nothing about the person')
})

async function twoPeople(maker: Page, approver: Page, serial: string, action: string, reasonCode: string): Promise<void> {
  await maker.goto(`${url}/console/cards/${serial}`)
  await maker.click(`.at-title__actions button:has-text("${action}")`)
  await maker.check(`input[value=${reasonCode}]`)
  await maker.fill('#reason', 'Theo quyết định của Vụ trưởng')
  await maker.click('main button[type=submit]:has-text("Trình ")')
  await maker.waitForSelector('text=chờ người khác duyệt')
  await approver.goto(maker.url())
  await approver.click('button:has-text("Duyệt tất cả 1")')
  await approver.waitForSelector('text=Đã thực hiện 1 mục, 0 mục không', wait)
}

async function nameOn(page: Page, serial: string): Promise<string> {
  await page.goto(`${url}/console/cards/${serial}`)
  return page.innerText('dd a[href^="/console/officers/"]')
}

test('the holder sees the card; the audit tells the day', options, async () => {
  const holder = await console.as('holder')
  await holder.goto(`${url}/console/me`)
  assert.match(await holder.innerText('main'), /Hiệu lực/)
  const auditor = await console.as('auditor')
  await auditor.goto(`${url}/console/audit`)
  await look(auditor, 'audit')
  const [csv] = await Promise.all([auditor.waitForEvent('download'), auditor.click('text=Xuất CSV')])
  const text = readFileSync(await csv.path(), 'utf8')
  const told = ['import.committed', 'request.made', 'request.approved', 'print.delivered', 'card.suspended', 'card.ended']
  assert.deepEqual(
    told.filter(action => !text.includes(action)),
    [],
  )
  await auditor.selectOption('#action', 'import')
  await auditor.click('main button:has-text("Lọc")')
  await auditor.click('tbody a:has-text("Lần nhập") >> nth=0')
  await auditor.waitForSelector('.at-tiles')
  await auditor.waitForLoadState()
  assert.equal(await auditor.locator('main form').count(), 0, 'an auditor looks and changes nothing')
})

test('no page made its script or its content security policy complain', options, () => {
  assert.deepEqual(console.complaints(), [])
})
