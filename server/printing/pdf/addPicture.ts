import { degrees, drawImage, type PDFDocument, type PDFRef } from '@cantoo/pdf-lib'
import sharp from 'sharp'

/** A3 at 600 dots an inch has 70 million. */
const maxPixels = 100_000_000
const margin = 28
const a4 = [595.28, 841.89] as const

interface EmbeddedPicture {
  ref: PDFRef
  width: number
  height: number
  /** Degrees clockwise until it stands upright. */
  turn: number
}

/**
 * Adds an A4 page, portrait or landscape as the picture is, with a JPEG (its bytes untouched) or PNG in its middle, upright. Throws what
 * reading throws for a damaged picture and for a PNG of over 100 million pixels.
 */
export async function addPicture(copy: PDFDocument, picture: Uint8Array, kind: 'jpeg' | 'png'): Promise<void> {
  const { ref, width, height, turn } = kind === 'jpeg' ? await embedJpeg(copy, picture) : await embedPng(copy, picture)
  const [paperWidth, paperHeight] = width > height ? [a4[1], a4[0]] : a4
  const page = copy.addPage([paperWidth, paperHeight])
  if (turn !== 0) page.setRotation(degrees(turn))
  const scale = Math.min((paperWidth - 2 * margin) / width, (paperHeight - 2 * margin) / height)
  const size = { width: width * scale, height: height * scale }
  const straight = { rotate: degrees(0), xSkew: degrees(0), ySkew: degrees(0) }
  const place = { x: (paperWidth - size.width) / 2, y: (paperHeight - size.height) / 2 }
  page.pushOperators(...drawImage(page.node.newXObject('Picture', ref), { ...place, ...size, ...straight }))
}

/** How a camera was held: Exif orientations; mirrored pictures, which cameras do not take, stay mirrored. */
const turns: Record<number, number> = { 3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270 }

async function embedJpeg(copy: PDFDocument, bytes: Uint8Array): Promise<EmbeddedPicture> {
  // Only the header is read.
  const { orientation = 1 } = await sharp(bytes, { limitInputPixels: false }).metadata()
  const { ref, width, height } = await copy.embedJpg(bytes)
  return { ref, width, height, turn: turns[orientation] ?? 0 }
}

/** The pixels on white as PNG deflates them, row filters and all: PDF reads the same (ISO 32000-1, 7.4.4.4). Outside the event loop. */
async function embedPng(copy: PDFDocument, bytes: Uint8Array): Promise<EmbeddedPicture> {
  const { data, info } = await sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' })
    .autoOrient()
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .png({ adaptiveFiltering: true })
    .toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  const image = copy.context.stream(imageData(data), {
    Type: 'XObject',
    Subtype: 'Image',
    Width: width,
    Height: height,
    ColorSpace: channels === 1 ? 'DeviceGray' : 'DeviceRGB',
    BitsPerComponent: 8,
    Filter: 'FlateDecode',
    DecodeParms: { Predictor: 15, Colors: channels, BitsPerComponent: 8, Columns: width },
  })
  return { ref: copy.context.register(image), width, height, turn: 0 }
}

/** The IDAT chunks of a PNG, joined. */
function imageData(png: Buffer): Uint8Array {
  const parts: Buffer[] = []
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  return Buffer.concat(parts)
}
