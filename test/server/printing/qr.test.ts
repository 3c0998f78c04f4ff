import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import QRCode from 'qrcode'
import sharp from 'sharp'
import { qrModules } from '../../../server/printing/qr/qrModules.ts'
import { qrPdfPath, qrRectangles } from '../../../server/printing/qr/qrPath.ts'
import { qrPng } from '../../../server/printing/qr/qrPng.ts'
import { qrSvg } from '../../../server/printing/qr/qrSvg.ts'
import { readQrs, sealedUrlOf } from '../../support/cardFixtures.ts'
import { thrownCode } from '../../support/thrownCode.ts'

const short = 'https://the.moha.gov.vn/t/AAECAwQFBgcICQoLDA0ODw'

test('a symbol is the one that the qrcode package draws, module by module, up to version 27', () => {
  const lengths = fc.oneof(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 900, max: 2600 }))
  const digitTexts = lengths.chain(length => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length }))
  fc.assert(
    fc.property(digitTexts, digits => {
      const prefix = 'https://h.vn/v#'
      const segments = [
        { mode: 'byte', data: Buffer.from(prefix) },
        { mode: 'numeric', data: digits },
      ] as unknown as Parameters<typeof QRCode.create>[0]
      const own = qrModules(prefix + digits, 40)
      expect(Buffer.from(own.dark).equals(QRCode.create(segments, { errorCorrectionLevel: 'M' }).modules.data)).toBe(true)
    }),
    { numRuns: 80 },
  )
  for (let length = 1; length < 130; length += 7) {
    const text = 'aB/'.repeat(50).slice(0, length)
    const theirs = QRCode.create([{ mode: 'byte', data: Buffer.from(text) }] as never, { errorCorrectionLevel: 'M' })
    expect(Buffer.from(qrModules(text).dark).equals(theirs.modules.data)).toBe(true)
  }
})

test('the reference sealed QR is version 12, the short one version 4; what outgrows its place is refused', () => {
  expect(qrModules(sealedUrlOf('a')).version).toBe(12)
  expect(qrModules(short, 4).size).toBe(33)
  expect(thrownCode(() => qrModules(sealedUrlOf('a'), 11))).toBe('render.qr')
  expect(thrownCode(() => qrModules(`https://h.vn/v#${'7'.repeat(9000)}`, 40))).toBe('render.qr')
})

test('rectangles cover each dark module exactly once, in numbers and as PDF operators', () => {
  for (const qr of [qrModules(short), qrModules(sealedUrlOf('cover'))]) {
    const seen = new Uint8Array(qr.size * qr.size)
    const at = qrRectangles(qr)
    for (let k = 0; k < at.length; k += 4)
      for (let j = at[k + 1]!; j < at[k + 1]! + at[k + 3]!; j++) for (let i = at[k]!; i < at[k]! + at[k + 2]!; i++) seen[j * qr.size + i]!++
    expect(Buffer.from(seen).equals(qr.dark)).toBe(true)
    const rectangles = qrPdfPath(qr).trim().split('\n')
    expect(rectangles.flatMap(line => line.replace(' re', '').split(' ').map(Number))).toEqual([...at])
  }
})

test('PNG: 4 pixels a module at 300 dpi, quiet zone of 4 modules, the same bytes each time, and it reads back', async () => {
  const url = sealedUrlOf('png')
  const png = await qrPng(url)
  const { width, height, density } = await sharp(png).metadata()
  expect([width, height, density]).toEqual([(65 + 8) * 4, (65 + 8) * 4, 300])
  expect(Buffer.from(await qrPng(url)).equals(png)).toBe(true)
  expect((await readQrs(png)).map(each => each.text)).toEqual([url])
})

test('SVG: its size in millimetres is whole dots of 1/300 inch, and it reads back', async () => {
  const svg = qrSvg(short)
  expect(svg).toContain(`width="${Math.round(((33 + 8) * 4 * 25.4 * 1000) / 300) / 1000}mm"`)
  const png = await sharp(Buffer.from(svg), { density: 300 }).png().toBuffer()
  expect((await readQrs(png)).map(each => each.text)).toEqual([short])
})
