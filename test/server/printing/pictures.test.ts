import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import sharp from 'sharp'
import { writeCardSheets } from '../../../server/printing/pdf/cardSheets.ts'
import { cardSides } from '../../../server/printing/render/cardFaces.ts'
import { renderCard } from '../../../server/printing/render/renderCard.ts'
import { renderDiploma } from '../../../server/printing/render/renderDiploma.ts'
import { templateNames, templatesFolder } from '../../../server/printing/render/template.ts'
import { ownTemplate, sampleCard, sampleDiploma, sealedUrlOf } from '../../support/cardFixtures.ts'

// The pictures of what people hold, in README and docs/templates.md. PICTURES=1 draws them anew from the templates' samples.
const root = new URL('../../../', import.meta.url)
const table = '#ebe9e4'

/** Sheets of paper or cards side by side on a table. */
async function sideBySide(pictures: Buffer[], { height, radius = 0 }: { height: number; radius?: number }): Promise<Buffer> {
  const gap = 30
  const sized = await Promise.all(
    pictures.map(async picture => {
      const { data, info } = await sharp(picture).resize({ height }).png().toBuffer({ resolveWithObject: true })
      const box = `<rect width="${info.width}" height="${height}" rx="${radius}"`
      const mask = Buffer.from(`<svg width="${info.width}" height="${height}">${box}/></svg>`)
      const card = await sharp(data)
        .composite([{ input: mask, blend: 'dest-in' }])
        .png()
        .toBuffer()
      const shadow = await sharp(Buffer.from(`<svg width="${info.width}" height="${height}">${box} fill="#000" opacity=".3"/></svg>`))
        .extend({ top: gap, bottom: gap, left: gap, right: gap, background: 'transparent' })
        .blur(7)
        .png()
        .toBuffer()
      return { card, shadow, width: info.width }
    }),
  )
  let left = gap
  const layers = sized.flatMap(({ card, shadow, width }) => {
    const at = left
    left += width + gap
    return [
      { input: shadow, left: at - gap, top: 6 },
      { input: card, left: at, top: gap },
    ]
  })
  return sharp({ create: { width: left, height: height + 2 * gap + 6, channels: 3, background: table } })
    .composite(layers)
    .webp({ quality: 84, effort: 6, smartSubsample: true })
    .toBuffer()
}

const png = async (name: string, dpi: number, sample = name) =>
  Buffer.from(await renderDiploma({ template: ownTemplate(name), diploma: sampleDiploma(sample) }).png(dpi))

async function card(name: string): Promise<Buffer> {
  const rendering = renderCard({ template: ownTemplate(name), card: sampleCard(name) })
  const sides = await Promise.all(cardSides.map(async side => Buffer.from(await rendering.png(400, side))))
  return sideBySide(sides, { height: 390, radius: 23 })
}

/** The first sheet of a print run, fronts and backs, as poppler draws it. */
async function sheets(): Promise<Buffer> {
  const dir = mkdtempSync(join(tmpdir(), 'antin-pictures-'))
  try {
    const chunks: Uint8Array[] = []
    const cards = Array.from({ length: 8 }, (_, i) => sampleCard(undefined, { sealedUrl: sealedUrlOf(`sheet${i}`) }))
    writeCardSheets({ template: ownTemplate('the-cong-chuc-838'), cards }, chunk => chunks.push(chunk))
    writeFileSync(join(dir, 'sheets.pdf'), Buffer.concat(chunks))
    execFileSync('pdftoppm', ['-r', '100', '-png', join(dir, 'sheets.pdf'), join(dir, 'sheet')])
    return await sideBySide(
      ['sheet-1.png', 'sheet-2.png'].map(file => readFileSync(join(dir, file))),
      { height: 640 },
    )
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const pictures: Record<string, () => Promise<Buffer>> = {
  'the-cong-chuc-838': () => card('the-cong-chuc-838'),
  'don-gian-hien-dai': () => card('don-gian-hien-dai'),
  'van-bang': async () => sideBySide([await png('van-bang', 100)], { height: 740 }),
  'chung-chi': async () => sideBySide([await png('chung-chi', 100)], { height: 740 }),
  'ban-sao-tu-so-goc': async () => sideBySide([await png('ban-sao-tu-so-goc', 100)], { height: 900 }),
  // A copy of a registered file, and the page that is added to it.
  'trang-xac-nhan': async () => sideBySide([await png('van-bang', 90, 'trang-xac-nhan'), await png('trang-xac-nhan', 90)], { height: 620 }),
  'to-in-a4': sheets,
}

test('README shows every template; each picture is there and has at most 150 kB', async () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8')
  expect(Object.keys(pictures)).toEqual(expect.arrayContaining(templateNames(fileURLToPath(templatesFolder))))
  for (const [name, draw] of Object.entries(pictures)) {
    const file = fileURLToPath(new URL(`docs/pictures/${name}.webp`, root))
    if (process.env.PICTURES) writeFileSync(file, await draw())
    expect(statSync(file).size).toBeLessThan(150_000)
    expect(readme).toContain(`docs/pictures/${name}.webp`)
  }
})
