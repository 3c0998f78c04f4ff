import sharp from 'sharp'
import { AppError } from '../../../core/errors.ts'

/**
 * Returns an SVG whose view box is in points as a PNG on white, `dpi` 36 to 1200. The scale is exactly dpi / 72 from the top
 * left, so that what lies on the grid of 300 dots to the inch falls on whole pixels at 300 and 600; a fraction of a pixel at
 * the right and lower edges is rounded. `size` in millimetres.
 */
export async function rasterise(svg: string, size: { width: number; height: number }, dpi: number): Promise<Uint8Array> {
  if (!(dpi >= 36 && dpi <= 1200)) throw new AppError('render.image', 'dpi is 36 to 1200')
  const [width, height] = [Math.round((size.width / 25.4) * dpi), Math.round((size.height / 25.4) * dpi)]
  const scaled = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" viewBox="0 0 ${(width * 72) / dpi} ${(height * 72) / dpi}"${svg.slice(svg.indexOf('>', svg.indexOf('<svg')))}`
  const png = await sharp(Buffer.from(scaled), { unlimited: true })
    .flatten({ background: '#fff' })
    .withMetadata({ density: dpi })
    .png({ compressionLevel: 6 })
    .toBuffer()
  return new Uint8Array(png)
}
