import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import { renderCard } from '../server/printing/render/renderCard.ts'
import { loadTemplate, templatesFolder } from '../server/printing/render/template.ts'
import { referenceCards } from './render.ts'
import { conditions, type Grey, onTable, scale, seeded } from './rendered/scanCorpus.ts'
import type { Report } from './report.ts'

const CARDS = Number(process.env.SCAN_CARDS ?? 25)
const goals = { sealed: 98, short: 99 } as const

/** Share of cards whose code is read, for each condition and decoder, in percent; goals 98 (sealed) and 99 (short) over all. */
export async function run(report: Report): Promise<void> {
  const wasm = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')
  await prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer as ArrayBuffer }, fireImmediately: true })
  const hasZbar = spawnSync('zbarimg', ['--version']).status === 0
  if (!hasZbar) report.note('zbarimg (apt package zbar-tools) is absent: zxing-wasm only')
  const template = loadTemplate(fileURLToPath(new URL('the-cong-chuc-838', templatesFolder)))
  const cards = await referenceCards(CARDS)
  const folder = mkdtempSync(join(tmpdir(), 'antin-scan-'))
  try {
    for (const [code, side] of [
      ['sealed', 'back'],
      ['short', 'front'],
    ] as const) {
      const tables = await Promise.all(cards.map(async card => onTable(await renderCard({ template, card }).png(300, side))))
      const total = { zxing: 0, zbar: 0 }
      for (const condition of conditions) {
        const name = `${code}, ${condition.beyond ? 'beyond: ' : ''}${condition.name}`
        const read = { zxing: 0, zbar: 0 }
        for (const [i, card] of cards.entries()) {
          const random = seeded(i * 1000 + conditions.indexOf(condition))
          const picture = await condition.apply(tables[i] as Grey, random)
          const expected = code === 'sealed' ? card.sealedUrl : card.shortUrl
          if (await zxingReads(picture, expected)) read.zxing++
          if (hasZbar && (await zbarReads(picture, expected, folder))) read.zbar++
        }
        if (!condition.beyond) {
          total.zxing += read.zxing
          total.zbar += read.zbar
        }
        report({ case: `${name}: zxing-wasm`, rate: (read.zxing / CARDS) * 100, unit: '%' })
        if (hasZbar) report({ case: `${name}: zbar`, rate: (read.zbar / CARDS) * 100, unit: '%' })
      }
      const share = (count: number) => (count / CARDS / conditions.filter(condition => !condition.beyond).length) * 100
      report({ case: `${code}, all: zxing-wasm`, rate: share(total.zxing), unit: '%', limit: goals[code] })
      if (hasZbar) report({ case: `${code}, all: zbar`, rate: share(total.zbar), unit: '%', limit: goals[code] })
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** As the scanner page does: as it is, then at twice and half the size. */
async function zxingReads(picture: Grey, expected: string): Promise<boolean> {
  for (const factor of [1, 2, 0.5]) {
    const { width, height, pixels } = factor === 1 ? picture : await scale(picture, factor)
    const data = new Uint8ClampedArray(width * height * 4)
    for (let i = 0; i < pixels.length; i++) data.fill(pixels[i] as number, i * 4, i * 4 + 3).fill(255, i * 4 + 3, i * 4 + 4)
    const results = await readBarcodes({ width, height, data, colorSpace: 'srgb' } as Parameters<typeof readBarcodes>[0], {
      formats: ['QRCode'],
      tryHarder: true,
      maxNumberOfSymbols: 2,
    })
    if (results.some(result => result.text === expected)) return true
  }
  return false
}

async function zbarReads(picture: Grey, expected: string, folder: string): Promise<boolean> {
  for (const factor of [1, 2, 0.5]) {
    const { width, height, pixels } = factor === 1 ? picture : await scale(picture, factor)
    const path = join(folder, 'picture.png')
    writeFileSync(
      path,
      await sharp(pixels, { raw: { width, height, channels: 1 } })
        .png({ compressionLevel: 1 })
        .toBuffer(),
    )
    try {
      const out = execFileSync('zbarimg', ['-q', '--raw', '--nodbus', '-Sdisable', '-Sqrcode.enable', path], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      if (out.toString('utf8').split('\n').includes(expected)) return true
    } catch {
      // Exit code 4: nothing was read.
    }
  }
  return false
}
