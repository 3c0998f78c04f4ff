import QRCode from 'qrcode'
import { qrSegments } from '../../../core/credential/qr.ts'
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
 * Returns the modules of a QR at error correction level M, the digits after `#` as a numeric segment (formats 1).
 * Throws `render.qr` above `maxVersion`.
 */
export function qrModules(url: string, maxVersion = 15): QrModules {
  const segments = qrSegments(url).map(segment =>
    segment.mode === 'byte' ? { mode: segment.mode, data: Buffer.from(segment.data) } : segment,
  )
  let qr: QRCode.QRCode
  try {
    qr = QRCode.create(segments, { errorCorrectionLevel: 'M', maskPattern: 0 })
  } catch (cause) {
    throw new AppError('render.qr', `${url.length} characters fit no QR`, { cause })
  }
  if (qr.version > maxVersion)
    throw new AppError('render.qr', `${url.length} characters need version ${qr.version}, at most ${maxVersion} fits`)
  const { size } = qr.modules
  const dark = new Uint8Array(qr.modules.data)
  applyBestMask(size, dark, qr.modules.reservedBit)
  return { size, version: qr.version, dark }
}
