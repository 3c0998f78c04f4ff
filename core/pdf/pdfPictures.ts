import type { Pixels } from '../document/pixels.ts'
import type { PdfDocument } from './pdfDocument.ts'
import { type PdfDict, PdfName, PdfRef, PdfStream, PdfString, type PdfValue } from './pdfSyntax.ts'

/** A picture of a PDF: the JPEG that it is, or its pixels. */
export interface PdfPicture {
  readonly width: number
  readonly height: number
  readonly content: Uint8Array | Pixels
}

const maxObjects = 5000
const maxPictures = 12
/** A page at 300 dots an inch has 8.7 million. */
const maxPixels = 16_000_000

/**
 * The pictures of a PDF (ISO 32000-2, 8.9.5), one by one: those that are JPEG, and those in FlateDecode alone, which printers and
 * scanners write, in grey, RGB, CMYK or with a palette. Others, and damaged ones, are passed over; an inverted one stays inverted.
 */
export async function* pdfPictures(document: PdfDocument): AsyncGenerator<PdfPicture> {
  const end = Math.min(document.size, maxObjects)
  let found = 0
  for (let number = 1; number < end && found < maxPictures; number++) {
    // One damaged object hides no other.
    const picture = await pictureOf(document, number).catch(() => undefined)
    if (!picture) continue
    found++
    yield picture
  }
}

async function pictureOf(document: PdfDocument, number: number): Promise<PdfPicture | undefined> {
  const stream = await document.resolve(new PdfRef(number, 0))
  if (!(stream instanceof PdfStream)) return undefined
  const filter = await document.resolve(stream.dict.get('Filter'))
  const names: readonly PdfValue[] = Array.isArray(filter) ? filter : [filter]
  const [only] = names
  if (names.length !== 1 || !(only instanceof PdfName)) return undefined
  const [width, height] = [await integer(document, stream.dict, 'Width'), await integer(document, stream.dict, 'Height')]
  if (only.text === 'DCTDecode') return { width, height, content: await document.rawStream(stream) }
  const subtype = await document.resolve(stream.dict.get('Subtype'))
  if (only.text !== 'FlateDecode' || !(subtype instanceof PdfName) || subtype.text !== 'Image') return undefined
  if (width < 1 || height < 1 || width * height > maxPixels) return undefined
  const colours = await coloursOf(document, stream.dict)
  if (!colours) return undefined
  // A byte more a row is what a predictor needs.
  const samples = await document.decodedStream(stream, height * (rowBytesOf(width, colours) + 1) + 1)
  const data = paint(samples, width, height, colours)
  return data && { width, height, content: { data, width, height } }
}

interface Colours {
  readonly bits: number
  /** Samples a pixel: 1 grey or an index into the palette, 3 RGB, 4 CMYK. */
  readonly components: number
  /** RGB of each index. */
  readonly palette?: Uint8Array
}

async function coloursOf(document: PdfDocument, dict: PdfDict): Promise<Colours | undefined> {
  if ((await document.resolve(dict.get('ImageMask'))) === true) return { bits: 1, components: 1 }
  const bits = await integer(document, dict, 'BitsPerComponent')
  if (![1, 2, 4, 8].includes(bits)) return undefined
  const space = await document.resolve(dict.get('ColorSpace'))
  const components = await componentsOf(document, space)
  if (components !== undefined) return { bits, components }
  const [family, base, , table] = Array.isArray(space) ? space : []
  if (!(family instanceof PdfName) || family.text !== 'Indexed') return undefined
  const lookup = await document.resolve(table)
  const colours =
    lookup instanceof PdfStream ? await document.decodedStream(lookup) : lookup instanceof PdfString ? lookup.bytes : undefined
  const each = await componentsOf(document, await document.resolve(base))
  if (!colours || !each) return undefined
  const palette = new Uint8Array(3 * 2 ** bits)
  for (let i = 0; i < 2 ** bits; i++)
    palette.set(
      rgb(each, part => colours[i * each + part] ?? 0),
      3 * i,
    )
  return { bits, components: 1, palette }
}

/** Samples a pixel of a colour space: 1, 3 or 4; undefined for a palette and for spaces that are not read. */
async function componentsOf(document: PdfDocument, space: PdfValue): Promise<number | undefined> {
  const [family, profile] = Array.isArray(space) ? space : [space]
  if (!(family instanceof PdfName)) return undefined
  const icc = family.text === 'ICCBased' ? await document.dict(profile) : undefined
  if (icc) return [1, 3, 4].find(count => count === icc.get('N'))
  return { DeviceGray: 1, CalGray: 1, DeviceRGB: 3, CalRGB: 3, DeviceCMYK: 4 }[family.text]
}

function rowBytesOf(width: number, { bits, components }: Colours): number {
  return Math.ceil((width * components * bits) / 8)
}

/** RGBA of the samples, whose rows begin at whole bytes; undefined when there are too few. */
function paint(samples: Uint8Array, width: number, height: number, colours: Colours): Uint8ClampedArray | undefined {
  const { bits, components, palette } = colours
  const rowBytes = rowBytesOf(width, colours)
  if (samples.length < rowBytes * height) return undefined
  const most = 2 ** bits - 1
  const data = new Uint8ClampedArray(4 * width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sample = (part: number) => {
        const bit = (x * components + part) * bits
        return (samples[y * rowBytes + (bit >> 3)]! >> (8 - bits - (bit & 7))) & most
      }
      const to = 4 * (y * width + x)
      if (palette) data.set(palette.subarray(3 * sample(0), 3 * sample(0) + 3), to)
      else
        data.set(
          rgb(components, part => (sample(part) * 255) / most),
          to,
        )
      data[to + 3] = 255
    }
  }
  return data
}

/** Red, green and blue, 0 to 255, of grey, RGB or CMYK. */
function rgb(components: number, part: (index: number) => number): readonly [number, number, number] {
  if (components === 1) return [part(0), part(0), part(0)]
  if (components === 3) return [part(0), part(1), part(2)]
  const light = 255 - part(3)
  return [Math.max(0, light - part(0)), Math.max(0, light - part(1)), Math.max(0, light - part(2))]
}

async function integer(document: PdfDocument, dict: PdfDict, key: string): Promise<number> {
  const value = await document.resolve(dict.get(key))
  return typeof value === 'number' && Number.isInteger(value) ? value : 0
}
