import QRCode from 'qrcode'
import { AppError } from '../../../core/errors.ts'
import { applyBestMask } from './bestMask.ts'

export interface QrModules {
  /** Modules along a side, quiet zone not counted: 17 + 4 × version. */
  size: number
  version: number
  /** Row by row, 1 = dark; `size * size` bytes. */
  dark: Uint8Array
}

/**
 * Returns the modules of a QR at error correction level M: the text before the last run of digits as a byte segment, a run
 * of 20 or more digits at the end as a numeric one (formats 1), so that `https://HOST/v#DIGITS` is as small as it can be.
 * Throws `render.qr` above `maxVersion`.
 */
export function qrModules(url: string, maxVersion = 15): QrModules {
  const digits = /\d{20,}$/.exec(url)?.[0] ?? ''
  const prefix = url.slice(0, url.length - digits.length)
  const segments = [
    ...(prefix ? [{ data: Buffer.from(prefix), mode: 'byte' as const }] : []),
    ...(digits ? [{ data: digits, mode: 'numeric' as const }] : []),
  ]
  let qr: QRCode.QRCode
  try {
    qr = QRCode.create(segments, { errorCorrectionLevel: 'M', maskPattern: 0 })
  } catch (cause) {
    throw new AppError('render.qr', `${url.length} characters fit no QR`, { cause })
  }
  if (qr.version > maxVersion)
    throw new AppError('render.qr', `${url.length} characters need version ${qr.version}, at most ${maxVersion} fits`)
  const { size } = qr.modules
  const dark = Uint8Array.from(qr.modules.data)
  applyBestMask(size, dark, qr.modules.reservedBit)
  return { size, version: qr.version, dark }
}
