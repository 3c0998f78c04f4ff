import { readFileSync } from 'node:fs'
import { unzipSync, zipSync } from 'fflate'
import sharp from 'sharp'

const carried = new URL('../../../server/demonstration/data/photos.zip', import.meta.url)

/** A ZIP with a portrait of its own for each file name: the demonstration's fifty drawn people in other colours. */
export async function portraitsFor(names: readonly string[]): Promise<Buffer> {
  const portraits = Object.values(unzipSync(readFileSync(carried)))
  const files: [string, Buffer][] = []
  await Promise.all(
    Array.from({ length: 4 }, async (_, first) => {
      for (let at = first; at < names.length; at += 4) {
        const hue = (Math.floor(at / portraits.length) * 11) % 360
        files.push([
          names[at]!,
          await sharp(portraits[at % portraits.length]!)
            .modulate({ hue })
            .jpeg({ quality: 80 })
            .toBuffer(),
        ])
      }
    }),
  )
  return Buffer.from(zipSync(Object.fromEntries(files), { level: 0 }))
}
