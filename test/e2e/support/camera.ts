import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import QRCode, { type QRCodeSegment } from 'qrcode'
import sharp from 'sharp'
import { qrSegments } from '../../../core/credential/qr.ts'

export interface Sight {
  /** Pixels of the code in a picture 1280 wide. */
  size?: number
  /** Degrees. */
  turned?: number
  /** Standard deviation of the blur, in pixels. */
  blur?: number
  /** Grey and less contrast, as on a screen in daylight. */
  dim?: boolean
}

const width = 1280
const height = 720

/** What a camera sees when a QR code with this text is held before it: a JPEG. */
export async function sightOf(text: string, { size = 520, turned = 0, blur = 0, dim = false }: Sight = {}): Promise<Buffer> {
  const drawn = await QRCode.toBuffer(qrSegments(text) as unknown as QRCodeSegment[], { errorCorrectionLevel: 'M', margin: 4, scale: 8 })
  const code = await sharp(drawn).resize(size, size, { kernel: 'lanczos3' }).rotate(turned, { background: '#fff' }).toBuffer()
  const { width: w = size, height: h = size } = await sharp(code).metadata()
  const scene = await sharp({ create: { width, height, channels: 3, background: '#b9b4aa' } })
    .composite([{ input: code, left: (width - w) >> 1, top: Math.max(0, (height - h) >> 1) }])
    .png()
    .toBuffer()
  let picture = sharp(scene)
  if (blur) picture = picture.blur(blur)
  if (dim) picture = picture.linear(0.55, 60)
  return picture.jpeg({ quality: 82 }).toBuffer()
}

/** Two codes side by side before one camera: a JPEG. */
export async function sightOfBoth(...texts: readonly [string, string]): Promise<Buffer> {
  const codes = await Promise.all(texts.map(text => sightOf(text, { size: 560 })))
  const half = width / 2
  const halves = await Promise.all(
    codes.map(code =>
      sharp(code)
        .extract({ left: half / 2, top: 0, width: half, height })
        .toBuffer(),
    ),
  )
  return sharp({ create: { width, height, channels: 3, background: '#fff' } })
    .composite(halves.map((input, i) => ({ input, left: i * half, top: 0 })))
    .jpeg({ quality: 90 })
    .toBuffer()
}

/** The same as a file that Chromium takes for a camera: JPEGs one after another. */
export async function cameraOf(name: string, seen: string | Buffer, sight?: Sight): Promise<string> {
  const frame = typeof seen === 'string' ? await sightOf(seen, sight) : seen
  const path = join(tmpdir(), `antin-camera-${name}-${process.pid}.mjpeg`)
  writeFileSync(path, Buffer.concat(Array.from({ length: 12 }, () => frame)))
  return path
}
