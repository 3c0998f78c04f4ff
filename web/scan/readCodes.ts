import { readBarcodes } from 'zxing-wasm/reader'
import type { Pixels } from '../../core/document/pixels.ts'
import { doubled, halved, middle } from './resample.ts'

export interface CodesRead {
  /** Texts of the QR codes that were read. */
  readonly texts: readonly string[]
  /** Whether something that looks like a QR code was seen, though none could be read. */
  readonly seen: boolean
}

const maxDoubled = 1_600_000

/**
 * QR codes of one picture, tried as it is, at half and at twice its size until one is read. A `frame` of a camera gets one
 * attempt, by turns (`turn`), so that the next frame is not kept waiting; a `photo` gets all of them.
 */
export async function readCodes(pixels: Pixels, effort: 'frame' | 'photo', turn = 0): Promise<CodesRead> {
  const attempts = effort === 'photo' ? photoAttempts(pixels) : [frameAttempt(pixels, turn)]
  let seen = false
  for (const make of attempts) {
    const codes = await readBarcodes(make() as Parameters<typeof readBarcodes>[0], {
      formats: ['QRCode'],
      tryHarder: true,
      tryRotate: false, // QR codes are found at any angle
      tryInvert: effort === 'photo',
      tryDownscale: effort === 'photo',
      maxNumberOfSymbols: 8,
      returnErrors: true,
    })
    const texts = codes.filter(code => code.isValid && code.text !== '').map(code => code.text)
    if (texts.length > 0) return { texts, seen: true }
    seen ||= codes.length > 0
  }
  return { texts: [], seen }
}

function photoAttempts(pixels: Pixels): (() => Pixels)[] {
  const attempts = [() => pixels, () => halved(pixels)]
  const size = pixels.width * pixels.height
  if (size <= maxDoubled) attempts.push(() => doubled(pixels))
  else attempts.push(() => halved(halved(pixels)))
  if (size > maxDoubled && size <= maxDoubled * 4) attempts.push(() => doubled(middle(pixels, 0.5)))
  return attempts
}

function frameAttempt(pixels: Pixels, turn: number): () => Pixels {
  if (turn % 4 === 1) return () => halved(pixels)
  if (turn % 4 === 3) return () => doubled(middle(pixels, 0.5))
  return () => pixels
}
