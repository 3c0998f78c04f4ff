import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { installedTemplates } from '../../../server/printing/render/installedTemplates.ts'
import { templatesFolder } from '../../../server/printing/render/template.ts'
import { templateProblem } from '../../../server/printing/render/templateProblem.ts'

const dir = mkdtempSync(join(tmpdir(), 'antin-broken-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** The PNG signature and header of a picture of this size; nobody reads further. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.from('89504e470d0a1a0a0000000d49484452000000000000000008000000000000000000', 'hex')
  header.writeUInt32BE(width, 16)
  header.writeUInt32BE(height, 20)
  return header
}

const replace = (file: string, from: string, to: string) => (folder: string) => {
  const text = readFileSync(join(folder, file), 'utf8')
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  writeFileSync(join(folder, file), text.replace(from, to))
}
const link = (target: string, path: string) => (folder: string) => symlinkSync(target, join(folder, path))

const faults: [string, string, (folder: string) => void, RegExp][] = [
  [
    'a field that no data has',
    'the-cong-chuc-838',
    replace('template.json', '"fullName"', '"tenNguoi"'),
    /^template\.json: fields\.tenNguoi: /,
  ],
  [
    'a code beyond the edge',
    'the-cong-chuc-838',
    replace('template.json', '"x": 67.9', '"x": 80'),
    /^template\.json: qr\.0: reaches beyond/,
  ],
  [
    'a photo beyond the edge',
    'the-cong-chuc-838',
    replace('template.json', '"x": 4.2', '"x": -1'),
    /^template\.json: photo: reaches beyond/,
  ],
  [
    'a place too small for its code',
    'van-bang',
    replace('template.json', '"size": 36', '"size": 30'),
    /^template\.json: qr\.0\.size: .* takes 36 mm$/,
  ],
  [
    'a font that is not there',
    'van-bang',
    replace('page.typ', 'style: "italic"', 'font: "Times New Roman"'),
    /^page\.typ:\d+:\d+: unknown font/,
  ],
  ['a letter that no font has', 'the-cong-chuc-838', replace('back.typ', '[Số sê-ri]', '[Số 人]'), /^back\.typ:\d+:\d+: no glyph for 人/],
  [
    'a package of the network',
    'van-bang',
    replace('page.typ', '#let', '#import "@preview/cetz:0.3.0"\n#let'),
    /^page\.typ:\d+:\d+: packages/,
  ],
  ['a link out of the folder', 'van-bang', link('/etc/hostname', 'assets/x.svg'), /^assets\/x\.svg: a link that leads out/],
  ['a link in a circle', 'van-bang', link('..', 'assets/vong'), /^assets\/vong: a link/],
  ['a link to nothing', 'van-bang', link('khong-co.svg', 'assets/x.svg'), /^assets\/x\.svg: a link that leads nowhere$/],
  [
    'a huge picture',
    'van-bang',
    f => writeFileSync(join(f, 'assets/to.png'), pngHeader(30_000, 30_000)),
    /^assets\/to\.png: 30000 × 30000 pixels/,
  ],
  ['a huge drawing', 'van-bang', f => writeFileSync(join(f, 'assets/to.svg'), ' '.repeat(2_000_001)), /^assets\/to\.svg: 2000001 bytes/],
  ['a number for a text', 'van-bang', replace('sample.json', '"Mai Ngọc Kiên"', '12'), /^sample\.json: holderName is not a text$/],
  [
    'a loop without an end',
    'van-bang',
    replace('page.typ', '#let', '#let x = { while true { } }\n#let'),
    /^page\.typ:\d+:\d+: condition is always true$/,
  ],
]

test.each(faults)('%s is named with its file, line and reason, and the templates beside it stay', (_, from, breakIt, reason) => {
  const folder = mkdtempSync(join(dir, 'mau-'))
  for (const name of [from, 'trang-xac-nhan'])
    cpSync(fileURLToPath(new URL(name, templatesFolder)), join(folder, name), { recursive: true })
  breakIt(join(folder, from))
  const found = installedTemplates(folder).map(({ name, template, problem }) => ({
    name,
    problem: template ? templateProblem(template) : problem,
  }))
  expect(found).toEqual(
    expect.arrayContaining([
      { name: from, problem: expect.stringMatching(reason) },
      { name: 'trang-xac-nhan', problem: null },
    ]),
  )
})
