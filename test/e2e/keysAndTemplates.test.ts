import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { makeStateCertificate } from '../support/stateCertificate.ts'
import { noBrowser, waitUntil } from './support/browser.ts'
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
})
after(async () => {
  await people?.close()
  await demonstration?.stop()
})

/** The second administrator looks at what the first asked for, and approves it. */
async function approveAsSecond(address: string, name: string): Promise<Page> {
  const second = await people.as('admin2')
  await second.goto(address)
  await look(second, name)
  await second.click('button:has-text("Duyệt tất cả 1")')
  await second.waitForSelector('text=Đã thực hiện 1 mục', { timeout: 120_000 })
  return second
}

test('a state certificate comes in as PKCS#12, and endorses a key, when two administrators agree', options, async () => {
  const admin = await people.as('admin')
  await admin.goto(`${url}/console/keys/tokens`)
  assert.match(await admin.innerText('main'), /Máy chủ chưa nối thiết bị nào/)
  await look(admin, 'key-tokens')
  const file = { name: 'chung-thu.p12', mimeType: 'application/x-pkcs12', buffer: Buffer.from(makeStateCertificate().pkcs12) }
  await admin.goto(`${url}/console/keys/import`)
  await admin.setInputFiles('#file', file)
  await admin.fill('#passphrase', 'không phải')
  await admin.fill('#reason', 'Chứng thư năm 2026')
  await admin.click('button:has-text("Trình quản trị viên")')
  assert.match(await admin.innerText('.govuk-error-summary'), /Mật khẩu không mở được tệp này/)
  assert.deepEqual([await admin.inputValue('#passphrase'), await admin.inputValue('#reason')], ['', 'Chứng thư năm 2026'])
  await look(admin, 'key-import')
  await admin.setInputFiles('#file', file)
  await admin.fill('#passphrase', 'abc')
  await admin.click('button:has-text("Trình quản trị viên")')
  await admin.waitForSelector('text=Bạn là người trình')
  assert.match(await admin.innerText('main'), /Học viện Hành chính \(MẪU\)[\s\S]*CA thử nghiệm[\s\S]*RSA 2048/)
  const second = await approveAsSecond(admin.url(), 'request-key-import')

  await second.goto(`${url}/console/keys`)
  await second.click('tr:has-text("Thẻ") th a >> nth=0')
  await second.click('text=Xin xác nhận bằng chứng thư')
  await second.check('label:has-text("Học viện Hành chính")')
  await look(second, 'key-endorse')
  await second.click('button:has-text("Trình quản trị viên")')
  await second.waitForSelector('text=Bạn là người trình')
  await admin.goto(second.url())
  await admin.click('button:has-text("Duyệt tất cả 1")')
  await admin.waitForSelector('text=Đã thực hiện 1 mục', { timeout: 120_000 })
  await admin.goto(`${url}/console/keys`)
  await admin.click('tr:has-text("Thẻ") th a >> nth=0')
  assert.match(await admin.innerText('main'), /Đã xác nhận[\s\S]*Học viện Hành chính \(MẪU\)[\s\S]*Xác nhận khóa bằng chứng thư/)
  await look(admin, 'key-endorsed')
})

test('templates are shown with their pictures; printing offers what two administrators chose', options, async () => {
  const admin = await people.as('admin')
  await admin.goto(`${url}/console/templates`)
  await admin.waitForSelector('h3:has-text("Thẻ đơn giản, hiện đại")')
  const drawn = 'Array.from(document.querySelectorAll(".at-template img")).every(image => image.complete && image.naturalWidth > 500)'
  await admin.evaluate('scrollTo(0, document.body.scrollHeight)')
  await waitUntil(admin, drawn)
  await look(admin, 'templates')
  await admin.click('h3 a:has-text("Thẻ đơn giản, hiện đại")')
  await look(admin, 'template')
  await admin.click('a:has-text("Đổi mẫu mặc định")')
  await admin.click('button:has-text("Trình quản trị viên")')
  await admin.waitForSelector('text=Bạn là người trình')
  await approveAsSecond(admin.url(), 'request-template')
  await admin.goto(`${url}/console/templates`)
  assert.match(await admin.innerText('tbody'), /Thẻ đơn giản, hiện đại don-gian-hien-dai/)
})
