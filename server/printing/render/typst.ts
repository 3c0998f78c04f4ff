import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { NodeCompiler, type NodeTypstDocument } from '@myriaddreamin/typst-ts-node-compiler'
import { AppError } from '../../../core/errors.ts'
import { inlineSvgImages } from './inlineSvgImages.ts'
import { unhinted } from './unhinted.ts'

/** The virtual root of all that Typst sees: nothing is read from the disk while rendering. */
const ROOT = '/antin'

/** Fonts that a template may name, by file; all from one package, so that every machine renders alike. */
export const fontFiles = {
  'Be Vietnam Pro 400': '400Regular/BeVietnamPro_400Regular.ttf',
  'Be Vietnam Pro 400 Italic': '400Regular_Italic/BeVietnamPro_400Regular_Italic.ttf',
  'Be Vietnam Pro 500': '500Medium/BeVietnamPro_500Medium.ttf',
  'Be Vietnam Pro 600': '600SemiBold/BeVietnamPro_600SemiBold.ttf',
  'Be Vietnam Pro 700': '700Bold/BeVietnamPro_700Bold.ttf',
  'Be Vietnam Pro 800': '800ExtraBold/BeVietnamPro_800ExtraBold.ttf',
} as const
export type FontName = keyof typeof fontFiles

let fontFolder: string | undefined
export function readFont(name: FontName): Buffer {
  fontFolder ??= dirname(createRequire(import.meta.url).resolve('@expo-google-fonts/be-vietnam-pro/package.json'))
  return readFileSync(join(fontFolder, fontFiles[name]))
}

let shared: NodeCompiler | undefined
let compilations = 0

/** The one compiler of this process: fonts are parsed once (60 ms). */
function compiler(): NodeCompiler {
  if (!shared) {
    const names = Object.keys(fontFiles) as FontName[]
    shared = NodeCompiler.create({ workspace: ROOT, fontArgs: [{ fontBlobs: names.map(name => unhinted(readFont(name))) }] })
    shared.mapShadow(`${ROOT}/antin.typ`, readFileSync(new URL('./antin.typ', import.meta.url)))
  }
  return shared
}

/** Puts a file where Typst finds it, below the virtual root. */
export function shadowFile(path: string, bytes: Uint8Array): void {
  compiler().mapShadow(`${ROOT}/${path}`, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

const mains = new Set<string>()

/**
 * Returns the laid-out document of `main` (Typst source), which should not vary with the data: each text is kept under a path of
 * its own, because Typst edits a changed file in place and aborts the process on some edits within a letter of several bytes. Throws `render.text` with the field's name when `fit` of antin.typ
 * gave up, and `render.template` with file, line and reason for anything else.
 */
export function compileTypst(main: string): NodeTypstDocument {
  // Typst keeps what it has computed; results unused for a few compilations are let go.
  if (++compilations % 32 === 0) compiler().evictCache(2)
  const path = `main-${hash('sha256', main).slice(0, 24)}.typ`
  if (!mains.has(path)) {
    shadowFile(path, Buffer.from(main))
    mains.add(path)
  }
  const result = compiler().compile({ mainFilePath: `${ROOT}/${path}` })
  const document = result.result
  const warned = document && result.takeWarnings()
  const warnings: Diagnostic[] = warned ? compiler().fetchDiagnostics(warned) : []
  // Its text would simply be missing.
  const fontless = warnings.find(each => each.message.startsWith('unknown font family'))
  if (fontless) throw new AppError('render.template', `${placeOf(fontless)}: ${fontless.message}`)
  if (document) return document
  const error = result.takeDiagnostics()
  const diagnostics: Diagnostic[] = error ? compiler().fetchDiagnostics(error) : []
  const worst = diagnostics.find(each => each.severity === 1) ?? diagnostics[0]
  const message = worst?.message ?? 'Typst gave no reason'
  const tooLong = /antin-fit:([A-Za-z0-9]+)/.exec(message)
  if (tooLong) throw new AppError('render.text', `${tooLong[1]} does not fit`)
  throw new AppError('render.template', `${placeOf(diagnostics.find(each => each.severity === 1 && each.range) ?? worst)}: ${message}`)
}

/** File, line and column. */
function placeOf(diagnostic: Diagnostic | undefined): string {
  const start = diagnostic?.range?.start
  return `${templatePath(diagnostic?.path ?? '')}${start ? `:${start.line + 1}:${start.character + 1}` : ''}`
}

/** `front.typ` for a file of a template, whose folder here is `name@digest`; `antin.typ` and the main text as they are. */
function templatePath(path: string): string {
  return path.slice(ROOT.length + 1).replace(/^[^/]+@[0-9a-f]+\//, '')
}

interface Diagnostic {
  /** 1 error, 2 warning, 4 trace. */
  severity: number
  message: string
  path: string
  /** Lines and characters count from 0. */
  range: { start: { line: number; character: number } } | null
}

export interface PdfOptions {
  standard?: string
  tags?: boolean
  /** Seconds since 1970. */
  created?: number
}

export function typstPdf(document: NodeTypstDocument, { standard, tags = false, created }: PdfOptions = {}): Uint8Array {
  return compiler().pdf(document, {
    pdfTags: tags,
    ...(standard === undefined ? {} : { pdfStandard: standard }),
    ...(created === undefined ? {} : { creationTimestamp: created }),
  })
}

export function typstSvg(document: NodeTypstDocument): string {
  return inlineSvgImages(compiler().plainSvg(document))
}
