import { create, type QRCodeSegment } from 'qrcode'
import type { QrSegment } from '../../core/credential/qr.ts'
import { Html } from '../platform/html.ts'

const quietZone = 4

/** A QR code as SVG: level M for print, L where a screen shows it brightly and it has to stay small. */
export function qrMarkup(segments: readonly QrSegment[]): Html {
  const { modules } = create(segments as unknown as QRCodeSegment[], { errorCorrectionLevel: 'L' })
  const { size, data } = modules
  let path = ''
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (!data[y * size + x]) continue
      let end = x
      while (end < size && data[y * size + end]) end++
      path += `M${x + quietZone} ${y + quietZone}h${end - x}v1h${x - end}z`
      x = end
    }
  }
  const whole = size + 2 * quietZone
  return new Html(
    `<svg viewBox="0 0 ${whole} ${whole}" shape-rendering="crispEdges" role="img" aria-label="QR"><path fill="#fff" d="M0 0h${whole}v${whole}H0z"/><path d="${path}"/></svg>`,
  )
}
