import type { Pixels } from '../../core/document/pixels.ts'

/** The picture at half the size, each pixel the mean of four: what blur and moiré of a screen need. */
export function halved({ data, width, height }: Pixels): Pixels {
  const w = width >> 1
  const h = height >> 1
  const out = new Uint8ClampedArray(w * h * 4)
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const from = (2 * y * width + 2 * x) * 4
      const below = from + width * 4
      const to = (y * w + x) * 4
      for (let c = 0; c < 3; c++) out[to + c] = (data[from + c]! + data[from + 4 + c]! + data[below + c]! + data[below + 4 + c]!) >> 2
      out[to + 3] = 255
    }
  }
  return { data: out, width: w, height: h }
}

/** The picture at twice the size, interpolated: what a code with few pixels a module needs. */
export function doubled({ data, width, height }: Pixels): Pixels {
  const w = width * 2
  const h = height * 2
  const out = new Uint8ClampedArray(w * h * 4)
  for (let y = 0; y < h; y++) {
    const y0 = Math.min(y >> 1, height - 1)
    const y1 = y & 1 ? Math.min(y0 + 1, height - 1) : y0
    for (let x = 0; x < w; x++) {
      const x0 = Math.min(x >> 1, width - 1)
      const x1 = x & 1 ? Math.min(x0 + 1, width - 1) : x0
      const a = (y0 * width + x0) * 4
      const b = (y0 * width + x1) * 4
      const c = (y1 * width + x0) * 4
      const d = (y1 * width + x1) * 4
      const to = (y * w + x) * 4
      for (let k = 0; k < 3; k++) out[to + k] = (data[a + k]! + data[b + k]! + data[c + k]! + data[d + k]!) >> 2
      out[to + 3] = 255
    }
  }
  return { data: out, width: w, height: h }
}

/** The middle part of a picture, `part` of each side. */
export function middle({ data, width, height }: Pixels, part: number): Pixels {
  const w = Math.floor(width * part)
  const h = Math.floor(height * part)
  const left = (width - w) >> 1
  const top = (height - h) >> 1
  const out = new Uint8ClampedArray(w * h * 4)
  for (let y = 0; y < h; y++) {
    const from = ((top + y) * width + left) * 4
    out.set(data.subarray(from, from + w * 4), y * w * 4)
  }
  return { data: out, width: w, height: h }
}
