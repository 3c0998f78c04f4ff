import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { PdfDocument } from '../../../core/pdf/pdfDocument.ts'
import { writeCardPdf } from '../../../server/printing/pdf/cardPdf.ts'
import { writeCardSheets } from '../../../server/printing/pdf/cardSheets.ts'
import { streamCards } from '../../../server/printing/pdf/streamCards.ts'
import { bronzeDrumSvg } from '../../../server/printing/render/bronzeDrum.ts'
import { cardSides, faceDocument } from '../../../server/printing/render/cardFaces.ts'
import { charactersOf } from '../../../server/printing/render/fontCoverage.ts'
import { ornamentalFrameSvg } from '../../../server/printing/render/ornamentalFrame.ts'
import { placeholderEmblemSvg } from '../../../server/printing/render/placeholderEmblem.ts'
import { placeQrs } from '../../../server/printing/render/qrPlacement.ts'
import { renderCard } from '../../../server/printing/render/renderCard.ts'
import { loadTemplate, type Template, templateNames, templatesFolder } from '../../../server/printing/render/template.ts'
import { compileTypst, typstSvg } from '../../../server/printing/render/typst.ts'
import { ownTemplate, readQrs, sampleCard, sealedUrlOf } from '../../support/cardFixtures.ts'
import { thrownCode } from '../../support/thrownCode.ts'

