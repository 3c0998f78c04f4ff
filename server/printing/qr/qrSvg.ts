import { qrModules } from './qrModules.ts'
import { qrPath } from './qrPath.ts'

/**
 * Returns a QR as SVG with its quiet zone of 4 modules, one user unit a module, dark `#000` on white.
 * `dotsPerModule` (default 4) sets the printed size: whole dots at 300 dpi. Throws `render.qr`.
 */
export function qrSvg(url: string, dotsPerModule = 4): string {
  const qr = qrModules(url)
  const side = qr.size + 8
  const millimetres = Math.round(((side * dotsPerModule) / 300) * 25.4 * 1000) / 1000
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${millimetres}mm" height="${millimetres}mm" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${side}v${side}h-${side}z"/><path d="${qrPath(qr, 4)}"/></svg>`
  )
}
