import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import request from 'supertest'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { readAudit } from '../../../server/audit/auditTable.ts'
import { migrateJobs } from '../../../server/jobs/worker.ts'
import { agencyTemplateOf } from '../../../server/printing/agencyTemplateOf.ts'
import { installedTemplate, installedTemplates } from '../../../server/printing/render/installedTemplates.ts'
import { type TemplateUse, templatesFolder } from '../../../server/printing/render/template.ts'
import { templatePictures } from '../../../server/printing/render/templatePictures.ts'
import { applyTemplateChange, requestTemplateChange } from '../../../server/printing/templateChanges.ts'
import { approveRequest } from '../../../server/requests/decideRequest.ts'
import { itemsOf, pendingDigest, requestById } from '../../../server/requests/requestsTable.ts'
import type { Actor } from '../../../server/staff/actor.ts'
import { makeConsoleObjects } from '../../support/consoleObjects.ts'
import { asActor, type ConsoleWorld, makeConsole } from '../../support/consoleWorld.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
const folder = mkdtempSync(join(tmpdir(), 'antin-installed-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let world: ConsoleWorld

const official = fileURLToPath(new URL('the-cong-chuc-838', templatesFolder))
const modern = fileURLToPath(new URL('don-gian-hien-dai', templatesFolder))
const path = (...parts: string[]) => join(folder, ...parts)
/** Puts a template in the folder under another name. */
function install(name: string, from = modern): void {
  cpSync(from, path(name), { recursive: true })
  rewrite(name, 'template.json', text => text.replace(/"name": "[^"]+"/, `"name": "${name}"`))
}
const rewrite = (name: string, file: string, change: (text: string) => string) =>
  writeFileSync(path(name, file), change(readFileSync(path(name, file), 'utf8')))
const problemOf = async (name: string) => {
  const one = installedTemplates(folder).find(each => each.name === name)!
  return one.template ? (await templatePictures(one.template)).problem : one.problem
}

beforeAll(async () => {
  await makeMinistry(db.pool)
  await migrateJobs(db.pool)
  cpSync(official, path('the-cong-chuc-838'), { recursive: true })
  world = await makeConsole({ pool: db.pool, cipher, templates: folder })
})

test('a new folder is a new template, without a restart; what is wrong with one stands beside the others', async () => {
  expect(installedTemplates(folder).map(one => one.name)).toEqual(['the-cong-chuc-838'])
  install('thu')
  expect(installedTemplates(folder).map(one => one.name)).toEqual(['the-cong-chuc-838', 'thu'])
  expect(await problemOf('thu')).toBeNull()
  const first = installedTemplate('thu', folder)
  expect(installedTemplate('thu', folder)).toBe(first)

  rewrite('thu', 'front.typ', text => text.replace('card.position', 'card.chucvu'))
  expect(installedTemplate('thu', folder).digest).not.toBe(first.digest)
  expect(await problemOf('thu')).toMatch(/^front\.typ:\d+:\d+: dictionary does not contain key "chucvu"$/)
  rewrite('thu', 'front.typ', text => text.replace('card.chucvu', 'card.position'))
  expect(await problemOf('thu')).toBeNull()

  install('hong')
  writeFileSync(path('hong', 'template.json'), '{ "name": ')
  expect(await problemOf('hong')).toMatch(/^template\.json: /)
  expect(() => installedTemplate('hong', folder)).toThrow('render.template: hong: template.json')
  install('sai-mau')
  writeFileSync(path('sai-mau', 'sample.json'), '{}')
  expect(await problemOf('sai-mau')).toMatch(/^(front\.typ:\d+:\d+|sample\.json): /)
  cpSync(modern, path('ten-khac'), { recursive: true })
  expect(await problemOf('ten-khac')).toBe('template.json: name is "don-gian-hien-dai", the folder "ten-khac"')
  expect(await problemOf('the-cong-chuc-838')).toBeNull()
  expect(() => installedTemplate('../package.json', folder)).toThrow('There is no template')
})

test('the pages show each template’s picture, or its fault with file and line, and never fail for one', async () => {
  rewrite('thu', 'front.typ', text => text.replace('card.position', 'card.chucvu'))
  const get = (address: string) => request(world.app).get(`/console${address}`).set(asActor('admin', 'G09')).set('accept', 'text/html')
  const list = await get('/templates')
  expect(list.status).toBe(200)
  expect(list.text).toMatch(/front\.typ:\d+:\d+: dictionary does not contain key &quot;chucvu&quot;/)
  expect(list.text).toContain('/console/templates/the-cong-chuc-838/front?')
  expect(list.text).not.toContain('/console/templates/thu/front')
  expect((await get('/templates/hong')).text).toContain('template.json: ')
  const picture = await get('/templates/the-cong-chuc-838/back')
    .buffer()
    .parse((res, done) => {
      const chunks: Buffer[] = []
      res.on('data', chunk => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)))
    })
  expect([picture.status, picture.type, (picture.body as Buffer).subarray(1, 4).toString()]).toEqual([200, 'image/png', 'PNG'])
  for (const address of ['/templates/thu/front', '/templates/the-cong-chuc-838/page', '/templates/khong-co', '/templates/khong-co/front'])
    expect([address, (await get(address)).status]).toEqual([address, 404])
  rewrite('thu', 'front.typ', text => text.replace('card.chucvu', 'card.position'))
})

const admin = (sub: string): Actor => ({
  kind: 'person',
  sub,
  name: sub,
  roles: new Set(['admin']),
  scopes: new Set(),
  agency: 'G09' as AgencyCode,
  steppedUpAt: Date.now() / 1000,
})
const deps = () => ({ pool: db.pool, cipher, templatesFolder: folder })
const decide = async (id: string) =>
  approveRequest({ pool: db.pool }, { actor: admin('b'), id, claimsDigest: await pendingDigest(db.pool, id), selection: 'all' })
const ask = (agency: string, template: string | null, use: TemplateUse = 'card') =>
  requestTemplateChange(deps(), { maker: admin('a'), agency: agency as AgencyCode, use, template })
const ofAgency = async (agency: string, use: TemplateUse = 'card') => (await agencyTemplateOf(db.pool, world.tree, agency, use)).template

test('two administrators choose an agency’s template; those below follow until they choose; printing offers it first', async () => {
  expect([await ofAgency('G09'), await ofAgency('G09.01')]).toEqual(['the-cong-chuc-838', 'the-cong-chuc-838'])
  const ministry = await ask('G09', 'thu')
  expect(await ofAgency('G09')).toBe('the-cong-chuc-838')
  await decide(ministry)
  await applyTemplateChange(deps(), ministry)
  await applyTemplateChange(deps(), ministry)
  expect(await requestById(db.pool, ministry)).toMatchObject({ status: 'done', done: 1, failed: 0 })
  expect([await ofAgency('G09'), await ofAgency('G09.01')]).toEqual(['thu', 'thu'])
  expect((await readAudit(db.pool, { actions: ['template.chosen'] })).map(row => row.detail)).toEqual([{ use: 'card', template: 'thu' }])

  const own = await ask('G09.01', 'the-cong-chuc-838')
  const meanwhile = await ask('G09.01', 'thu')
  for (const id of [own, meanwhile]) {
    await decide(id)
    await applyTemplateChange(deps(), id)
  }
  expect([await ofAgency('G09.01'), await ofAgency('G09.02')]).toEqual(['the-cong-chuc-838', 'thu'])
  expect((await itemsOf(db.pool, meanwhile))[0]).toMatchObject({ state: 'failed', outcome: 'template.conflict' })
  await expect(ask('G09.01', 'the-cong-chuc-838')).rejects.toThrow('template.conflict')
  await expect(ask('G09.01', 'khong-co')).rejects.toThrow('render.template')
  await expect(ask('G09.01', 'hong')).rejects.toThrow('render.template')

  await makeConsoleObjects(db.pool, cipher, 'G09.01')
  await db.pool.query('delete from plastics')
  const options = async (agency: string) => {
    const page = await request(world.app).get(`/console/print?agency=${agency}`).set(asActor('printer', 'G09')).set('accept', 'text/html')
    const select = /<select[^>]+id="template"[\s\S]*?<\/select>/.exec(page.text)?.[0] ?? page.text
    return [...select.matchAll(/value="([^"]+)"/g)].map(([, value]) => value)
  }
  // What is broken is not offered.
  expect(await options('G09')).toEqual(['thu', 'the-cong-chuc-838'])
  expect(await options('G09.01')).toEqual(['the-cong-chuc-838', 'thu'])

  const back = await ask('G09.01', null)
  await decide(back)
  await applyTemplateChange(deps(), back)
  expect(await ofAgency('G09.01')).toBe('thu')
})

test('diplomas, certificates and what is added to copies have defaults of their own; a template is chosen only for what it is', async () => {
  for (const name of ['van-bang', 'chung-chi', 'trang-xac-nhan'])
    cpSync(fileURLToPath(new URL(name, templatesFolder)), path(name), { recursive: true })
  install('chung-chi-hoc-vien', fileURLToPath(new URL('chung-chi', templatesFolder)))
  expect([await ofAgency('G09.01', 'certificate'), await ofAgency('G09.01', 'diploma')]).toEqual(['chung-chi', 'van-bang'])
  const id = await ask('G09', 'chung-chi-hoc-vien', 'certificate')
  await decide(id)
  await applyTemplateChange(deps(), id)
  expect([await ofAgency('G09.01', 'certificate'), await ofAgency('G09.01', 'diploma')]).toEqual(['chung-chi-hoc-vien', 'van-bang'])
  expect(await ofAgency('G09', 'card')).toBe('thu')
  await expect(ask('G09', 'chung-chi-hoc-vien', 'diploma')).rejects.toThrow('chung-chi-hoc-vien is not for: diploma')
  await expect(ask('G09', 'thu', 'certificate')).rejects.toThrow('render.template')
  const list = await request(world.app).get('/console/templates').set(asActor('admin', 'G09')).set('accept', 'text/html')
  for (const text of ['Chứng chỉ: Chứng chỉ (chung-chi-hoc-vien)', 'value="-certificate"', 'Trang xác nhận bản sao: theo đơn vị cấp trên'])
    expect(list.text).toContain(text)
})

test('the form names what is missing, keeps what was written, and takes no agency outside one’s own', async () => {
  const signedIn = asActor('admin', 'G09.01', { steppedUpAt: Date.now() / 1000 })
  const post = (fields: Record<string, string>) =>
    request(world.app)
      .post('/console/templates')
      .set(signedIn)
      .set('accept', 'text/html')
      .type('form')
      .send({ _csrf: 'token', ...fields })
  const empty = await post({ agency: 'G09.01', template: '', reason: 'Theo công văn 12' })
  expect(empty.status).toBe(422)
  for (const text of ['Hãy chọn mẫu', 'Theo công văn 12']) expect(empty.text).toContain(text)
  expect((await post({ agency: 'G09', template: 'thu' })).status).toBe(403)
  const broken = await post({ agency: 'G09.01', template: 'hong' })
  expect([broken.status, broken.text.includes('Mẫu này không dùng được: hong: template.json')]).toEqual([422, true])
  const made = await post({ agency: 'G09.01', template: 'the-cong-chuc-838' })
  expect(made.headers.location).toMatch(/^\/console\/requests\/[0-9a-f-]{36}$/)
})

test('a run of which one card does not fit its template is not begun, and the card is named; a bureau takes it', async () => {
  await db.pool.query('delete from plastics')
  const { rows } = await db.pool.query<{ serial: string }>(
    `update cards set position = $1, ended_as = null, status = 0 where serial = (select max(serial) from cards) returning serial`,
    ['Phó Trưởng phòng Tổ chức cán bộ và Kiểm tra '.repeat(4).trim()],
  )
  const print = (fields: object) =>
    request(world.app)
      .post('/console/print')
      .set(asActor('printer', 'G09'))
      .set('accept', 'text/html')
      .type('form')
      .send({ _csrf: 'token', agency: 'G09', what: 'all', template: 'the-cong-chuc-838', ...fields })
  for (const layout of ['card', 'a4']) {
    const refused = await print({ layout })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain(`Thẻ ${rows[0]!.serial} không in được theo mẫu này: Chức vụ dài quá chỗ`)
  }
  expect((await db.pool.query('select from plastics')).rowCount).toBe(0)
  expect((await print({ layout: 'bureau' })).status).toBe(303)
})
