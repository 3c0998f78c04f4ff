import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'

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
  if (wanted.has(name)) await keepWebp(`console/${name}`, sharp(png))
}

/** With PICTURES=1 keeps screens of a phone, 390 px wide, side by side in `docs/pictures`: WebP, at most 120 kB. */
export async function keepPhones(name: string, screens: readonly Buffer[]): Promise<void> {
  if (!process.env.PICTURES) return
  const [width, height] = [390, 844]
  const sheet = sharp({ create: { width: width * screens.length, height, channels: 3, background: 'white' } })
  await keepWebp(name, sheet.composite(screens.map((input, at) => ({ input, left: at * width, top: 0 }))))
}

async function keepWebp(name: string, picture: Sharp): Promise<void> {
  const webp = await picture.webp({ quality: 82, effort: 6, smartSubsample: true }).toBuffer()
  if (webp.length > 120_000) throw new Error(`The picture ${name} has ${webp.length} bytes`)
  await sharp(webp).toFile(join(documents, `pictures/${name}.webp`))
}

function picturesOf(document: string): Set<string> {
  return new Set([...document.matchAll(/pictures\/console\/([\w-]+)\.webp/g)].map(match => match[1]!))
}