const dir = mkdtempSync(join(tmpdir(), 'antin-cards-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const has = (command: string) => spawnSync(command, ['--version']).error === undefined
const cardTemplates = ['the-cong-chuc-838', 'don-gian-hien-dai']

/** The template with one file's text replaced. */
function changed(template: Template, path: string, from: string, to: string): Template {
  const text = Buffer.from(template.files.get(path) as Uint8Array).toString('utf8')
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`)
  const files = new Map(template.files).set(path, Buffer.from(text.replace(from, to)))
  return { ...template, digest: `${from}${to}`.replace(/[^0-9a-f]/g, '0').padEnd(16, '0'), files }
}

function runPdf(write: typeof writeCardPdf, cards: number, changes = {}): Uint8Array {
  const chunks: Uint8Array[] = []
  const all = Array.from({ length: cards }, (_, i) =>
    sampleCard(undefined, { sealedUrl: sealedUrlOf(`run${i}`), serial: `G09-26-${i}`, ...changes }),
  )
  write({ template: ownTemplate('the-cong-chuc-838'), cards: all, title: 'Đợt in' }, chunk => chunks.push(chunk))
  return new Uint8Array(Buffer.concat(chunks))
}

async function pageBoxes(pdf: Uint8Array): Promise<number[][]> {
  const document = await PdfDocument.open(pdf)
  const catalog = await document.dict(document.trailer.get('Root'))
  const kids = (await document.array((await document.dict(catalog?.get('Pages')))?.get('Kids'))) ?? []
  return Promise.all(kids.map(async kid => (await document.array((await document.dict(kid))?.get('MediaBox'))) as number[]))
}

test.each(cardTemplates)(
  '%s: two pages of ID-1 size, codes that read back from 300 and 600 dpi, and no dark pixel out of grid',
  async name => {
    const template = ownTemplate(name)
    const card = sampleCard(name)
    const rendering = renderCard({ template, card })
    const boxes = await pageBoxes(rendering.pdf())
    expect(boxes).toHaveLength(2)
    for (const [x, y, width, height] of boxes) {
      expect([x, y]).toEqual([0, 0])
      expect(width! / 72).toBeCloseTo(85.725 / 25.4, 4)
      expect(height! / 72).toBeCloseTo(53.975 / 25.4, 4)
    }
    for (const dpi of [300, 600]) {
      expect((await readQrs(await rendering.png(dpi, 'front'))).map(each => each.text)).toEqual([card.shortUrl])
      expect((await readQrs(await rendering.png(dpi, 'back'))).map(each => each.text)).toEqual([card.sealedUrl])
    }
    // At 300 dpi every pixel around the code is pure black or white: modules are whole dots.
    const [code] = await readQrs(await rendering.png(300, 'back'))
    const region = { left: Math.round(code!.x) + 2, top: Math.round(code!.y) + 2, width: 200, height: 200 }
    const pixels = await sharp(await rendering.png(300, 'back'))
      .greyscale()
      .extract(region)
      .raw()
      .toBuffer()
    expect(new Set(pixels)).toEqual(new Set([0, 255]))
  },
)

test('same card, same bytes: PDF, PNG and SVG; another name, other bytes', async () => {
  const template = ownTemplate('the-cong-chuc-838')
  const first = renderCard({ template, card: sampleCard() })
  const pdf = Buffer.from(first.pdf())
  renderCard({ template, card: sampleCard(undefined, { fullName: 'Đỗ Thị Ngọc Ẩn' }) }).pdf()
  const again = renderCard({ template: ownTemplate('the-cong-chuc-838'), card: sampleCard() })
  expect(pdf.equals(again.pdf())).toBe(true)
  expect(again.svg('front')).toBe(first.svg('front'))
  expect(Buffer.from(await again.png(300, 'back')).equals(await first.png(300, 'back'))).toBe(true)
  expect(pdf.equals(renderCard({ template, card: sampleCard(undefined, { fullName: 'Đỗ Thị Ngọc Ẩn' }) }).pdf())).toBe(false)
  expect(pdf.toString('latin1')).not.toMatch(/\/(Creation|Mod)Date/)
})

const vietnamese = [...'aăâeêioôơuưyAĂÂEÊIOÔƠUƯY']
  .flatMap(vowel => ['', '\u0300', '\u0301', '\u0303', '\u0309', '\u0323'].map(tone => (vowel + tone).normalize('NFC')))
  .concat([...'bcdđghklmnpqrstvxBCDĐGHKLMNPQRSTVXfjwzFJWZ0123456789'])
const highland = [...'ĕŏŭĭčñƀĔŎŬĬČÑɃ', 'ê̆', 'ô̆', 'ơ̆', 'ư̆', 'Ê̆', 'Ô̆', 'Ơ̆', 'Ư̆', '’']

test('every Vietnamese letter, and those of Tây Nguyên names, has a glyph of its own in every weight', () => {
  const glyphs = (text: string, weight: number) => {
    const source = `#set page(width: 60mm, height: 40mm, margin: 1mm)\n#set text(font: ("Be Vietnam Pro", "DejaVu Sans Mono"), fallback: false, weight: ${weight})\n#text(${JSON.stringify(text)})`
    return (typstSvg(compileTypst(source)).match(/<use xlink:href="[^"]+"/g) ?? []).join()
  }
  for (const weight of [400, 500, 600, 700, 800]) {
    // What has no glyph draws nothing at all.
    expect(glyphs('\u{F8F0}', weight)).toBe('')
    const drawn = new Map([...vietnamese, ...highland].map(letter => [letter, glyphs(letter, weight)]))
    for (const [letter, glyph] of drawn) expect([letter, glyph]).not.toEqual([letter, ''])
    expect(new Set(drawn.values()).size).toBe(drawn.size)
  }
  expect(vietnamese.every(letter => charactersOf('Be Vietnam Pro 600').has(letter.codePointAt(0) as number))).toBe(true)
})

test('a letter without glyph is refused by field and code point, never printed as a box', () => {
  const template = ownTemplate('the-cong-chuc-838')
  const refused = (fullName: string) => {
    try {
      renderCard({ template, card: sampleCard(undefined, { fullName }) }).pdf()
    } catch (error) {
      return String(error)
    }
    return ''
  }
  expect(refused('Nguyễn 漢')).toBe('AppError: render.font: fullName: no glyph for U+6F22 in Be Vietnam Pro 400')
  expect(refused('Nguyễn Thị'.normalize('NFD'))).toContain('fullName: text is not NFC')
  expect(refused('Y Thih Ayŭn Niê Kđăm ê̆ ƀ')).toBe('')
})

test('a long text shrinks to a limit, is then refused by the field’s name, and is never cut', () => {
  const template = ownTemplate('the-cong-chuc-838')
  const names = ['Nguyễn Thị Hoàng Phương Khánh', 'Nguyễn Hoàng Phương Khánh Linh Thùy Dương', 'H’Brơih Niê Kđăm']
  for (const fullName of names) expect(() => renderCard({ template, card: sampleCard(undefined, { fullName }) }).svg('front')).not.toThrow()
  for (const field of ['fullName', 'position', 'managingAgency', 'usingAgency', 'cardNumber', 'serial', 'verifyAddress'] as const) {
    const card = sampleCard(undefined, { [field]: 'Nguyễn Đỗ Khương Thượng '.repeat(30).trim() })
    expect(() => renderCard({ template, card }).pdf()).toThrow(`render.text: ${field} does not fit`)
  }
  const oneWord = sampleCard(undefined, { position: 'W'.repeat(80) })
  expect(() => renderCard({ template, card: oneWord }).pdf()).toThrow('render.text: position does not fit')
  expect(thrownCode(() => renderCard({ template, card: sampleCard(undefined, { position: '' }) }).pdf())).toBe('render.text')
})

test.each(cardTemplates)('%s: every card number has its place, of the widest digits too', name => {
  const template = ownTemplate(name)
  for (const digit of '0123456789') {
    for (const kind of ['CB', 'CC', 'VC', 'XA', 'XA0', 'HĐ']) {
      const card = sampleCard(name, { cardNumber: `H${digit}${digit}.${digit.repeat(12)}.${kind}` })
      expect(thrownCode(() => faceDocument(template, [card]))).toBe('none')
    }
  }
})

test.each(cardTemplates)('%s: no text, however long, comes under a code or its quiet zone', async name => {
  const template = ownTemplate(name)
  const words = 'Ỹ Gợ Nguyễn Hữu Phụng trưởng quản lý'.split(' ')
  const textOf = (count: number) => Array.from({ length: count }, (_, i) => words[i % words.length]).join(' ')
  const fields = ['fullName', 'position', 'usingAgency'] as const
  const fits = (field: string, text: string) => thrownCode(() => faceDocument(template, [sampleCard(name, { [field]: text })])) === 'none'
  const longest = Object.fromEntries(
    fields.map(field => [field, Array.from({ length: 60 }, (_, i) => i + 2).findLast(count => fits(field, textOf(count)))!]),
  )
  // Of every length: what fills its lines at full size reaches lower than what had to shrink.
  for (let count = 2; count <= Math.max(...Object.values(longest)); count++) {
    const texts = Object.fromEntries(fields.map(field => [field, textOf(Math.min(count, longest[field]!))]))
    const card = sampleCard(name, { sample: false, ...texts })
    for (const side of cardSides) {
      const codes = placeQrs(template, card, side, false)
      const svg = typstSvg(faceDocument(template, [card], { sides: [side] }))
      const { data, info } = await sharp(Buffer.from(svg), { density: 150 }).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
      const pixels = info.width / ((template.size.width / 25.4) * 300)
      for (const { qr, moduleDots, left, top } of codes) {
        const [from, to] = [-4 * moduleDots, (qr.size + 4) * moduleDots]
        let ink = 0
        for (let y = Math.ceil((top + from) * pixels); y < (top + to) * pixels; y++)
          for (let x = Math.ceil((left + from) * pixels); x < (left + to) * pixels; x++)
            ink += Number(data[(y * info.width + x) * 4 + 3]! > 32)
        expect([card.position, ink]).toEqual([card.position, 0])
      }
    }
  }
})

test('a preview is marked and carries no live code, in any form', async () => {
  for (const name of cardTemplates) {
    const card = sampleCard(name)
    const preview = renderCard({ template: ownTemplate(name), card, preview: true })
    for (const side of cardSides) {
      const texts = (await readQrs(await preview.png(300, side))).map(each => each.text)
      expect(texts.filter(text => text.includes('http'))).toEqual([])
    }
    expect(Buffer.from(preview.pdf()).equals(renderCard({ template: ownTemplate(name), card }).pdf())).toBe(false)
  }
})

test('a broken template gives file, line and reason', () => {
  const template = ownTemplate('the-cong-chuc-838')
  const card = sampleCard()
  const pdf = (broken: Template) => () => renderCard({ template: broken, card }).pdf()
  expect(pdf(changed(template, 'front.typ', '#let red = rgb("#b5121b")', '#let red = rgb("#b5121b"'))).toThrow(
    /render\.template: front\.typ:4:\d+: unclosed delimiter/,
  )
  expect(pdf(changed(template, 'back.typ', 'card.serial', 'card.seriall'))).toThrow(
    /render\.template: back\.typ:\d+:\d+: dictionary does not contain key/,
  )
  expect(pdf(changed(template, 'front.typ', '#let face(card, spec) = {', '#let face(card, spec) = {\n  pagebreak()'))).toThrow(
    'render.template',
  )
  const folder = join(dir, 'broken')
  expect(() => loadTemplate(folder)).toThrow('render.template: template.json: no such file')
  execFileSync('cp', ['-r', new URL('the-cong-chuc-838', templatesFolder).pathname, folder])
  const manifest = JSON.parse(readFileSync(join(folder, 'template.json'), 'utf8'))
  writeFileSync(join(folder, 'template.json'), JSON.stringify({ ...manifest, qr: [{ ...manifest.qr[0], moduleDots: 2 }] }))
  expect(() => loadTemplate(folder)).toThrow(/template\.json: qr\.0\.moduleDots/)
  writeFileSync(join(folder, 'template.json'), JSON.stringify({ ...manifest, assets: ['assets/none.svg'] }))
  expect(() => loadTemplate(folder)).toThrow('assets/none.svg is named but missing')
  writeFileSync(join(folder, 'template.json'), '{')
  expect(() => loadTemplate(folder)).toThrow('render.template: template.json:')
})

test('an emblem that an agency supplies takes the placeholder’s place and its mark', () => {
  const supplied = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" width="10" height="10"><circle cx="5" cy="5" r="5" fill="#123456"/></svg>',
  )
  const folder = new URL('the-cong-chuc-838', templatesFolder).pathname
  const template = loadTemplate(folder, { 'assets/bieu-trung.svg': supplied })
  expect(template.emblem?.placeholder).toBe(false)
  const svg = renderCard({ template, card: sampleCard() }).svg('front')
  expect(svg).toContain('#123456')
  expect(svg).not.toBe(renderCard({ template: ownTemplate('the-cong-chuc-838'), card: sampleCard() }).svg('front'))
})

