// npm run pack: the package.json of the library alone, into dist/, so that who installs it gets what core/ imports and not the server.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const dist = join(import.meta.dirname, '../dist')
const { name, version, description, license, type, engines, dependencies } = JSON.parse(readFileSync(join(dist, '../package.json'), 'utf8'))
const sources = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.js'))
  .map(file => readFileSync(join(dist, file), 'utf8'))
const imported = Object.entries(dependencies).filter(([each]) => sources.some(source => source.includes(` from '${each}`)))
const manifest = {
  name,
  version,
  description,
  license,
  type,
  engines,
  exports: { '.': { types: './index.d.ts', default: './index.js' } },
  dependencies: Object.fromEntries(imported),
}
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
