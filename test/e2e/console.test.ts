import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createPool } from '../../server/db/pool.ts'
import { noBrowser, openBrowser, waitUntil } from './support/browser.ts'
import { type ConsolePeople, consolePeople, look } from './support/consolePeople.ts'
import { startDemonstration } from './support/demonstration.ts'

const options = { skip: noBrowser, timeout: 600_000 }

let demonstration: Awaited<ReturnType<typeof startDemonstration>>
let people: ConsolePeople
let url: string

before(async () => {
  if (noBrowser) return
  demonstration = await startDemonstration()
  url = demonstration.file.url
  people = consolePeople(demonstration.file)
  // One request stays open: a second card for the person whose card the demonstration revoked.
  const maker = await people.as('maker')
  await maker.goto(`${url}/console/review`)
  await maker.click('text=Trình tất cả người chưa có thẻ')
  await maker.waitForSelector('text=Xem yêu cầu')
})
after(async () => {
  await people?.close()
  await demonstration?.stop()
})

test('a diploma: nothing is lost on a failed form; registered, its minutes, corrected, revoked by two people', options, async () => {
  const maker = await people.as('maker')
  const approver = await people.as('approver')
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
  await waitUntil(maker, "document.querySelector('#document').value.length === 64")
  await maker.click('button:has-text("Trình đăng ký")')
  await maker.waitForSelector('text=Đã trình đăng ký')
  await approver.goto(maker.url())
  await look(approver, 'request-diploma')
  await approver.click('button:has-text("Duyệt tất cả 1")')
  await approver.waitForSelector('text=Đã thực hiện 1 mục', { timeout: 120_000 })
  await approver.click('a:has-text("Biên bản số hóa")')
  await approver.waitForSelector('text=Sổ công khai')
  await look(approver, 'diploma-minutes')

  await maker.goto(`${url}/console/diplomas`)
  await maker.keyboard.press('/')
  assert.equal(await maker.evaluate('document.activeElement?.getAttribute("name")'), 'query')
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
  const admin = await people.as('admin')
  for (const [path, name] of [
    ['/console/agencies', 'agencies'],
    ['/console/agencies/new', 'agency-new'],
    ['/console/agencies/G09.22', 'agency'],
    ['/console/staff', 'staff'],
    ['/console/audit', 'audit'],
    ['/console/webhooks', 'webhooks'],
    ['/console/keys', 'keys'],
  ] as const) {
    await admin.goto(url + path)
    await look(admin, name)
  }
  await admin.goto(`${url}/console/webhooks`)
  await admin.fill('#url', 'http://127.0.0.1/bi-mat')
  await admin.check('label:has-text("Cấp thẻ")')
  await admin.click('main button:has-text("Thêm webhook")')
  assert.match(await admin.innerText('#url-error'), /địa chỉ https công khai/)
  assert.ok(await admin.isChecked('input[value="card.issued"]'), 'what was chosen stays')
  await admin.fill('#url', 'https://hooks.example/antin')
  await admin.click('main button:has-text("Thêm webhook")')
  await admin.waitForSelector('text=Đã thêm webhook')
  await look(admin, 'webhook')
  await admin.click('summary:has-text("Gỡ webhook này")')
  await admin.click('button:has-text("không gửi tới hooks.example nữa")')
  await admin.waitForSelector('text=Đã gỡ webhook')
  await admin.goto(`${url}/console/keys`)
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
  const second = await people.as('admin2')
  await second.goto(admin.url())
  await look(second, 'request-key')
  await second.click('button:has-text("Duyệt tất cả 1")')
  await second.waitForSelector('text=Đã thực hiện 1 mục', { timeout: 120_000 })
  await second.goto(`${url}/console/keys`)
  assert.match(await second.innerText('tbody'), /Chờ công bố|Đang dùng/)
})

test('a holder sees their own card and reports it lost; an auditor sees all and changes nothing', options, async () => {
  const holder = await people.as('holder')
  await holder.goto(`${url}/console/me`)
  await look(holder, 'me')
  await holder.click('text=Báo mất thẻ')
  await look(holder, 'me-lost')
  await holder.click('button:has-text("Tạm khóa thẻ")')
  await holder.waitForSelector('text=Thẻ đang tạm khóa')
  const auditor = await people.as('auditor')
  for (const path of ['/console/officers', '/console/cards', '/console/requests', '/console/diplomas']) {
    await auditor.goto(url + path)
    assert.equal(await auditor.locator('.at-bulk').count(), 0, path)
  }
  for (const [path, detail] of [
    ['keys', 'tbody th a >> nth=0'],
    ['templates', '.at-template h3 a >> nth=0'],
    ['agencies', 'tbody a:text-is("G09.22")'],
    ['staff', null],
    ['webhooks', null],
    ['print', null],
    ['imports', 'tbody th a >> nth=0'],
  ] as const) {
    await auditor.click(`.at-nav a[href="/console/${path}"]`)
    await auditor.waitForURL(`${url}/console/${path}`)
    await look(auditor, `auditor-${path}`)
    for (const way of ['form[method=post]:not([data-search])', 'a[href$="/new"]', 'a[href$="/import"]', 'a[href$="/tokens"]'])
      assert.equal(await auditor.locator(`main ${way}`).count(), 0, `${path}: ${way}`)
    if (!detail) continue
    await auditor.click(`main ${detail}`)
    await auditor.waitForURL(new RegExp(`/console/${path}/[^/]+$`))
    await look(auditor, `auditor-${path}-one`)
    assert.equal(await auditor.locator('main form, main .govuk-button').count(), 0, `${path}, one of them`)
  }
  await auditor.goto(`${url}/console/audit`)
  const [csv] = await Promise.all([auditor.waitForEvent('download'), auditor.click('text=Xuất CSV')])
  assert.match(readFileSync((await csv.path())!, 'utf8'), /^\ufeffThời điểm,[\s\S]*card\.suspended/)
})

