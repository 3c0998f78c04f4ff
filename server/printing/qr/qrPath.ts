import type { QrModules } from './qrModules.ts'

/**
 * Returns the dark area of a QR as rectangles that do not overlap, four numbers each (x, y, width, height, in modules from the
 * top left): runs along a row, joined downwards where equal, so that few edges meet (edges between neighbours show as hairlines
 * in some viewers).
 */
export function qrRectangles({ size, dark }: QrModules): Int16Array {
  const rectangles = new Int16Array(size * size * 2 + 4)
  // For each column the rectangle that begins there and reaches down to the row above, plus one; 0 for none.
  let above = new Uint16Array(size)
  let here = new Uint16Array(size)
  let count = 0
  for (let y = 0; y < size; y++) {
    here.fill(0)
    for (let x = 0; x < size; x++) {
      if (!dark[y * size + x]) continue
      const start = x
      while (x < size && dark[y * size + x]) x++
      const known = above[start]! - 1
      if (known >= 0 && rectangles[known * 4 + 2] === x - start) {
        rectangles[known * 4 + 3]!++
        here[start] = known + 1
      } else {
        rectangles[count * 4] = start
        rectangles[count * 4 + 1] = y
        rectangles[count * 4 + 2] = x - start
        rectangles[count * 4 + 3] = 1
        here[start] = ++count
      }
    }
    ;[above, here] = [here, above]
  }
  return rectangles.subarray(0, count * 4)
}

/** The same as the `d` of an SVG path, one unit a module, shifted by `offset` modules. */
export function qrPath(qr: QrModules, offset = 0): string {
  const at = qrRectangles(qr)
  let path = ''
  for (let i = 0; i < at.length; i += 4) path += `M${at[i]! + offset} ${at[i + 1]! + offset}h${at[i + 2]}v${at[i + 3]}h-${at[i + 2]}z`
  return path
}

/** The same as PDF path operators (`re`), one unit a module, y downwards. */
export function qrPdfPath(qr: QrModules): string {
  const at = qrRectangles(qr)
  const bytes = Buffer.allocUnsafe(at.length * 5)
  let length = 0
  for (let i = 0; i < at.length; i++) {
    const number = at[i]!
    if (number > 99) bytes[length++] = ZERO + Math.trunc(number / 100)
    if (number > 9) bytes[length++] = ZERO + (Math.trunc(number / 10) % 10)
    bytes[length++] = ZERO + (number % 10)
    bytes[length++] = SPACE
    if (i % 4 === 3) {
      bytes[length++] = 0x72
      bytes[length++] = 0x65
      bytes[length++] = 0x0a
    }
  }
  return bytes.toString('latin1', 0, length)
}

const ZERO = 0x30
const SPACE = 0x20
