import sharp, { type Channels, type Sharp } from 'sharp'
import { AppError } from '../../../core/errors.ts'

/**
 * Returns an SVG whose view box is in points as a PNG on white, `dpi` 36 to 1200. The scale is exactly dpi / 72 from the top
 * left, so that what lies on the grid of 300 dots to the inch falls on whole pixels at 300 and 600; a fraction of a pixel at
 * the right and lower edges is rounded. `size` in millimetres.
 */
export async function rasterise(svg: string, size: SizeInMillimetres, dpi: number): Promise<Uint8Array> {
  return toPng(sharp(Buffer.from(scaled(svg, size, dpi)), { unlimited: true }).flatten({ background: '#fff' }), dpi)
}

/** Pixels of an SVG, for drawing over with `rasteriseOver`. */
export async function rasterisePixels(svg: string, size: SizeInMillimetres, dpi: number): Promise<Pixels> {
  const image = sharp(Buffer.from(scaled(svg, size, dpi)), { unlimited: true }).flatten({ background: '#fff' })
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true })
  return { data, raw: { width: info.width, height: info.height, channels: info.channels } }
}

/** As `rasterise`, over pixels of the same size. */
export async function rasteriseOver(under: Pixels, svg: string, size: SizeInMillimetres, dpi: number): Promise<Uint8Array> {
  const over = await sharp(Buffer.from(scaled(svg, size, dpi)), { unlimited: true })
    .png({ compressionLevel: 0 })
    .toBuffer()
  return toPng(sharp(under.data, { raw: under.raw }).composite([{ input: over }]), dpi)
}

interface SizeInMillimetres {
  width: number
  height: number
}

export interface Pixels {
  data: Buffer
  raw: { width: number; height: number; channels: Channels }
}

function scaled(svg: string, size: SizeInMillimetres, dpi: number): string {
  if (!(dpi >= 36 && dpi <= 1200)) throw new AppError('render.image', 'dpi is 36 to 1200')
  const [width, height] = [Math.round((size.width / 25.4) * dpi), Math.round((size.height / 25.4) * dpi)]
  const head = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" viewBox="0 0 ${(width * 72) / dpi} ${(height * 72) / dpi}"`
  return head + svg.slice(svg.indexOf('>', svg.indexOf('<svg')))
}

async function toPng(image: Sharp, dpi: number): Promise<Uint8Array> {
  return new Uint8Array(await image.withMetadata({ density: dpi }).png({ compressionLevel: 6 }).toBuffer())
}
