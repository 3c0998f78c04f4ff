import { createHash } from 'node:crypto'
import sharp, { type Sharp } from 'sharp'
import { AppError } from '../../core/errors.ts'

/** A photo as it is kept: two JPEGs, 3:4, face side up, without any metadata. */
export interface PreparedPhoto {
  /** SHA-256 of `shown`; its first 16 bytes are card field 6. */
  digest: Buffer
  /** At most 240 × 320 pixels and 12,000 bytes: what a phone loads. */
  shown: Buffer
  /** At most 450 × 600 pixels and 40,000 bytes: what is printed. */
  printed: Buffer
  /** Pixels of the picture after turning, before the crop. */
  width: number
  height: number
}

export const photoLimits = {
  fileBytes: 10 << 20,
  pixels: 40_000_000,
  minWidth: 120,
  minHeight: 160,
  goodWidth: 300,
  goodHeight: 400,
} as const

sharp.cache(false)

/**
 * Turns, crops and encodes one picture. A picture that is too wide loses both sides alike; one that is too tall loses more
 * at the bottom, since heads are above the middle.
 * @throws photo.not-image, photo.heic, photo.too-large, photo.dimensions, photo.too-small
 */
export async function preparePhoto(file: Buffer): Promise<PreparedPhoto> {
  if (file.length > photoLimits.fileBytes) throw new AppError('photo.too-large')
  sniff(file)
  const open = () => sharp(file, { limitInputPixels: photoLimits.pixels, failOn: 'error', pages: 1 })
  try {
    const meta = await open().metadata()
    const turned = (meta.orientation ?? 1) >= 5
    const width = turned ? meta.height : meta.width
    const height = turned ? meta.width : meta.height
    if (width * height > photoLimits.pixels) throw new AppError('photo.dimensions')
    if (width < photoLimits.minWidth || height < photoLimits.minHeight)
      throw new AppError('photo.too-small', `The picture has ${width} × ${height} pixels; at least 120 × 160 are needed`)
    const { data, info } = await open()
      .autoOrient()
      .extract(cropOf(width, height))
      .resize(450, 600, { withoutEnlargement: true, fit: 'fill' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    const pixels = () => sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
    const printed = await encode(pixels, [88, 80, 70, 60, 50, 40, 30], 40_000)
    const shown = await encode(
      () => pixels().resize(240, 320, { withoutEnlargement: true, fit: 'fill' }),
      [82, 72, 62, 52, 42, 32, 22, 12],
      12_000,
    )
    return { digest: createHash('sha256').update(shown).digest(), shown, printed, width, height }
  } catch (error) {
    if (error instanceof AppError) throw error
    if (error instanceof Error && /pixel limit/i.test(error.message)) throw new AppError('photo.dimensions', undefined, { cause: error })
    throw new AppError('photo.not-image', undefined, { cause: error })
  }
}

function cropOf(width: number, height: number): { left: number; top: number; width: number; height: number } {
  if (width * 4 > height * 3) {
    const kept = Math.floor((height * 3) / 4)
    return { left: Math.floor((width - kept) / 2), top: 0, width: kept, height }
  }
  const kept = Math.min(height, Math.round((width * 4) / 3))
  return { left: 0, top: Math.floor((height - kept) / 5), width, height: kept }
}

async function encode(pixels: () => Sharp, qualities: readonly number[], maxBytes: number): Promise<Buffer> {
  for (const quality of qualities) {
    const jpeg = await pixels().jpeg({ quality, chromaSubsampling: '4:2:0' }).toBuffer()
    if (jpeg.length <= maxBytes) return jpeg
  }
  // Noise: half the detail always fits.
  return pixels().blur(2).jpeg({ quality: 10 }).toBuffer()
}

// Only these three formats reach the image library.
function sniff(file: Buffer): void {
  const head = file.toString('latin1', 0, 12)
  if (head.startsWith('\xff\xd8\xff') || head.startsWith('\x89PNG\r\n\x1a\n') || /^RIFF....WEBP/s.test(head)) return
  if (/^....ftyp(heic|heix|hevc|mif1|msf1|heim|heis)/s.test(head)) throw new AppError('photo.heic')
  throw new AppError('photo.not-image')
}
