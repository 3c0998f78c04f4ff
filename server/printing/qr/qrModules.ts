import QRCode from 'qrcode'
import { qrSegments } from '../../../core/credential/qr.ts'
import { qrVersion } from '../../../core/credential/qrVersion.ts'
import { AppError } from '../../../core/errors.ts'
import { applyBestMask } from './bestMask.ts'
import { qrCodewords } from './qrCodewords.ts'

export interface QrModules {
  /** Modules along a side, quiet zone not counted: 17 + 4 × version. */
  size: number
  version: number
  /** Row by row, 1 = dark; `size * size` bytes. */
  dark: Uint8Array
}

/**
 * Returns the modules of a QR at error correction level M, the digits after `#` as a numeric segment (formats 1).
 * Throws `render.qr` above `maxVersion`.
 */
export function qrModules(url: string, maxVersion = 15): QrModules {
  const segments = qrSegments(url)
  const lengthOf = (mode: string) => segments.find(segment => segment.mode === mode)?.data.length ?? 0
  const version = qrVersion(lengthOf('byte'), lengthOf('numeric'))
  if (version === undefined) throw new AppError('render.qr', `${url.length} characters fit no QR`)
  if (version > maxVersion) throw new AppError('render.qr', `${url.length} characters need version ${version}, at most ${maxVersion} fits`)
  const { size, empty, reserved, places } = symbolOf(version)
  const dark = empty.slice()
  const codewords = qrCodewords(segments, version, places.length >> 3)
  for (let i = 0; i < codewords.length * 8; i++) dark[places[i]!] = (codewords[i >> 3]! >> (7 - (i & 7))) & 1
  applyBestMask(size, dark, reserved)
  return { size, version, dark }
}

interface EmptySymbol {
  size: number
  /** Finder, alignment and timing patterns and the version; all else is light. */
  empty: Uint8Array
  reserved: Uint8Array
  /** Where the bits of the codewords go, in order. */
  places: Uint16Array
}

const symbols = new Map<number, EmptySymbol>()

/** What all symbols of a version have in common, drawn by `qrcode` once. */
function symbolOf(version: number): EmptySymbol {
  let symbol = symbols.get(version)
  if (!symbol) {
    const { size, data, reservedBit } = QRCode.create('0', { version, errorCorrectionLevel: 'M', maskPattern: 0 }).modules
    symbol = { size, empty: data.map((bit, at) => bit & reservedBit[at]!), reserved: reservedBit, places: placesOf(size, reservedBit) }
    symbols.set(version, symbol)
  }
  return symbol
}

/** Two columns at a time from the right, upwards and downwards in turn, past the vertical timing pattern (7.7.3). */
function placesOf(size: number, reserved: Uint8Array): Uint16Array {
  const places: number[] = []
  let upwards = true
  for (let right = size - 1; right > 0; right -= right === 8 ? 3 : 2, upwards = !upwards) {
    for (let step = 0; step < size; step++) {
      const row = upwards ? size - 1 - step : step
      for (const column of [right, right - 1]) if (!reserved[row * size + column]) places.push(row * size + column)
    }
  }
  return new Uint16Array(places)
}
