import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { strToU8, zipSync } from 'fflate'
import type { BrowserContext, Page } from 'playwright-core'
import sharp from 'sharp'
import { createPool } from '../../server/db/pool.ts'
import { noBrowser, openBrowser } from './support/browser.ts'
import { startDemonstration } from './support/demonstration.ts'

const options = { skip: noBrowser, timeout: 300_000 }
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const artifacts = join(import.meta.dirname, 'artifacts')
const people = 24
const withoutPhoto = 2

let demonstration: Awaited<ReturnType<typeof startDemonstration>>
let url: string
const contexts: BrowserContext[] = []
const pages = new Map<string, { page: Page; errors: string[] }>()

before(async () => {
  if (noBrowser) return
  mkdirSync(artifacts, { recursive: true })
  demonstration = await startDemonstration()
  url = demonstration.file.url
})
after(async () => {
  for (const context of contexts) await context.close()
  await demonstration?.stop()
})

/** The page of a person signed in with this role, wide as a desk's screen. */
async function as(role: string): Promise<Page> {
  const known = pages.get(role)
  if (known) return known.page
  const { username, password } = demonstration.file.signIns.find(one => one.username === role)!
  const { context, page, errors } = await openBrowser({ width: 1280 })
  contexts.push(context)
  await page.goto(`${url}/signin?return=/console`)
  await page.fill('#username', username)
  await page.fill('#password', password)
  await page.click('button[type=submit]')
  await page.waitForURL(/\/console/)
  pages.set(role, { page, errors })
  return page
}

/** Pictures the page, and lets axe look at it. */
async function look(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(artifacts, `console-${name}.png`) })
  assert.deepEqual(
    await page.evaluate('document.body.innerText.match(/\\[[a-z][\\w-]*\\.[\\w.-]+\\]/g) ?? []'),
    [],
    `${name}: a text is missing`,
  )
  // The policy forbids scripts that are not ours; the checker is let in by the debugger.
  await page.evaluate(axe)
  const found = (await page.evaluate(
    "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).slice(0, 3).join(' | ')))",
  )) as string[]
  assert.deepEqual(found, [], name)
}

const sheetOf = (rows: string[]) =>
  strToU8(`so_dinh_danh,ho_ten,ngay_sinh,gioi_tinh,ma_don_vi,loai,chuc_vu,chuc_danh\n${rows.join('\n')}\n`)
const numberOf = (at: number) => `0011850${String(20_000 + at)}`
const rowOf = (at: number, birth = '15/03/1985') =>
  `${numberOf(at)},Trịnh Thị Số ${['Một', 'Hai', 'Ba', 'Tư'][at % 4]} ${String.fromCharCode(65 + at)},${birth},Nữ,G09.0${1 + (at % 3)},CC,Chuyên viên,`

