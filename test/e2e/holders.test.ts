import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { PDFDocument } from '@cantoo/pdf-lib'
import { SignJWT } from 'jose'
import { closeBrowsers, noBrowser, openBrowser } from './support/browser.ts'
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
  await closeBrowsers()
  await demonstration?.stop()
})

async function proofOf(key: KeyObject, jwk: Record<string, unknown>): Promise<string> {
  const { kty, crv, x, y } = jwk as Record<string, string>
  const header = { alg: 'ES256', typ: 'openid4vci-proof+jwt', jwk: { kty: kty!, crv: crv!, x: x!, y: y! } }
  return new SignJWT({}).setProtectedHeader(header).setAudience(url).setIssuedAt().sign(key)
}

test('somebody who is no officer sees their diploma and puts it into a wallet; anybody checks it on the page', options, async () => {
  const page = await people.as('graduate')
  await page.goto(`${url}/console/me`)
  assert.equal(page.url(), `${url}/console/me/diplomas`)
  await look(page, 'my-diplomas')
  await page.click('text=Đưa vào ví điện tử')
  await page.fill('#proof', 'eyJ.nothing')
  await page.click('button:has-text("Tải tệp cho ví")')
  await page.waitForSelector('.govuk-error-message')
  assert.equal(await page.inputValue('#proof'), 'eyJ.nothing')
  await look(page, 'wallet')
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await page.fill('#proof', await proofOf(privateKey, publicKey.export({ format: 'jwk' }) as Record<string, unknown>))
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("Tải tệp cho ví")')])
  const credential = readFileSync(await file.path(), 'utf8')

  const { page: phone, errors } = await openBrowser()
  await phone.goto(`${url}/v`)
  await phone.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
  await phone.fill('#paste', credential)
  await phone.click('#paste-form button')
  await phone.waitForSelector('[data-verdict=valid]')
  assert.match(String(await phone.textContent('#app')), /Văn bằng có thật[\s\S]*chưa kiểm tra người trình bày[\s\S]*Đỗ Thị Ngọc Hằng/)
  await phone.goto(`${url}/v`)
  await phone.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
  await phone.fill(
    '#paste',
    credential.replace(/~[^~]+~$/, `~${Buffer.from('["AAAAAAAAAAAAAAAAAAAAAA","title","Tiến sĩ"]').toString('base64url')}~`),
  )
  await phone.click('#paste-form button')
  await phone.waitForSelector('[data-verdict=invalid]')
  assert.deepEqual(errors, [])
})

test(
  'a holder is named when the diploma is registered and found by the number; the stamped copy leaves the file as it was',
  options,
  async () => {
    const maker = await people.as('maker')
    const document = await PDFDocument.create()
    document.addPage([600, 400]).drawText('Bang tot nghiep (MAU)', { x: 40, y: 300 })
    const bytes = Buffer.from(await document.save())
    const file = { name: 'bang.pdf', mimeType: 'application/pdf', buffer: bytes }
    await maker.goto(`${url}/console/diplomas/register`)
    await maker.fill('#holderName', 'Lê Thị Thử')
    await maker.fill('#title', 'Bằng cử nhân')
    await maker.fill('#number', 'HOLDER-1')
    await maker.fill('#awarded', '2021')
    await maker.fill('#holderNumber', '123')
    // The form is sent while the file is still being read; it takes the digest along.
    await maker.evaluate(
      '{ const digest = crypto.subtle.digest.bind(crypto.subtle); crypto.subtle.digest = (...parts) => new Promise(next => setTimeout(next, 1500)).then(() => digest(...parts)) }',
    )
    await maker.setInputFiles('#document-file', { ...file, buffer: Buffer.from('%PDF-1.7 the wrong one') })
    await maker.setInputFiles('#document-file', file)
    await maker.click('button:has-text("Trình đăng ký")')
    assert.match(String(await maker.textContent('.govuk-error-summary')), /12 chữ số/)
    await maker.fill('#holderNumber', '001 199 000 012')
    await maker.click('button:has-text("Trình đăng ký")')
    await maker.waitForSelector('text=Đã trình đăng ký')
    assert.match(String(await maker.textContent('main')), /001\*\*\*000012/)
    const approver = await people.as('approver')
    await approver.goto(maker.url())
    await approver.click('button:has-text("Duyệt tất cả 1")')
    await approver.waitForSelector('text=Đã thực hiện 1 mục', { timeout: 120_000 })

    await maker.goto(`${url}/console/diplomas`)
    await maker.fill('[name=query]', '001199000012')
    await maker.keyboard.press('Enter')
    await maker.click('tbody a:has-text("Lê Thị Thử")')
    await maker.waitForSelector('text=Bản sao có trang xác nhận')
    await maker.setInputFiles('#file', { ...file, buffer: Buffer.concat([bytes, Buffer.from('\n')]) })
    await maker.click('button:has-text("Tải bản sao")')
    assert.match(String(await maker.textContent('.govuk-error-summary')), /không phải tệp đã đăng ký/)
    await look(maker, 'diploma-stamp')
    await maker.setInputFiles('#file', file)
    const [copy] = await Promise.all([maker.waitForEvent('download'), maker.click('button:has-text("Tải bản sao")')])
    const stamped = await PDFDocument.load(readFileSync(await copy.path()))
    assert.equal(stamped.getPageCount(), 2)
    assert.notEqual(
      createHash('sha256')
        .update(readFileSync(await copy.path()))
        .digest('hex'),
      createHash('sha256').update(bytes).digest('hex'),
    )

    await maker.click('a:has-text("Đổi")')
    await maker.fill('#holderNumber', '12')
    await maker.click('button:has-text("Trình duyệt")')
    await maker.waitForSelector('.govuk-error-message')
    await look(maker, 'diploma-holder')
    await maker.fill('#holderNumber', '')
    await maker.click('button:has-text("Trình duyệt")')
    await maker.waitForSelector('text=Bỏ số định danh đã ghi')
    assert.deepEqual(people.complaints(), [])
  },
)
