import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { noBrowser, openBrowser } from './support/browser.ts'
import { type ConsolePeople, consolePeople, look } from './support/consolePeople.ts'
import { startDemonstration } from './support/demonstration.ts'

const options = { skip: noBrowser, timeout: 600_000 }
const coverage = 'Chứng chỉ bồi dưỡng, 2010–2026\nBằng cử nhân, 1995–'

let demonstration: Awaited<ReturnType<typeof startDemonstration>>
let people: ConsolePeople
let url: string

before(async () => {
  if (noBrowser) return
  demonstration = await startDemonstration()
  url = demonstration.file.url
  people = consolePeople(demonstration.file)
})
after(async () => {
  await people?.close()
  await demonstration?.stop()
})

test(
  'an agency changes when two administrators agree; what its register covers reaches the trust list and those who ask',
  options,
  async () => {
    const admin = await people.as('admin')
    await admin.goto(`${url}/console/agencies/G09.22`)
    await admin.fill('#nameVi', '')
    await admin.fill('#coverage', 'Bằng, 2026–1995')
    await admin.click('button:has-text("Trình quản trị viên")')
    assert.match(await admin.innerText('.govuk-error-summary'), /Hãy ghi tên đơn vị[\s\S]*Mỗi dòng/)
    await admin.fill('#nameVi', 'Học viện Hành chính và Quản trị công (MẪU)')
    await admin.fill('#coverage', coverage)
    await admin.fill('#reason', 'Quyết định số 12/QĐ-BNV ngày 01/03/2026')
    await admin.check('#restricted')
    await look(admin, 'agency-change')
    await admin.uncheck('#restricted')
    await admin.click('button:has-text("Trình quản trị viên")')
    await admin.waitForSelector('text=Bạn là người trình')
    const asked = admin.url()
    await look(admin, 'request-agency')

    const second = await people.as('admin2')
    await second.goto(`${url}/console/agencies`)
    await second.waitForSelector('text=Một yêu cầu thay đổi đang chờ duyệt')
    await look(second, 'agencies-waiting')
    await second.goto(asked)
    const shown = await second.innerText('main')
    assert.match(shown, /Tên tiếng Việt: .* → Học viện Hành chính và Quản trị công \(MẪU\)/)
    assert.match(shown, /Sổ văn bằng: – → Chứng chỉ bồi dưỡng, 2010–2026; Bằng cử nhân, 1995–/)
    assert.match(shown, /Ảnh hưởng[\s\S]*\d+ người, \d+ thẻ hiệu lực, \d+ khóa, 0 đơn vị cấp dưới/)
    assert.match(shown, /Quyết định số 12\/QĐ-BNV/)
    await look(second, 'request-agency-second')
    await second.click('button:has-text("Duyệt tất cả 1")')
    await second.waitForSelector('text=Đã thực hiện 1 mục', { timeout: 120_000 })
    await second.goto(`${url}/console/agencies/G09.22`)
    await look(second, 'agency-changed')

    // The demonstration publishes its trust list by itself; elsewhere two people do it.
    const coverageServed = async () => {
      const slice = await (await fetch(`${url}/.well-known/antin/trust/G09.22`)).text()
      const { agencies } = JSON.parse(Buffer.from(slice.split('.')[1]!, 'base64url').toString('utf8'))
      return agencies.find((one: { code: string }) => one.code === 'G09.22').coverage
    }
    for (let tries = 0; tries < 60 && !(await coverageServed()); tries++) await pause(1000)
    assert.deepEqual(await coverageServed(), [
      { title: 'Chứng chỉ bồi dưỡng', from: 2010, to: 2026 },
      { title: 'Bằng cử nhân', from: 1995 },
    ])
    await second.reload()
    assert.match(await second.innerText('main'), /Danh sách tin cậy\s+Đã công bố/)

    for (const javaScript of [true, false]) {
      const { page, context } = await openBrowser({ width: 360, javaScript })
      await page.goto(`${url}/diplomas/verify`)
      await page.fill('#agency', 'G09.22')
      await page.fill('#soHieu', 'KHONG-CO-1')
      await page.fill('#ngaySinh', '01/02/1980')
      await page.click('form:has(#soHieu) button[type=submit]')
      const said = await page.locator('[data-outcome=absent]').innerText()
      assert.match(said, /Chưa có không có nghĩa là giả/)
      assert.match(said, /\(MẪU\) đã đưa vào hệ thống: Chứng chỉ bồi dưỡng 2010–2026; Bằng cử nhân từ 1995\./)
      // axe needs scripts.
      if (javaScript) await look(page, 'diploma-absent')
      await context.close()
    }
  },
)

