import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import type { CardView } from '../../server/printing/render/cardView.ts'
import type { DiplomaView } from '../../server/printing/render/diplomaView.ts'
import { loadTemplate, type Template, templatesFolder } from '../../server/printing/render/template.ts'

/** A template of the project's own. */
export function ownTemplate(name: string): Template {
  return loadTemplate(folderOf(name))
}

/** Digits as long as the reference card's, the same for the same seed. */
export function sealedUrlOf(seed: string): string {
  let digits = ''
  for (let i = 0; digits.length < 613; i++) digits += BigInt(`0x${createHash('sha256').update(`${seed}${i}`).digest('hex')}`).toString()
  return `https://the.moha.gov.vn/v#${digits.slice(0, 613)}`
}

export function sampleCard(template = 'the-cong-chuc-838', changes: Partial<CardView> = {}): CardView {
  const photo = `${folderOf(template)}/sample.jpg`
  return {
    ...JSON.parse(readFileSync(`${folderOf(template)}/sample.json`, 'utf8')),
    ...(existsSync(photo) ? { photo: new Uint8Array(readFileSync(photo)) } : {}),
    sealedUrl: sealedUrlOf('card'),
    ...changes,
  }
}

export function sampleDiploma(template = 'van-bang', changes: Partial<DiplomaView> = {}): DiplomaView {
  return { ...JSON.parse(readFileSync(`${folderOf(template)}/sample.json`, 'utf8')), sealedUrl: sealedUrlOf('diploma'), ...changes }
}

const folderOf = (name: string) => fileURLToPath(new URL(name, templatesFolder))

let prepared: Promise<unknown> | undefined

/** The texts of the QR codes in a PNG, as zxing-wasm reads them, with their places in pixels. */
export async function readQrs(png: Uint8Array): Promise<{ text: string; x: number; y: number }[]> {
  prepared ??= prepareZXingModule({
    overrides: {
      wasmBinary: readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')).buffer as ArrayBuffer,
    },
    fireImmediately: true,
  })
  await prepared
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  const picture = { width: info.width, height: info.height, data: new Uint8ClampedArray(data), colorSpace: 'srgb' }
  const found = await readBarcodes(picture as Parameters<typeof readBarcodes>[0], {
    formats: ['QRCode'],
    tryHarder: true,
    maxNumberOfSymbols: 32,
  })
  return found.filter(each => each.isValid).map(({ text, position }) => ({ text, x: position.topLeft.x, y: position.topLeft.y }))
}