test('a photo that is no JPEG, or CMYK, is refused; one of another shape is cropped, not stretched', async () => {
  const template = ownTemplate('the-cong-chuc-838')
  const png = new Uint8Array(
    await sharp({ create: { width: 30, height: 40, channels: 3, background: '#888' } })
      .png()
      .toBuffer(),
  )
  const cmyk = new Uint8Array(
    await sharp({ create: { width: 30, height: 40, channels: 3, background: '#888' } })
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer(),
  )
  for (const photo of [png, cmyk, new Uint8Array([0xff, 0xd8, 0xff])])
    expect(thrownCode(() => renderCard({ template, card: sampleCard(undefined, { photo }) }).pdf())).toBe('render.image')
  const wide = new Uint8Array(
    await sharp({ create: { width: 400, height: 300, channels: 3, background: '#888' } })
      .jpeg()
      .toBuffer(),
  )
  const pdf = Buffer.from(renderCard({ template, card: sampleCard(undefined, { photo: wide }) }).pdf())
  expect(pdf.includes(Buffer.from(wide))).toBe(true)
})

test('the drawings in card-templates are what our own programs draw', () => {
  const drawn: Record<string, string> = {
    'the-cong-chuc-838/assets/trong-dong-vang.svg': bronzeDrumSvg('#e8ae22'),
    'the-cong-chuc-838/assets/trong-dong-do.svg': bronzeDrumSvg('#c8323a'),
    'the-cong-chuc-838/assets/bieu-trung.svg': placeholderEmblemSvg('#ffd23f', '#b5121b'),
    'don-gian-hien-dai/assets/trong-dong.svg': bronzeDrumSvg('#eef2f6'),
    'don-gian-hien-dai/assets/bieu-trung.svg': placeholderEmblemSvg('#f2c230', '#c1272d'),
    'van-bang/assets/trong-dong.svg': bronzeDrumSvg('#f6ead0'),
    'van-bang/assets/bieu-trung.svg': placeholderEmblemSvg('#f2c230', '#a8121b'),
    'van-bang/assets/khung.svg': ornamentalFrameSvg(297, 210, '#c8962e', '#a8121b'),
    'chung-chi/assets/trong-dong.svg': bronzeDrumSvg('#e6f1ea'),
    'chung-chi/assets/bieu-trung.svg': placeholderEmblemSvg('#f2c230', '#a8121b'),
    'chung-chi/assets/khung.svg': ornamentalFrameSvg(297, 210, '#1f7a66', '#c8962e'),
    'ban-sao-tu-so-goc/assets/trong-dong.svg': bronzeDrumSvg('#f6f2ec'),
    'trang-xac-nhan/assets/trong-dong.svg': bronzeDrumSvg('#f6f2ec'),
  }
  const found = templateNames(templatesFolder.pathname).flatMap(name =>
    loadTemplate(new URL(name, templatesFolder).pathname).assets.map(asset => `${name}/${asset}`),
  )
  expect(found.sort()).toEqual(Object.keys(drawn).sort())
  for (const [path, svg] of Object.entries(drawn)) {
    const file = new URL(path, templatesFolder)
    if (process.env.UPDATE) writeFileSync(file, svg)
    expect(readFileSync(file, 'utf8')).toBe(svg)
  }
})