test('an agency is added, moved and dissolved; at 360 px the second administrator decides too', options, async () => {
  const [admin, second] = [await people.as('admin'), await people.as('admin2')]
  const decide = async (name: string) => {
    await admin.waitForSelector('text=Bạn là người trình')
    await second.setViewportSize({ width: 360, height: 800 })
    await second.goto(admin.url())
    await look(second, `phone-${name}`)
    assert.ok(((await second.evaluate('document.documentElement.scrollWidth')) as number) <= 360, 'nothing is wider than the phone')
    await second.click('button:has-text("Duyệt tất cả 1")')
    await second.waitForSelector('text=Đã thực hiện 1 mục', { timeout: 120_000 })
    await second.setViewportSize({ width: 1280, height: 900 })
  }
  await admin.goto(`${url}/console/agencies/new`)
  await admin.fill('#code', 'G09.77')
  await admin.fill('#nameVi', 'Vụ Thử nghiệm')
  await admin.selectOption('#parent', 'G09')
  await admin.click('button:has-text("Trình quản trị viên")')
  await decide('agency-add')

  await admin.goto(`${url}/console/agencies/G09.77`)
  await admin.selectOption('#parent', 'G09.22')
  await admin.click('button:has-text("Trình quản trị viên")')
  await decide('agency-move')

  await admin.goto(`${url}/console/agencies/G09.77`)
  await admin.fill('#successor', 'G09.22')
  await admin.click('button:has-text("Trình giải thể")')
  assert.match(await admin.innerText('.govuk-error-summary'), /Gõ đúng G09\.77/)
  assert.equal(await admin.inputValue('#successor'), 'G09.22')
  await admin.fill('#sure', 'G09.77')
  await look(admin, 'agency-end')
  await admin.click('button:has-text("Trình giải thể")')
  await decide('agency-dissolve')
  await admin.goto(`${url}/console/agencies/G09.77`)
  assert.match(await admin.innerText('main'), /giải thể[\s\S]*Đơn vị kế thừa/)
  assert.equal(await admin.locator('#sure').count(), 0)
  await look(admin, 'agency-ended')
})

const sessionOf = async (page: Page) => (await page.context().cookies(url)).find(cookie => /^antin_\d+$/.test(cookie.name))?.value

test('people who signed in are found, and their sessions ended', options, async () => {
  const maker = await people.as('maker')
  await maker.goto(`${url}/console`)
  const earlier = await sessionOf(maker)
  const admin = await people.as('admin')
  await admin.goto(`${url}/console/staff`)
  await admin.fill('#query', 'maker')
  await admin.click('button:has-text("Tìm")')
  assert.ok(!admin.url().includes('maker'), 'what is searched for stays out of the address')
  await look(admin, 'staff-found')
  await admin.click('tbody tr:has-text("maker") button:has-text("Kết thúc phiên")')
  await look(admin, 'staff-end')
  await admin.click('main button.at-danger')
  await admin.waitForSelector('text=Đã kết thúc mọi phiên')
  // The ministry's sign-in still knows them: a new session begins, the old one is gone.
  await maker.goto(`${url}/console`)
  assert.notEqual(await sessionOf(maker), earlier)
  await admin.setViewportSize({ width: 360, height: 800 })
  await look(admin, 'phone-staff')
})