async function photosOf(count: number): Promise<Uint8Array> {
  const files: Record<string, Uint8Array> = {}
  for (let at = 0; at < count; at++) {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="360" height="480"><rect width="360" height="480" fill="hsl(${at * 15},35%,80%)"/><circle cx="180" cy="190" r="90" fill="#d8a878"/><rect x="60" y="300" width="240" height="180" fill="#445"/></svg>`
    files[`${numberOf(at)}.jpg`] = await sharp(Buffer.from(svg)).jpeg().toBuffer()
  }
  return zipSync(files)
}

async function upload(page: Page, rows: string[], photos?: Uint8Array): Promise<void> {
  await page.goto(`${url}/console/imports`)
  await page.setInputFiles('#file', { name: 'can-bo.csv', mimeType: 'text/csv', buffer: Buffer.from(sheetOf(rows)) })
  if (photos) await page.setInputFiles('#photos', { name: 'anh.zip', mimeType: 'application/zip', buffer: Buffer.from(photos) })
  await page.click('button:has-text("Tải lên")')
  await page.waitForSelector('.at-tabs, .at-flash--error', { timeout: 60_000 })
}

test('a day of work: import, mend, request, approve, print ten, suspend one, revoke one', options, async () => {
  const maker = await as('maker')
  await look(maker, 'overview')
  await maker.goto(`${url}/console/imports`)
  await maker.click('button:has-text("Tải lên")')
  assert.match(await maker.innerText('.govuk-error-summary'), /Hãy chọn tệp bảng tính/)
  await look(maker, 'imports')

  const rows = Array.from({ length: people }, (_, at) => rowOf(at))
  await upload(maker, rows.with(5, rowOf(5, '31/02/1985')), await photosOf(people - withoutPhoto))
  assert.match(await maker.innerText('.at-finding--refused'), /31\/02\/1985/)
  await look(maker, 'import-refused')
  const [mend] = await Promise.all([maker.waitForEvent('download'), maker.click('text=Tải tệp lỗi')])
  assert.match(mend.suggestedFilename(), /\.xlsx$/)
  await maker.click('button:has-text("Hủy lần nhập")')
  await maker.waitForSelector('text=Không có gì được ghi')

  await upload(maker, rows, await photosOf(people - withoutPhoto))
  await look(maker, 'import')
  await maker.click(`button:has-text("Nhập ${people} người")`)
  await maker.waitForSelector(`text=Đã nhập: ${people} mới`, { timeout: 60_000 })

  await maker.goto(`${url}/console/review`)
  await look(maker, 'review')
  await maker.click('a:has-text("Mở phiếu") >> nth=0')
  await maker.waitForSelector('text=Phiếu rà soát:')
  await look(maker, 'review-sheet')
  await maker.goto(`${url}/console/review`)
  await maker.click('text=Trình tất cả người chưa có thẻ')
  await maker.waitForSelector('text=Chưa có ảnh')
  await look(maker, 'request-made')
  await maker.click('text=Xem yêu cầu')
  await maker.waitForSelector('text=Bạn là người trình')
  const request = maker.url()

  const approver = await as('approver')
  await approver.goto(request)
  assert.match(await approver.innerText('main'), /Cần xem trước: 1 mục có cảnh báo/)
  assert.ok((await approver.locator('.at-idcard').count()) === 10, 'ten cards enlarged')
  await look(approver, 'request')
  await approver.click('button:has-text("không cảnh báo, giữ lại 1")')
  await approver.waitForSelector('text=Đã thực hiện', { timeout: 60_000 })
  await look(approver, 'request-done')

  const printer = await as('printer')
  await printer.goto(`${url}/console/print`)
  await look(printer, 'print')
  const boxes = printer.locator('tbody input[type=checkbox]')
  await boxes.nth(0).click()
  await boxes.nth(9).click({ modifiers: ['Shift'] })
  assert.equal(await printer.innerText('[data-count]'), 'Đã chọn 10')
  await printer.click('button:has-text("In thẻ đã chọn")')
  await printer.waitForSelector('text=Đã lập lô in 10 thẻ')
  const [pdf] = await Promise.all([printer.waitForEvent('download'), printer.click('text=Tải tệp in')])
  assert.match(pdf.suggestedFilename(), /\.pdf$/)
  await printer.fill('.at-blank >> nth=0', 'PH-0001')
  await printer.check('[data-all]')
  await printer.click('button:has-text("Đã in xong")')
  await printer.waitForSelector('text=Đã ghi 10 phôi')
  assert.match(await printer.innerText('tbody'), /PH-0001/)
  await look(printer, 'print-job')
  await printer.click('text=Danh sách ký nhận')
  await printer.waitForSelector('text=Danh sách ký nhận thẻ')
  await look(printer, 'print-delivery')

  await maker.goto(`${url}/console/cards?state=active`)
  await look(maker, 'cards')
  const [first, second] = (await maker.locator('tbody th a').allInnerTexts()) as [string, string]
  await maker.check(`input[value="${first}"]`)
  await maker.click('.at-bulk button:has-text("Tạm khóa")')
  await maker.click('main button[type=submit]:has-text("Tạm khóa")')
  assert.match(await maker.innerText('.govuk-error-summary'), /Hãy chọn lý do/)
  await look(maker, 'card-suspend')
  await maker.check('input[value=MAT_THE]')
  await maker.fill('#reason', 'Báo mất ngày 20/11')
  await maker.click('main button[type=submit]:has-text("Tạm khóa")')
  await maker.waitForSelector('text=Đã tạm khóa thẻ')
  assert.match(await maker.innerText('main'), new RegExp(`${first}[\\s\\S]*Tạm khóa`))
  await look(maker, 'card')

  await maker.goto(`${url}/console/cards/${second}`)
  await maker.click('.at-title__actions button:has-text("Thu hồi")')
  await maker.check('input[value=THOI_VIEC]')
  await maker.click('main button[type=submit]:has-text("Trình thu hồi thẻ của")')
  await maker.waitForSelector('text=chờ người khác duyệt')
  await approver.goto(maker.url())
  await approver.click('button:has-text("Duyệt tất cả 1")')
  await approver.waitForSelector('text=Đã thực hiện 1 mục', { timeout: 60_000 })
  await maker.goto(`${url}/console/cards/${second}`)
  assert.match(await maker.innerText('main'), /Tình trạng\s+Thu hồi/)
})

test('a diploma: nothing is lost on a failed form; registered, its minutes, corrected, revoked by two people', options, async () => {
  const maker = await as('maker')
  const approver = await as('approver')
  await maker.goto(`${url}/console/diplomas/register`)
  await maker.fill('#holderName', 'Lê Thị Mẫu')
  await maker.fill('#title', 'Bằng cử nhân')
  await maker.fill('#awarded', '31-31-2020')
  await maker.click('button:has-text("Trình đăng ký")')
  assert.match(await maker.innerText('.govuk-error-summary'), /Cần số hiệu[\s\S]*Ghi ngày\/tháng\/năm/)
  assert.equal(await maker.inputValue('#holderName'), 'Lê Thị Mẫu')
  await look(maker, 'diploma-register')
  await maker.fill('#number', 'E2E-0001')
  await maker.fill('#awarded', '30/06/2020')
  await maker.setInputFiles('#document-file', { name: 'bang.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 thử') })
  await maker.waitForFunction("document.querySelector('#document').value.length === 64")
  await maker.click('button:has-text("Trình đăng ký")')
  await maker.waitForSelector('text=Đã trình đăng ký')
  await approver.goto(maker.url())
  await look(approver, 'request-diploma')
  await approver.click('button:has-text("Duyệt tất cả 1")')
  await approver.waitForSelector('text=Đã thực hiện 1 mục', { timeout: 60_000 })
  await approver.click('a:has-text("Biên bản số hóa")')
  await approver.waitForSelector('text=Sổ công khai')
  await look(approver, 'diploma-minutes')

  await maker.goto(`${url}/console/diplomas`)
  await maker.keyboard.press('/')
  await maker.keyboard.type('le thi mau')
  await maker.keyboard.press('Enter')
  await maker.waitForSelector('tbody >> text=E2E-0001')
  assert.ok(!maker.url().includes('mau'), 'what is searched for stays out of the address')
  await look(maker, 'diplomas')
  await maker.click('tbody th a')
  await look(maker, 'diploma')
  await maker.click('a:has-text("Chỉnh sửa")')
  await maker.fill('#holderName', 'Lê Thị Mẫu Mới')
  await maker.click('button:has-text("Trình đăng ký")')
  assert.match(await maker.innerText('.govuk-error-summary'), /số và ngày quyết định/)
  await look(maker, 'diploma-correct')
  await maker.fill('#decision', '12/QĐ-HV ngày 01/11/2026')
  await maker.click('button:has-text("Trình đăng ký")')
  await maker.waitForSelector('text=Đã trình chỉnh sửa')
  assert.match(await maker.innerText('.at-finding'), /Người được cấp: Lê Thị Mẫu → Lê Thị Mẫu Mới/)
  await look(maker, 'request-correction')
  await maker.click('button:has-text("Rút lại yêu cầu")')
  await maker.waitForSelector('text=Đã rút lại')
  await look(maker, 'requests')
})

test('keys change when two administrators agree; the other pages of administration', options, async () => {
  const admin = await as('admin')
  for (const [path, name] of [
    ['/console/agencies', 'agencies'],
    ['/console/agencies/new', 'agency-new'],
    ['/console/agencies/G09.22', 'agency'],
    ['/console/staff', 'staff'],
    ['/console/audit', 'audit'],
    ['/console/keys', 'keys'],
  ] as const) {
    await admin.goto(url + path)
    await look(admin, name)
  }
  await admin.click('tbody th a >> nth=0')
  await admin.fill('#logSize', '3')
  await admin.click('button:has-text("Xem ảnh hưởng")')
  await admin.waitForSelector('text=sẽ mất bảo đảm')
  await look(admin, 'key')
  await admin.goto(`${url}/console/keys/new`)
  await admin.check('input[value=diploma]')
  await look(admin, 'key-new')
  await admin.click('button:has-text("Trình quản trị viên")')
  await admin.waitForSelector('text=Bạn là người trình')
  const second = await as('admin2')
  await second.goto(admin.url())
  await look(second, 'request-key')
  await second.click('button:has-text("Duyệt tất cả 1")')
  await second.waitForSelector('text=Đã thực hiện 1 mục', { timeout: 60_000 })
  await second.goto(`${url}/console/keys`)
  assert.match(await second.innerText('tbody'), /Chờ công bố/)
})

test('a holder sees their own card and reports it lost; an auditor sees all and changes nothing', options, async () => {
  const holder = await as('holder')
  await holder.goto(`${url}/console/me`)
  await look(holder, 'me')
  await holder.click('text=Báo mất thẻ')
  await look(holder, 'me-lost')
  await holder.click('button:has-text("Tạm khóa thẻ")')
  await holder.waitForSelector('text=Thẻ đang tạm khóa')
  const auditor = await as('auditor')
  for (const path of ['/console/officers', '/console/cards', '/console/requests', '/console/diplomas']) {
    await auditor.goto(url + path)
    assert.equal(await auditor.locator('.at-bulk').count(), 0, path)
  }
  await auditor.goto(`${url}/console/audit`)
  const [csv] = await Promise.all([auditor.waitForEvent('download'), auditor.click('text=Xuất CSV')])
  assert.match(readFileSync((await csv.path())!, 'utf8'), /^\ufeffThời điểm,[\s\S]*card\.suspended/)
})

test('one person on one page; search without diacritics; English is complete', options, async () => {
  const maker = await as('maker')
  await maker.goto(`${url}/console/officers`)
  await maker.fill('#query', 'trinh thi so mot')
  await maker.keyboard.press('Enter')
  await maker.waitForSelector('tbody >> text=Trịnh Thị Số Một')
  await look(maker, 'officers')
  await maker.click('tbody th a >> nth=0')
  await maker.waitForSelector('h1:has-text("Trịnh Thị Số Một")')
  await look(maker, 'officer')
  const person = maker.url()
  const english = ['', '/officers', '/imports', '/review', '/requests', '/cards', '/diplomas', '/diplomas/register'].map(
    path => `${url}/console${path}`,
  )
  for (const address of [...english, person]) {
    await maker.goto(`${address}?lang=en`)
    assert.equal(await maker.evaluate('document.documentElement.lang'), 'en')
    await look(maker, `en-${address.split('/').at(-1) || 'overview'}`.slice(0, 24))
    const words = (await maker.innerText('.at-nav')) + (await maker.innerText('h1'))
    if (address !== person) assert.doesNotMatch(words, /[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/i, address)
  }
  await maker.goto(`${url}/console?lang=vi`)
})

test('approving works on a phone 360 px wide, and every page fits it', options, async () => {
  const approver = await as('approver')
  await approver.setViewportSize({ width: 360, height: 740 })
  for (const path of ['', '/requests', '/cards', '/officers', '/diplomas']) {
    await approver.goto(`${url}/console${path}`)
    assert.ok(Number(await approver.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0, `${path} is wider than 360 px`)
    await look(approver, `phone${path.replace('/', '-')}`)
  }
  await approver.click('[data-nav-toggle]')
  await approver.click('.at-nav a:has-text("Phê duyệt")')
  await approver.click('tbody a:has-text("Cấp thẻ lần đầu") >> nth=0')
  assert.ok(Number(await approver.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0, 'the request is wider than 360 px')
  await look(approver, 'phone-request')
  await approver.click('a:has-text("Từ chối")')
  await approver.click('button:has-text("Từ chối cả")')
  assert.match(await approver.innerText('.govuk-error-summary'), /nêu lý do/)
  await approver.fill('#reason', 'Cần xem lại: đã có thẻ trước đây')
  await approver.click('button:has-text("Từ chối cả")')
  await approver.waitForSelector('text=Đã từ chối')
  await approver.setViewportSize({ width: 1280, height: 844 })
})

test(
  'an approval asks anew who one is after ten minutes, and then goes through as it was sent; signing out ends both sessions',
  options,
  async () => {
    const maker = await as('maker')
    await maker.goto(`${url}/console/cards?state=active`)
    await maker.click('tbody th a >> nth=0')
    await maker.click('.at-title__actions button:has-text("Thu hồi")')
    await maker.check('input[value=THOI_VIEC]')
    await maker.click('main button[type=submit]:has-text("Trình thu hồi thẻ của")')
    await maker.waitForSelector('text=chờ người khác duyệt')
    const approver = await as('approver')
    await approver.goto(maker.url())
    const { postgres } = JSON.parse(readFileSync(join(demonstration.home, 'ports.json'), 'utf8')) as { postgres: number }
    const pool = createPool(`postgres://antin@127.0.0.1:${postgres}/postgres`, { max: 1 })
    await pool.query("update sessions set stepped_up_at = now() - interval '11 minutes' where sub = 'approver'")
    await pool.end()
    await approver.click('button:has-text("Duyệt tất cả 1")')
    await approver.waitForSelector('h1:has-text("Xác thực lại")')
    await approver.fill('#password', demonstration.file.signIns.find(one => one.username === 'approver')!.password)
    await approver.click('button[type=submit]')
    await approver.waitForSelector('text=Đã duyệt 1 mục')
    await approver.click('.at-header button:has-text("Đăng xuất")')
    await approver.waitForURL(/\/signed-out$/)
    await look(approver, 'signed-out')
    await approver.goto(`${url}/console`)
    await approver.waitForSelector('#password')
    pages.delete('approver')
  },
)

