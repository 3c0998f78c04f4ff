import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Pixels } from '../core/document/pixels.ts'

const maxPixels = 100_000_000
/** Codes with few pixels a module need more of them, blurred and moiré ones fewer. */
const scales = [1, 0.5, 2, 0.25]
const largestScaledUp = 3000

/** The texts of the QR codes in pixels or a picture of any kind that sharp reads (JPEG, PNG, WebP, TIFF, GIF, SVG …); null when it cannot be opened. */
export async function readQrImage(image: Uint8Array | Pixels): Promise<string[] | null> {
  const read = await decoder()
  const { default: sharp } = await import('sharp')
  let picture: Awaited<ReturnType<typeof rawOf>>
  try {
    picture = await rawOf(
      image instanceof Uint8Array
        ? sharp(image, { limitInputPixels: maxPixels }).rotate()
        : sharp(image.data, { raw: { width: image.width, height: image.height, channels: 4 } }),
    )
  } catch {
    return null
  }
  for (const scale of scales) {
    const width = Math.round(picture.info.width * scale)
    if (scale > 1 && Math.max(width, picture.info.height * scale) > largestScaledUp) continue
    const { width: rawWidth, height, channels } = picture.info
    const scaled =
      scale === 1
        ? picture
        : await rawOf(sharp(picture.data, { raw: { width: rawWidth, height, channels } }).resize({ width: Math.max(1, width) }))
    const texts = await read(scaled.data, scaled.info.width, scaled.info.height)
    if (texts.length > 0) return texts
  }
  return []
}

function rawOf(picture: import('sharp').Sharp) {
  return picture.flatten({ background: 'white' }).toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true })
}

type Decode = (rgba: Uint8Array, width: number, height: number) => Promise<string[]>
let loaded: Promise<Decode> | undefined

/** The decoder with its WebAssembly from the package: nothing is fetched. */
function decoder(): Promise<Decode> {
  loaded ??= (async () => {
    const { prepareZXingModule, readBarcodes } = await import('zxing-wasm/reader')
    const file = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')
    const wasm = readFileSync(file)
    const wasmBinary = wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength) as ArrayBuffer
    await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true })
    return async (rgba, width, height) => {
      const image = { data: new Uint8ClampedArray(rgba.buffer, rgba.byteOffset, rgba.byteLength), width, height, colorSpace: 'srgb' }
      const codes = await readBarcodes(image, { formats: ['QRCode'], tryHarder: true, tryInvert: true, maxNumberOfSymbols: 8 })
      return codes.filter(code => code.isValid && code.text !== '').map(code => code.text)
    }
  })()
  return loaded
}
