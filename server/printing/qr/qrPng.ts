import sharp from 'sharp'
import { qrModules } from './qrModules.ts'

/**
 * Returns a QR as a grey PNG with its quiet zone of 4 modules, `dotsPerModule` (default 4) pixels a module, marked 300 dpi.
 * Throws `render.qr`.
 */
export async function qrPng(url: string, dotsPerModule = 4): Promise<Uint8Array> {
  const qr = qrModules(url)
  const side = (qr.size + 8) * dotsPerModule
  const pixels = new Uint8Array(side * side).fill(255)
  for (let y = 0; y < qr.size; y++) {
    for (let x = 0; x < qr.size; x++) {
      if (!qr.dark[y * qr.size + x]) continue
      for (let row = 0; row < dotsPerModule; row++) {
        const at = ((y + 4) * dotsPerModule + row) * side + (x + 4) * dotsPerModule
        pixels.fill(0, at, at + dotsPerModule)
      }
    }
  }
  const png = await sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
    .withMetadata({ density: 300 })
    .png({ compressionLevel: 9 })
    .toBuffer()
  return new Uint8Array(png)
}
