import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { assertSoundTemplate } from './assertSoundTemplate.ts'
import { type FontName, fontFiles } from './typst.ts'

const millimetres = z.number().positive().max(1000)
const sides = z.enum(['front', 'back'])
const manifestSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  title: z.strictObject({ vi: z.string(), en: z.string() }),
  /** `card`: front.typ and back.typ, two sides. `document`: page.typ, as many pages as it needs. */
  kind: z.enum(['card', 'document']),
  /** What a document may be chosen for by default; without it it is printed only by name. */
  document: z.enum(['diploma', 'certificate', 'extract', 'attestation']).optional(),
  legalBasis: z.string().optional(),
  size: z.strictObject({ width: millimetres, height: millimetres, bleed: z.number().min(0).max(10).default(0) }),
  fonts: z.array(z.enum(Object.keys(fontFiles) as [FontName, ...FontName[]])).min(1),
  /** `shared`: the same on most cards of an issuer; drawn with the ground, which is kept for each set of values. */
  fields: z.record(z.string(), z.strictObject({ required: z.boolean(), shared: z.boolean().default(false) })),
  /** Left, top, width and height from the trimmed card's corner. */
  photo: z
    .strictObject({ side: sides, x: z.number(), y: z.number(), width: millimetres, height: millimetres, required: z.boolean() })
    .optional(),
  /** A square in whose middle the code stands at `moduleDots` dots of 1/300 inch a module; `size` holds code and quiet zone. */
  qr: z.array(
    z.strictObject({
      side: sides,
      code: z.enum(['sealed', 'short']),
      x: z.number(),
      y: z.number(),
      size: millimetres,
      moduleDots: z.int().min(4).max(40),
      maxVersion: z.int().min(1).max(40),
    }),
  ),
  emblem: z.strictObject({ file: z.string(), placeholder: z.boolean() }).optional(),
  /** What the press mixes; Typst gets the RGB values, a bureau the CMYK ones. */
  colours: z.array(
    z.strictObject({ name: z.string(), rgb: z.string().regex(/^#[0-9a-f]{6}$/), cmyk: z.array(z.number().min(0).max(100)).length(4) }),
  ),
  assets: z.array(z.string()),
})

export type TemplateManifest = z.infer<typeof manifestSchema>

export interface Template extends TemplateManifest {
  /** Hex SHA-256 over all files; a rendering depends on this and on the data only. */
  digest: string
  /** Path inside the folder -> bytes. */
  files: ReadonlyMap<string, Uint8Array>
}

/** What a template is chosen for. */
export type TemplateUse = 'card' | NonNullable<TemplateManifest['document']>

export function useOf({ kind, document }: TemplateManifest): TemplateUse | undefined {
  return kind === 'card' ? 'card' : document
}

/** Where the project's own templates lie. */
export const templatesFolder = new URL('../../../card-templates/', import.meta.url)

/**
 * Returns a template read from its folder. `supplied` replaces files by path: an agency's emblem for the placeholder
 * (then no longer marked as one). Throws `render.template` naming file and reason.
 */
export function loadTemplate(folder: string, supplied: Record<string, Uint8Array> = {}): Template {
  const manifestPath = join(folder, 'template.json')
  if (!existsSync(manifestPath)) throw new AppError('render.template', `template.json: no such file in ${folder}`)
  const manifest = parseManifest(readFileSync(manifestPath, 'utf8'))
  const files = new Map<string, Uint8Array>()
  for (const path of filesBelow(folder)) files.set(path, readFileSync(join(folder, path)))
  for (const [path, bytes] of Object.entries(supplied)) files.set(path, bytes)
  const sources = manifest.kind === 'card' ? ['front.typ', 'back.typ'] : ['page.typ']
  for (const path of [...sources, ...manifest.assets, ...(manifest.emblem ? [manifest.emblem.file] : [])]) {
    if (!files.has(path)) throw new AppError('render.template', `template.json: ${path} is named but missing`)
  }
  if (manifest.emblem && supplied[manifest.emblem.file]) manifest.emblem.placeholder = false
  const hash = createHash('sha256').update(JSON.stringify(manifest))
  for (const path of [...files.keys()].sort()) hash.update(`\0${path}\0`).update(files.get(path) as Uint8Array)
  const template = { ...manifest, digest: hash.digest('hex'), files }
  assertSoundTemplate(template)
  return template
}

/** Names of the templates in a folder, sorted. */
export function templateNames(folder: string): string[] {
  return readdirSync(folder)
    .filter(name => existsSync(join(folder, name, 'template.json')))
    .sort()
}

function parseManifest(text: string): TemplateManifest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new AppError('render.template', `template.json: ${(cause as Error).message}`, { cause })
  }
  const parsed = manifestSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new AppError('render.template', `template.json: ${issue?.path.join('.')}: ${issue?.message}`)
}

/** Paths of all files below a folder, sorted, with `/`. Throws `render.template` for a link that leads nowhere, out of it, or round. */
export function filesBelow(folder: string): string[] {
  const root = realpathSync(folder)
  const found: string[] = []
  const walk = (current: string, above: readonly string[]) => {
    for (const name of readdirSync(current).sort()) {
      const path = join(current, name)
      const shown = relative(folder, path).split(sep).join('/')
      if (!existsSync(path)) throw new AppError('render.template', `${shown}: a link that leads nowhere`)
      const real = realpathSync(path)
      if (!real.startsWith(root + sep) && real !== root)
        throw new AppError('render.template', `${shown}: a link that leads out of the folder`)
      if (!statSync(real).isDirectory()) found.push(shown)
      else if (above.includes(real)) throw new AppError('render.template', `${shown}: a link to a folder that it lies in`)
      else walk(path, [...above, real])
    }
  }
  walk(folder, [root])
  return found
}
