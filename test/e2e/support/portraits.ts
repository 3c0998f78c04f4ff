import { readFileSync } from 'node:fs'
import { unzipSync, zipSync } from 'fflate'
import sharp from 'sharp'

const carried = new URL('../../../server/demonstration/data/photos.zip', import.meta.url)

/** A ZIP with a portrait of its own for each file name: the demonstration's fifty drawn people in other light, and turned. */
export async function portraitsFor(names: readonly string[]): Promise<Buffer> {
  const portraits = Object.values(unzipSync(readFileSync(carried)))
  const files: [string, Buffer][] = []
  await Promise.all(
    Array.from({ length: 4 }, async (_, first) => {
      for (let at = first; at < names.length; at += 4) {
        const round = Math.floor(at / portraits.length)
        const light = { brightness: 0.9 + 0.05 * (round % 4), saturation: 0.8 + 0.1 * (Math.floor(round / 4) % 4) }
        const portrait = sharp(portraits[at % portraits.length]!).flop(round % 32 >= 16)
        files.push([names[at]!, await portrait.modulate(light).jpeg({ quality: 80 }).toBuffer()])
      }
    }),
  )
  return Buffer.from(zipSync(Object.fromEntries(files), { level: 0 }))
}
