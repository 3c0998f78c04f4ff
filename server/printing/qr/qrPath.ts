import type { QrModules } from './qrModules.ts'

export interface Run {
  x: number
  y: number
  width: number
  height: number
}

/**
 * Returns the dark area of a QR as rectangles that do not overlap: runs along a row, joined downwards where equal, so that
 * few edges meet (edges between neighbours show as hairlines in some viewers). Units: modules, from the top left.
 */
export function qrRuns({ size, dark }: QrModules): Run[] {
  const runs: Run[] = []
  let above = new Map<number, Run>()
  for (let y = 0; y < size; y++) {
    const here = new Map<number, Run>()
    for (let x = 0; x < size; x++) {
      if (!dark[y * size + x]) continue
      const start = x
      while (x < size && dark[y * size + x]) x++
      const same = above.get(start)
      if (same && same.width === x - start) {
        same.height++
        here.set(start, same)
      } else {
        const run = { x: start, y, width: x - start, height: 1 }
        runs.push(run)
        here.set(start, run)
      }
    }
    above = here
  }
  return runs
}

/** The same as the `d` of an SVG path, one unit a module, shifted by `offset` modules. */
export function qrPath(qr: QrModules, offset = 0): string {
  let path = ''
  for (const { x, y, width, height } of qrRuns(qr)) path += `M${x + offset} ${y + offset}h${width}v${height}h-${width}z`
  return path
}