test('a locked session covers the page and gives back the form as it was', options, async () => {
  const maker = await as('maker')
  await maker.clock.install()
  await maker.goto(`${url}/console/diplomas/register`)
  await maker.fill('#holderName', 'Đang gõ dở')
  const other = await maker.context().newPage()
  await other.goto(`${url}/console`)
  await other.click('.at-header button:has-text("Khóa")')
  await other.waitForSelector('text=Phiên của bạn đã khóa')
  await other.close()
  await maker.clock.fastForward('16:00')
  await maker.waitForSelector('[data-lock]:not([hidden])')
  await look(maker, 'locked')
  const [popup] = await Promise.all([maker.waitForEvent('popup'), maker.click('[data-unlock]')])
  await popup.fill('#password', demonstration.file.signIns.find(one => one.username === 'maker')!.password)
  await Promise.all([popup.waitForEvent('close'), popup.click('button[type=submit]')])
  await maker.waitForSelector('[data-lock]', { state: 'hidden' })
  assert.equal(await maker.inputValue('#holderName'), 'Đang gõ dở')
  await maker.click('button:has-text("Trình đăng ký")')
  assert.equal(await maker.inputValue('#holderName'), 'Đang gõ dở')
})

test('without scripts the pages work: sections, forms, approval', options, async () => {
  const { username, password } = demonstration.file.signIns.find(one => one.username === 'maker')!
  const { context, page } = await openBrowser({ width: 1280, javaScript: false })
  contexts.push(context)
  await page.goto(`${url}/signin?return=/console/officers`)
  await page.fill('#username', username)
  await page.fill('#password', password)
  await page.click('button[type=submit]')
  await page.fill('#query', 'trinh')
  await page.click('main button:has-text("Tìm")')
  assert.match(await page.locator('tbody').innerText(), /Trịnh Thị/)
  await page.click('.at-nav a:has-text("Thẻ đã cấp")')
  assert.match(await page.locator('tbody').innerText(), /G09-26-/)
})

test('no page made its script or its content security policy complain', options, () => {
  assert.deepEqual(
    [...pages].flatMap(([role, { errors }]) => errors.map(error => `${role}: ${error}`)),
    [],
  )
})
