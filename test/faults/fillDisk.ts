import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Fills the small disk; the answered function frees it again. */
export function fillDisk(folder: string): () => void {
  const ballast = join(folder, 'ballast')
  let size = 256 * 1024 * 1024
  let fill = Buffer.alloc(0)
  // Whole pieces first, then ever smaller ones, until nothing fits.
  const files: string[] = []
  for (; size >= 4096; size >>= 1) {
    fill = Buffer.alloc(size)
    for (;;) {
      const file = `${ballast}-${files.length}`
      files.push(file)
      try {
        writeFileSync(file, fill)
      } catch {
        break
      }
    }
  }
  return () => {
    for (const file of files) rmSync(file, { force: true })
  }
}