test('one person on one page; search without diacritics; English is complete', options, async () => {
  const maker = await people.as('maker')
  await maker.goto(`${url}/console/officers`)
  await maker.fill('#query', 'nguyen thi hong')
  await maker.keyboard.press('Enter')
  await maker.waitForSelector('tbody >> text=Nguyễn Thị Hồng Huyền')
  await look(maker, 'officers')
  await maker.click('tbody th a:has-text("Nguyễn Thị Hồng Huyền")')
  await maker.waitForSelector('h1:has-text("Nguyễn Thị Hồng Huyền")')
  await look(maker, 'officer')
  const person = maker.url()
  await maker.goBack()
  assert.equal(await maker.inputValue('#query'), 'nguyen thi hong', 'Back leads to what was found, and asks for nothing')
  assert.ok(!decodeURIComponent(maker.url()).includes('hong'), 'no name stands in the address')
  await maker.reload()
  await maker.waitForSelector('tbody >> text=Nguyễn Thị Hồng Huyền')
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

test('keyboard alone: past the menu, into the list, a row chosen, an action begun and left', options, async () => {
  const maker = await people.as('maker')
  const tabTo = async (selector: string) => {
    for (let step = 0; step < 80; step++) {
      await maker.keyboard.press('Tab')
      if ((await maker.locator(`${selector}:focus`).count()) > 0) return
    }
    assert.fail(`the Tab key does not reach ${selector}`)
  }
  await maker.goto(`${url}/console/cards?state=active`)
  await maker.keyboard.press('Tab')
  assert.equal(await maker.locator('.govuk-skip-link:focus').count(), 1)
  await maker.keyboard.press('Enter')
  await tabTo('tbody input[type=checkbox]')
  assert.equal(await maker.locator('.at-nav :focus').count(), 0, 'the skip link passes the menu')
  await maker.keyboard.press('Space')
  assert.equal(await maker.innerText('[data-count]'), 'Đã chọn 1')
  await maker.keyboard.press('Enter')
  assert.equal(await maker.locator('.at-bulk button[value=suspend]:focus').count(), 1, 'Enter goes to the bar, past the table')
  await maker.keyboard.press('Enter')
  await maker.waitForSelector('h1:has-text("Tạm khóa thẻ")')
  await maker.waitForLoadState()
  await tabTo('input[type=radio]')
  await maker.keyboard.press('ArrowDown')
  assert.equal(await maker.locator('input[type=radio]:checked').count(), 1)
  await maker.goBack()
  assert.equal(await maker.locator('h1:has-text("Thẻ đã cấp")').count(), 1)
})

test('approving works on a phone 360 px wide, and every page fits it', options, async () => {
  const approver = await people.as('approver')
  await approver.setViewportSize({ width: 360, height: 740 })
  for (const path of ['', '/requests', '/cards', '/officers', '/diplomas']) {
    await approver.goto(`${url}/console${path}`)
    assert.ok(Number(await approver.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0, `${path} is wider than 360 px`)
    await look(approver, `phone${path.replace('/', '-')}`)
  }
  await approver.click('[data-nav-toggle]')
  await approver.click('.at-nav a:has-text("Phê duyệt")')
  await approver.click('tbody a:has-text("Cấp thẻ lần đầu") >> nth=0')
  await approver.waitForSelector('a:has-text("Từ chối")')
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
    const maker = await people.as('maker')
    await maker.goto(`${url}/console/cards?state=active`)
    await maker.click('tbody th a >> nth=0')
    await maker.click('.at-title__actions button:has-text("Thu hồi")')
    await maker.check('input[value=THOI_VIEC]')
    await maker.click('main button[type=submit]:has-text("Trình thu hồi thẻ của")')
    await maker.waitForSelector('text=chờ người khác duyệt')
    const approver = await people.as('approver')
    await approver.goto(maker.url())
    const { postgres } = JSON.parse(readFileSync(join(demonstration.home, 'ports.json'), 'utf8')) as { postgres: number }
    const pool = createPool(`postgres://antin@127.0.0.1:${postgres}/postgres`, { max: 1 })
    await pool.query("update sessions set stepped_up_at = now() - interval '11 minutes' where sub = 'approver'")
    await pool.end()
    await approver.click('button:has-text("Duyệt tất cả 1")')
    await approver.waitForSelector('h1:has-text("Xác thực lại")')
    await approver.fill('#password', people.passwordOf('approver'))
    await approver.click('button[type=submit]')
    await approver.waitForSelector('text=Đã duyệt 1 mục')
    await approver.click('.at-header button:has-text("Đăng xuất")')
    await approver.waitForURL(/\/signed-out$/)
    await look(approver, 'signed-out')
    await approver.goto(`${url}/console`)
    await approver.waitForSelector('#password')
    people.forget('approver')
  },
)

test('a locked session covers the page and gives back the form as it was', options, async () => {
  const maker = await people.as('maker')
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
  await popup.fill('#password', people.passwordOf('maker'))
  await Promise.all([popup.waitForEvent('close'), popup.click('button[type=submit]')])
  await maker.waitForSelector('[data-lock]', { state: 'hidden' })
  assert.equal(await maker.inputValue('#holderName'), 'Đang gõ dở')
  await maker.click('button:has-text("Trình đăng ký")')
  await maker.waitForSelector('.govuk-error-summary')
  assert.equal(await maker.inputValue('#holderName'), 'Đang gõ dở')
})

test('a file that cannot be imported is named beside its field, and what else was chosen stays', options, async () => {
  const maker = await people.as('maker')
  const folder = mkdtempSync(join(tmpdir(), 'antin-files-'))
  const file = (name: string, bytes: number) => {
    writeFileSync(join(folder, name), '')
    truncateSync(join(folder, name), bytes)
    return join(folder, name)
  }
  const upload = () => maker.click('button:has-text("Tải lên")')
  await maker.goto(`${url}/console/imports`)
  const before = await maker.locator('tbody tr:has(a[href^="/console/imports/"])').count()
  await maker.setInputFiles('#file', file('trong.xlsx', 0))
  await upload()
  assert.match(await maker.innerText('#file-error'), /Tệp này trống/)
  await maker.waitForLoadState()

  // Above one MiB a script sends the form: it stays, with its files, when the server finds a fault.
  await maker.setInputFiles('#file', file('to.csv', 2 << 20))
  await maker.setInputFiles('#photos', file('anh.rar', 1))
  await upload()
  await maker.waitForSelector('#photos-error')
  assert.match(await maker.innerText('.govuk-error-summary'), /Tệp ảnh phải là ZIP/)
  assert.equal(await maker.locator('#file-error').count(), 0, 'a fault that is gone is not shown')
  assert.equal(await maker.evaluate("document.querySelector('#file').files[0].name"), 'to.csv')
  await look(maker, 'imports-fault')

  await maker.setInputFiles('#photos', [])
  await maker.setInputFiles('#file', file('qua-to.csv', (64 << 20) + 1))
  assert.match(String(await maker.evaluate("document.querySelector('#file').validationMessage")), /nhiều nhất 64 MB/)
  await upload()
  await maker.waitForTimeout(300)
  assert.ok(maker.url().endsWith('/console/imports'))
  await maker.reload()
  assert.equal(await maker.locator('tbody tr:has(a[href^="/console/imports/"])').count(), before, 'no import began')
  rmSync(folder, { recursive: true })
})

test('a file that was chosen before the page’s script came is digested all the same', options, async () => {
  const maker = await people.as('maker')
  await maker.context().route(/console[^/]*\.js$/, async route => {
    await maker
      .locator('#document-file')
      .evaluate(
        input =>
          (input as unknown as { value: string }).value !== '' ||
          new Promise(chosen => ((input as unknown as { onchange: unknown }).onchange = chosen)),
      )
    await route.continue()
  })
  await maker.goto(`${url}/console/diplomas/register`, { waitUntil: 'commit' })
  await maker.setInputFiles('#document-file', { name: 'bang.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 thử') })
  await waitUntil(maker, "document.querySelector('#document').value.length === 64")
  await maker.context().unroute(/console[^/]*\.js$/)
})

test('without scripts the pages work: sections, forms, approval', options, async () => {
  const { context, page } = await openBrowser({ width: 1280, javaScript: false })
  await page.goto(`${url}/signin?return=/console/officers`)
  await page.fill('#username', 'maker')
  await page.fill('#password', people.passwordOf('maker'))
  await page.click('button[type=submit]')
  await page.fill('#query', 'nguyen thi')
  await page.click('main button:has-text("Tìm")')
  await page.waitForURL(/\/officers\?/)
  assert.match(await page.locator('tbody').innerText(), /Nguyễn Thị/)
  await page.click('.at-nav a:has-text("Thẻ đã cấp")')
  await page.waitForURL(/\/cards/)
  assert.match(await page.locator('tbody').innerText(), /G09-26-/)
  await context.close()
})

test('no page made its script or its content security policy complain', options, () => {
  assert.deepEqual(people.complaints(), [])
})
