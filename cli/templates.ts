import { existsSync, type FSWatcher, mkdirSync, readdirSync, watch, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { AppError } from '../core/errors.ts'
import { CliError, type CliIo } from './io.ts'

const usage = 'antin templates list [FOLDER] | preview NAME|FOLDER [--out DIR] [--dpi N] [--once] [--json]'

/**
 * `antin templates`: lists the templates of the installation or a folder, each laid out with its sample (exit code 1 when one is broken), or renders one with its sample data and again at every change of its folder, until
 * Ctrl-C. Previews carry no live code. A broken template gives file, line and reason; with `--once` the exit code is then 1.
 */
export async function templates(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'preview' },
      dpi: { type: 'string', default: '300' },
      once: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  })
  const { templateNames, templatesFolder } = await import('../server/printing/render/template.ts')
  const own = fileURLToPath(templatesFolder)
  const [command, name] = positionals
  const dpi = Number(values.dpi)
  if (command === 'list' && positionals.length <= 2) return list(name ?? own, values.json ?? false, io)
  if (command !== 'preview' || name === undefined || positionals.length > 2 || !(dpi >= 36 && dpi <= 1200))
    throw new CliError(`Usage: ${usage}`, 64)
  const folder = existsSync(join(name, 'template.json')) ? resolve(name) : join(own, name)
  if (!existsSync(folder)) throw new CliError(`No template ${name}; there are: ${templateNames(own).join(', ')}`)
  mkdirSync(values.out, { recursive: true })

  const render = async (): Promise<boolean> => {
    try {
      const start = performance.now()
      const files = await renderPreview(folder, dpi)
      for (const [file, bytes] of files) writeFileSync(join(values.out, file), bytes)
      const paths = [...files.keys()].map(file => join(values.out, file))
      const milliseconds = Math.round(performance.now() - start)
      io.out(values.json ? JSON.stringify({ files: paths, milliseconds }) : `${paths.join('\n')}\n(${milliseconds} ms)`)
      return true
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      io.err(`${error.code}: ${error.detail}`)
      return false
    }
  }
  const good = await render()
  if (values.once) return good ? 0 : 1
  io.err(`Watching ${folder}; Ctrl-C ends`)
  return untilInterrupted(folder, render)
}

/** Names each template of a folder, or what is wrong with it; 1 when any is broken. */
async function list(folder: string, json: boolean, io: CliIo): Promise<number> {
  const { installedTemplates } = await import('../server/printing/render/installedTemplates.ts')
  const { templateProblem } = await import('../server/printing/render/templateProblem.ts')
  if (!existsSync(folder)) throw new CliError(`No folder ${folder}`)
  let broken = 0
  for (const installed of installedTemplates(folder)) {
    const { name, template } = installed
    const problem = template ? templateProblem(template) : installed.problem
    if (!template || problem !== null) {
      broken++
      if (json) io.out(JSON.stringify({ name, problem }))
      else io.out(`${name}  HỎNG: ${placed(problem ?? '')}`)
      continue
    }
    const { title, kind, size, legalBasis } = template
    if (json) io.out(JSON.stringify({ name, title, kind, size, legalBasis }))
    else io.out(`${name}  ${title.vi} (${kind}, ${size.width} × ${size.height} mm${legalBasis ? `, ${legalBasis}` : ''})`)
  }
  return broken > 0 ? 1 : 0
}

/** `page.typ:12:3: reason` in words. */
function placed(problem: string): string {
  const [, file, line, column, reason] = /^([^\s:]+):(\d+):(\d+): (.*)$/s.exec(problem) ?? []
  return file ? `${file}, dòng ${line}, cột ${column}: ${reason}` : problem
}

/** The files of a preview by name: PDF, and a PNG a side or page. */
async function renderPreview(folder: string, dpi: number): Promise<Map<string, Uint8Array>> {
  const { loadTemplate } = await import('../server/printing/render/template.ts')
  const { sampleRendering } = await import('../server/printing/render/sampleRendering.ts')
  const template = loadTemplate(folder)
  const rendering = sampleRendering(template)
  const files = new Map([[`${template.name}.pdf`, rendering.pdf()]])
  for (const side of rendering.sides) {
    const name = side === 'page' ? `${template.name}.png` : `${template.name}-${side}.png`
    files.set(name, await rendering.png(side === 'page' ? Math.min(dpi, 150) : dpi, side))
  }
  return files
}

/** Renders again 100 ms after the last change of a burst, one at a time; resolves to 0 at SIGINT or SIGTERM. */
function untilInterrupted(folder: string, render: () => Promise<boolean>): Promise<number> {
  return new Promise((done, failed) => {
    let timer: NodeJS.Timeout | undefined
    let running = Promise.resolve(true)
    const watchers = new Map<string, FSWatcher>()
    // Folder by folder: a recursive watch loses a file that an editor saves by renaming another over it.
    const follow = () => {
      for (const path of [folder, ...foldersBelow(folder)]) if (!watchers.has(path)) watchers.set(path, watch(path, changed))
    }
    const changed = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        follow()
        running = running.then(render)
        running.catch(failed)
      }, 100)
    }
    follow()
    const end = () => {
      for (const watcher of watchers.values()) watcher.close()
      clearTimeout(timer)
      done(0)
    }
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
  })
}

const foldersBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name))
