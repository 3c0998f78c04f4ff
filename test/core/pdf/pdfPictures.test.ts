import { deflateSync } from 'node:zlib'
import { PDFDocument, PDFHexString, PDFWriter } from '@cantoo/pdf-lib'
import { expect, test } from '@jest/globals'
import sharp from 'sharp'
import { PdfDocument } from '../../../core/pdf/pdfDocument.ts'
import { type PdfPicture, pdfPictures } from '../../../core/pdf/pdfPictures.ts'

const width = 5
const height = 3
const greys = [0, 255, 51, 204, 102, 153, 0, 0, 255, 255, 51, 51, 204, 102, 0]

async function picturesOf(pdf: Uint8Array): Promise<PdfPicture[]> {
  const found: PdfPicture[] = []
  for await (const picture of pdfPictures(await PdfDocument.open(pdf))) found.push(picture)
  return found
}

/** A PDF with one picture in FlateDecode; `dict` is what differs from a grey one of eight bits. */
async function pdfWith(samples: Uint8Array | readonly number[], dict: Record<string, unknown> = {}): Promise<Uint8Array> {
  const document = await PDFDocument.create()
  const { context } = document
  const whole = { Type: 'XObject', Subtype: 'Image', Width: width, Height: height, ColorSpace: 'DeviceGray', BitsPerComponent: 8 }
  context.register(context.stream(deflateSync(Uint8Array.from(samples)), { ...whole, Filter: 'FlateDecode', ...dict } as never))
  return document.save()
}

const redOf = (picture: PdfPicture | undefined) =>
  picture?.content instanceof Uint8Array ? 'a file' : [...(picture?.content.data ?? [])].filter((_, i) => i % 4 === 0)

test('a picture that a PDF writer embedded comes out pixel by pixel', async () => {
  const rgb = Buffer.from(Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 37) % 256))
  const png = await sharp(rgb, { raw: { width: 40, height: 30, channels: 3 } })
    .png()
    .toBuffer()
  const document = await PDFDocument.create()
  document.addPage().drawImage(await document.embedPng(new Uint8Array(png)))
  const [picture] = await picturesOf(await document.save())
  expect([picture?.width, picture?.height]).toEqual([40, 30])
  const { data } = picture!.content as { data: Uint8ClampedArray }
  expect(Buffer.from(data.filter((_, i) => i % 4 !== 3)).equals(rgb)).toBe(true)
})

const up = Array.from({ length: height }, (_, y) => [
  2,
  ...greys.slice(y * width, y * width + width).map((grey, x) => (grey - (y > 0 ? greys[(y - 1) * width + x]! : 0)) & 255),
]).flat()

test.each([
  ['grey', greys, {}],
  ['with PNG predictors', up, { DecodeParms: { Predictor: 15, Columns: width, Colors: 1, BitsPerComponent: 8 } }],
  [
    'with its filter and predictor in arrays',
    up,
    { Filter: ['FlateDecode'], DecodeParms: [{ Predictor: 15, Columns: width, Colors: 1, BitsPerComponent: 8 }] },
  ],
  ['RGB', greys.flatMap(grey => [grey, grey, grey]), { ColorSpace: 'DeviceRGB' }],
  ['CMYK', greys.flatMap(grey => [0, 0, 0, 255 - grey]), { ColorSpace: 'DeviceCMYK' }],
  ['four bits', [0x0f, 0x3c, 0x60, 0x90, 0x0f, 0xf0, 0x33, 0xc6, 0x00], { BitsPerComponent: 4 }],
])('%s', async (_, samples, dict) => {
  expect(redOf((await picturesOf(await pdfWith(samples, dict)))[0])).toEqual(greys)
})

test('one bit a pixel, also with PNG predictors', async () => {
  const bits = [0, 255, 0, 255, 0, 255, 255, 0, 0, 0, 0, 0, 255, 255, 255]
  const rows = [0b01010_000, 0b11000_000, 0b00111_000]
  expect(redOf((await picturesOf(await pdfWith(rows, { BitsPerComponent: 1 })))[0])).toEqual(bits)
  const filtered = [0, rows[0]!, 2, (rows[1]! - rows[0]!) & 255, 2, (rows[2]! - rows[1]!) & 255]
  const parameters = { Predictor: 15, Columns: width, Colors: 1, BitsPerComponent: 1 }
  expect(redOf((await picturesOf(await pdfWith(filtered, { BitsPerComponent: 1, DecodeParms: parameters })))[0])).toEqual(bits)
})

test('a palette', async () => {
  const indices = greys.map(grey => [0, 51, 102, 153, 204, 255].indexOf(grey))
  const colours = [0, 51, 102, 153, 204, 255].map(grey => grey.toString(16).padStart(2, '0').repeat(3)).join('')
  const space = ['Indexed', 'DeviceRGB', 5, PDFHexString.of(colours)]
  expect(redOf((await picturesOf(await pdfWith(indices, { ColorSpace: space })))[0])).toEqual(greys)
})

test('too few samples, too many, unknown colours and sizes are passed over', async () => {
  for (const [samples, dict] of [
    [greys.slice(1), {}],
    [[...greys, ...greys], {}],
    [greys, { BitsPerComponent: 16 }],
    [greys, { ColorSpace: 'Pattern' }],
    [greys, { Width: 0 }],
    [greys, { Width: 50_000, Height: 50_000 }],
    [greys, { Filter: 'LZWDecode' }],
    [greys, { Subtype: 'Form' }],
  ] as [number[], Record<string, unknown>][]) {
    expect(await picturesOf(await pdfWith(samples, dict))).toEqual([])
  }
})

test('bombs in the dress of pictures end with the budget of the file: what follows them is not looked at', async () => {
  const bomb = deflateSync(Buffer.alloc(60_000_000))
  const page = { Subtype: 'Image', Width: 4000, Height: 3700, ColorSpace: 'DeviceCMYK', BitsPerComponent: 8, Filter: 'FlateDecode' }
  const honest = { ...page, Width: width, Height: height, ColorSpace: 'DeviceGray' }
  const foundAfter = async (bombs: number) => {
    const { context } = await PDFDocument.create()
    for (let i = 0; i < bombs; i++) context.register(context.stream(bomb, page as never))
    context.register(context.stream(deflateSync(Uint8Array.from(greys)), honest as never))
    return (await picturesOf(await PDFWriter.forContext(context, 50).serializeToBuffer())).map(redOf)
  }
  expect(await foundAfter(0)).toEqual([greys])
  expect(await foundAfter(2)).toEqual([])
})
