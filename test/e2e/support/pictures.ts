import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'

const artifacts = join(import.meta.dirname, '../artifacts')
const documents = join(import.meta.dirname, '../../../docs')
const wanted = process.env.PICTURES ? picturesOf(readFileSync(join(documents, 'console.md'), 'utf8')) : new Set<string>()

/**
 * Keeps a picture of the console among the artefacts; with PICTURES=1 also in `docs/pictures/console`, when `docs/console.md`
 * shows it: WebP, at most 120 kB.
 */
export async function keepPicture(name: string, png: Buffer): Promise<void> {
  mkdirSync(artifacts, { recursive: true })
  await sharp(png).toFile(join(artifacts, `console-${name}.png`))
  if (!wanted.has(name)) return
  const webp = await sharp(png).webp({ quality: 82, effort: 6, smartSubsample: true }).toBuffer()
  if (webp.length > 120_000) throw new Error(`The picture ${name} has ${webp.length} bytes`)
  await sharp(webp).toFile(join(documents, `pictures/console/${name}.webp`))
}

function picturesOf(document: string): Set<string> {
  return new Set([...document.matchAll(/pictures\/console\/([\w-]+)\.webp/g)].map(match => match[1]!))
}
