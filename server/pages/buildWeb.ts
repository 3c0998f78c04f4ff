import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
/** Where the files are served; part of every URL in the bundle. */
export const webPath = '/assets/web/'

const entries = {
  verify: 'web/verify/main.ts',
  diplomas: 'web/diplomas/main.ts',
  diplomaList: 'web/diplomas/listMain.ts',
  holder: 'web/live-card/main.ts',
  page: 'web/platform/pageMain.ts',
}
/** Phones of 2017 with their last Chrome, and the web views of chat apps. */
const target = ['chrome80', 'safari15', 'firefox78']

export interface WebFile {
  readonly body: Buffer
  readonly brotli: Buffer | null
  readonly gzip: Buffer | null
  readonly type: string
}

export interface WebAssets {
  /** URL path of an entry ('verify.js', 'public.css', 'scanWorker.js', 'zxing_reader.wasm'). */
  url(name: string): string
  /** File of a URL path below `webPath`, without it. */
  file(name: string): WebFile | undefined
  /** Every URL path that the service worker keeps for use without a network. */
  readonly kept: readonly string[]
  /** Digest of all sources; changes when any file does. */
  readonly version: string
  readonly serviceWorker: WebFile
}

/**
 * The browser's scripts and styles, bundled with content hashes into `directory`/web-VERSION. Built once for each
 * state of the sources, also when several processes begin at the same moment (a finished build is renamed into place).
 */
export async function buildWeb(directory = join(root, '.antin/build/assets')): Promise<WebAssets> {
  const version = await sourceVersion()
  const place = join(directory, `web-${version}`)
  if (!existsSync(join(place, 'manifest.json'))) await buildInto(directory, place)
  return readAssets(place, version)
}

interface Manifest {
  readonly names: Record<string, string>
  readonly kept: string[]
}

async function buildInto(directory: string, place: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const out = await mkdtemp(join(directory, 'building-'))
  const common = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    target,
    legalComments: 'none',
    logLevel: 'error',
    assetNames: '[name]-[hash]',
    publicPath: webPath.slice(0, -1),
    loader: { '.wasm': 'file', '.woff2': 'file', '.svg': 'file' },
    define: { 'process.env.NODE_ENV': '"production"' },
    metafile: true,
  } as const
  const worker = await build({
    ...common,
    entryPoints: { scanWorker: 'web/scan/scanWorker.ts' },
    outdir: out,
    entryNames: '[name]-[hash]',
    format: 'iife',
  })
  const names: Record<string, string> = {}
  note(worker.metafile, names)
  const workerUrl = webPath + names['scanWorker.js']
  const pages = await build({
    ...common,
    define: { ...common.define, SCAN_WORKER_URL: JSON.stringify(workerUrl) },
    entryPoints: { ...entries, public: 'web/styles/public.css', fonts: 'web/styles/fonts.css' },
    outdir: out,
    entryNames: '[name]-[hash]',
    chunkNames: 'part-[hash]',
    format: 'esm',
    splitting: true,
  })
  note(pages.metafile, names)
  const outputs = { ...worker.metafile.outputs, ...pages.metafile.outputs }
  const kept = [...Object.keys(worker.metafile.outputs), ...reachable(outputs, 'verify'), ...named(outputs, /\/public-\w+\.css$/)].map(
    path => webPath + relative(out, join(root, path)),
  )
  await build({
    ...common,
    define: { ...common.define, KEPT_FILES: JSON.stringify(kept), KEPT_VERSION: JSON.stringify(place.slice(-16)) },
    entryPoints: { sw: 'web/offline/serviceWorker.ts' },
    outdir: out,
    format: 'iife',
  })
  for (const name of await readdir(out)) {
    if (!/\.(js|css|wasm|svg)$/.test(name)) continue
    const body = await readFile(join(out, name))
    await writeFile(join(out, `${name}.br`), await brotli(body))
    await writeFile(join(out, `${name}.gz`), await promisify(gzip)(body, { level: 9 }))
  }
  await writeFile(join(out, 'manifest.json'), JSON.stringify({ names, kept } satisfies Manifest))
  try {
    await rename(out, place)
  } catch (error) {
    // Another process finished first; its files are the same.
    await rm(out, { recursive: true, force: true })
    if (!existsSync(join(place, 'manifest.json'))) throw error
  }
}

const brotli = (body: Buffer) =>
  promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } })

type Outputs = Record<string, { entryPoint?: string; imports?: readonly { path: string; kind: string }[] }>

/** The outputs that an entry needs, now or later. */
function reachable(outputs: Outputs, entry: string): string[] {
  const found = named(outputs, new RegExp(`/${entry}-\\w+\\.js$`))
  for (const path of found)
    for (const next of outputs[path]?.imports ?? []) if (outputs[next.path] && !found.includes(next.path)) found.push(next.path)
  return found
}

function named(outputs: Outputs, pattern: RegExp): string[] {
  return Object.keys(outputs).filter(path => pattern.test(path))
}

/** Adds 'name.ext' -> 'name-HASH.ext' of each entry and asset. */
function note(metafile: { outputs: Record<string, { entryPoint?: string }> }, names: Record<string, string>): void {
  for (const path of Object.keys(metafile.outputs)) {
    const file = path.slice(path.lastIndexOf('/') + 1)
    const match = /^(.+)-[0-9A-Z]{8}(\.\w+)$/.exec(file)
    if (match && match[1] !== 'part') names[match[1]! + match[2]!] = file
  }
}

async function readAssets(place: string, version: string): Promise<WebAssets> {
  const manifest = JSON.parse(await readFile(join(place, 'manifest.json'), 'utf8')) as Manifest
  const files = new Map<string, WebFile>()
  const present = new Set(await readdir(place))
  for (const name of present) {
    const type = types[name.slice(name.lastIndexOf('.'))]
    if (!type) continue
    const [body, br, gz] = await Promise.all(
      [name, `${name}.br`, `${name}.gz`].map(each => (present.has(each) ? readFile(join(place, each)) : Promise.resolve(null))),
    )
    files.set(name, { body: body!, brotli: br!, gzip: gz!, type })
  }
  return {
    version,
    kept: manifest.kept,
    serviceWorker: files.get('sw.js')!,
    file: name => (name === 'sw.js' ? undefined : files.get(name)),
    url(name) {
      const file = manifest.names[name]
      if (!file) throw new Error(`no asset ${name}`)
      return webPath + file
    },
  }
}

const types: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
}

/** 16 hex digits over every source that the bundle may contain and the locked dependencies. */
async function sourceVersion(): Promise<string> {
  const digest = createHash('sha256')
  for (const folder of ['core', 'web']) {
    const names = (await readdir(join(root, folder), { recursive: true })).filter(name => /\.(ts|css|svg)$/.test(name)).sort()
    for (const name of names) digest.update(`${folder}/${name}\0`).update(await readFile(join(root, folder, name)))
  }
  for (const file of [join(root, 'package-lock.json'), fileURLToPath(import.meta.url)]) digest.update(await readFile(file))
  return digest.digest('hex').slice(0, 16)
}
