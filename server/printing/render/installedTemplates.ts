import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError } from '../../../core/errors.ts'
import { filesBelow, loadTemplate, type Template, templateNames, templatesFolder } from './template.ts'

/** A folder of templates: what it holds, or why it cannot be used (file, line and reason). */
export type InstalledTemplate =
  | { readonly name: string; readonly template: Template; readonly problem: null }
  | { readonly name: string; readonly template: null; readonly problem: string }

const read = new Map<string, { stamp: string; installed: InstalledTemplate }>()

/** What lies in the folder now, by name: a new folder is a new template, a changed one is read again, a broken one says what is wrong. */
export function installedTemplates(folder = fileURLToPath(templatesFolder)): InstalledTemplate[] {
  return templateNames(folder).map(name => readInstalled(folder, name))
}

/** The template of this name. Throws `render.template` when there is none, or it is broken. */
export function installedTemplate(name: string, folder = fileURLToPath(templatesFolder)): Template {
  if (!/^[a-z0-9-]+$/.test(name) || !existsSync(join(folder, name, 'template.json')))
    throw new AppError('render.template', `There is no template "${name}"`)
  const { template, problem } = readInstalled(folder, name)
  if (!template) throw new AppError('render.template', `${name}: ${problem}`)
  return template
}

function readInstalled(folder: string, name: string): InstalledTemplate {
  const path = join(folder, name)
  try {
    const stamp = stampOf(path)
    const known = read.get(path)
    if (known?.stamp === stamp) return known.installed
    const installed = load(path, name)
    read.set(path, { stamp, installed })
    return installed
  } catch (error) {
    return broken(name, error)
  }
}

function load(path: string, name: string): InstalledTemplate {
  try {
    const template = loadTemplate(path)
    if (template.name !== name) return { name, template: null, problem: `template.json: name is "${template.name}", the folder "${name}"` }
    return { name, template, problem: null }
  } catch (error) {
    return broken(name, error)
  }
}

/** A folder as broken, for the reason that an error gives. */
function broken(name: string, error: unknown): InstalledTemplate {
  if (!(error instanceof AppError)) throw error
  return { name, template: null, problem: error.detail }
}

/** Names, sizes and times of a folder's files: what changes when one of them does. */
function stampOf(path: string): string {
  return filesBelow(path)
    .map(file => {
      const { size, mtimeMs } = statSync(join(path, file))
      return `${file} ${size} ${mtimeMs}`
    })
    .join('\n')
}
