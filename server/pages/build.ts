import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = import.meta.dirname
const root = resolve(here, '../..')
const govuk = join(root, 'node_modules/govuk-frontend/dist')
const require = createRequire(import.meta.url)
const fonts = join(dirname(require.resolve('@fontsource/be-vietnam-pro/package.json')), 'files')

/** Logical name ("console.css") -> file name with the content's hash ("console.3f9a…c1.css"), relative to the directory served at /assets. */
export type AssetManifest = Readonly<Record<string, string>>

/** Browser bundles: logical name without extension -> entry file. */
export type ScriptEntries = Readonly<Record<string, string>>

const ownScripts: ScriptEntries = { console: join(root, 'web/console/console.ts') }
/** Runs before the body is painted, so that components that need a script never flash unstyled. */
const jsEnabled = "document.body.classList.add('js-enabled','govuk-frontend-supported')"
const styles = { app: join(here, 'styles/app.scss'), console: join(here, 'styles/console.scss') }
const images = [join(here, 'styles/seal.svg')]

interface Kept {
  manifest: AssetManifest
  /** Every file that was read, with its hash; the build is reused while all agree. */
  inputs: Record<string, string>
  entries: ScriptEntries
}

const digest = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

/**
 * Builds stylesheets, fonts and browser bundles into `outDir` under names that hold the content's hash, and returns their
 * names. Nothing is built again while no input has changed.
 * @param scripts more bundles than the console's own
 */
export async function buildAssets(outDir: string, scripts: ScriptEntries = {}): Promise<AssetManifest> {
  const entries = { ...ownScripts, ...scripts }
  const keptFile = join(outDir, 'manifest.json')
  const kept = await readKept(keptFile)
  if (kept && JSON.stringify(kept.entries) === JSON.stringify(entries) && (await unchanged(kept, outDir))) return kept.manifest

  await mkdir(outDir, { recursive: true })
  const manifest: Record<string, string> = {}
  const inputs: Record<string, string> = {}
  const readInput = async (file: string) => {
    const bytes = await readFile(file)
    inputs[file] = digest(bytes)
    return bytes
  }
  const emit = async (name: string, bytes: Uint8Array | string) => {
    const extension = extname(name)
    const file = `${basename(name, extension)}.${digest(bytes).slice(0, 16)}${extension}`
    await writeFile(join(outDir, file), bytes)
    manifest[name] = file
  }

  await readInput(fileURLToPath(import.meta.url))
  for (const subset of ['vietnamese', 'latin-ext', 'latin'])
    for (const weight of [400, 600, 700]) {
      const name = `be-vietnam-pro-${subset}-${weight}-normal.woff2`
      await emit(name, await readInput(join(fonts, name)))
    }
  for (const file of images) await emit(basename(file), await readInput(file))

  const sass = await import('sass')
  for (const [name, file] of Object.entries(styles)) {
    const built = await sass.compileAsync(file, {
      style: 'compressed',
      loadPaths: [govuk],
      quietDeps: true,
      functions: { 'asset($name)': ([asked]) => new sass.SassString(manifest[asked!.assertString().text] ?? '', { quotes: false }) },
    })
    for (const url of built.loadedUrls) await readInput(fileURLToPath(url))
    await emit(`${name}.css`, built.css)
  }

  await emit('js-enabled.js', jsEnabled)
  const esbuild = await import('esbuild')
  for (const [name, entry] of Object.entries(entries)) {
    const built = await esbuild.build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      minify: true,
      format: 'esm',
      target: 'es2020',
      legalComments: 'none',
      absWorkingDir: root,
    })
    for (const file of Object.keys(built.metafile.inputs)) if (existsSync(join(root, file))) await readInput(join(root, file))
    await emit(`${name}.js`, built.outputFiles[0]!.contents)
  }

  const writing = `${keptFile}.${process.pid}`
  await writeFile(writing, JSON.stringify({ manifest, inputs, entries } satisfies Kept))
  await rename(writing, keptFile)
  return manifest
}

async function readKept(file: string): Promise<Kept | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Kept
  } catch {
    return null
  }
}

async function unchanged(kept: Kept, outDir: string): Promise<boolean> {
  if (!Object.values(kept.manifest).every(file => existsSync(join(outDir, file)))) return false
  for (const [file, hash] of Object.entries(kept.inputs)) {
    const bytes = await readFile(file).catch(() => null)
    if (!bytes || digest(bytes) !== hash) return false
  }
  return true
}