test('a run of 60 cards in one file: two pages a card, photo and ground once each, the same bytes each time', async () => {
  const pdf = Buffer.from(runPdf(writeCardPdf, 60))
  expect(await pageBoxes(pdf)).toHaveLength(120)
  expect(pdf.equals(runPdf(writeCardPdf, 60))).toBe(true)
  expect(pdf.length / 60).toBeLessThan(25_000)
})

test('a stream of cards has the bytes of the same cards written at once, and gives the event loop its turns', async () => {
  const cards = Array.from({ length: 30 }, (_, i) => sampleCard(undefined, { sealedUrl: sealedUrlOf(`run${i}`), serial: `G09-26-${i}` }))
  const template = ownTemplate('the-cong-chuc-838')
  for (const layout of ['cr80', 'a4'] as const) {
    const chunks: Uint8Array[] = []
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    for await (const chunk of streamCards({ template, layout, title: 'Đợt in', cards })) chunks.push(chunk)
    clearInterval(timer)
    expect(Buffer.concat(chunks).equals(runPdf(layout === 'a4' ? writeCardSheets : writeCardPdf, 30))).toBe(true)
    if (layout === 'a4') expect(turns).toBeGreaterThan(1)
  }
})

test('A4 sheets: eight cards a sheet, backs mirrored so that they meet their fronts, codes sharp', async () => {
  const pdf = runPdf(writeCardSheets, 9)
  expect(await pageBoxes(pdf)).toHaveLength(4)
  expect(Buffer.from(pdf).includes('/Duplex/DuplexFlipLongEdge')).toBe(true)
  expect(Buffer.from(runPdf(writeCardPdf, 1)).includes('/Duplex/DuplexFlipShortEdge')).toBe(true)
  if (!has('pdftoppm')) return console.log('pdftoppm is absent (apt package poppler-utils): sheets are not looked at')
  const file = join(dir, 'sheets.pdf')
  writeFileSync(file, pdf)
  execFileSync('pdftoppm', ['-r', '200', '-gray', '-png', file, join(dir, 'sheet')])
  const backs = await readQrs(readFileSync(join(dir, 'sheet-2.png')))
  expect(backs).toHaveLength(8)
  const place = (n: number) => backs.find(back => back.text === sealedUrlOf(`run${n}`))!
  expect(place(0).x).toBeGreaterThan(place(1).x)
  expect(place(2).y).toBeGreaterThan(place(0).y)
  const last = await readQrs(readFileSync(join(dir, 'sheet-4.png')))
  expect(last.map(each => each.text)).toEqual([sealedUrlOf('run8')])
  // The only card of the last sheet is left on the front and right on the back.
  expect(last[0]!.x).toBeGreaterThan(((210 / 25.4) * 200) / 2)
  const front = await readQrs(readFileSync(join(dir, 'sheet-3.png')))
  expect(front[0]!.x).toBeLessThan(((210 / 25.4) * 200) / 2)
})

test('what poppler draws from the PDF reads back with zbar', () => {
  if (!has('pdftoppm') || spawnSync('zbarimg', ['--version']).error)
    return console.log('pdftoppm or zbarimg is absent (apt packages poppler-utils, zbar-tools)')
  const card = sampleCard()
  const file = join(dir, 'card.pdf')
  writeFileSync(file, renderCard({ template: ownTemplate('the-cong-chuc-838'), card }).pdf())
  execFileSync('pdftoppm', ['-r', '300', '-png', file, join(dir, 'card')])
  const read = (page: number) =>
    execFileSync('zbarimg', ['-q', '--raw', '--nodbus', join(dir, `card-${page}.png`)], {
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    }).trim()
  expect(read(1)).toBe(card.shortUrl)
  expect(read(2)).toBe(card.sealedUrl)
})
