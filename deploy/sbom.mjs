// npm run sbom [-- DIR]: what is in the product, from package-lock.json, as CycloneDX 1.6 (sbom.cdx.json) and a list of licences
// (licences.txt), into DIR (.antin). The same lock gives the same bytes. Exits 1 when a package that ships has no licence.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const dir = resolve(process.argv[2] ?? join(root, '.antin'))
const lockText = readFileSync(join(root, 'package-lock.json'))
const { name, version, packages } = JSON.parse(lockText)

/** Where Node looks for a dependency of the package at `from`, outwards. */
function found(from, dependency) {
  for (let at = from; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${dependency}`
    if (packages[path]) return path
    if (at === '') return undefined
  }
}

const nameOf = path => packages[path].name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
const purlOf = path => `pkg:npm/${nameOf(path).replace('@', '%40')}@${packages[path].version}`

function licenceOf(path) {
  const file = join(root, path, 'package.json')
  const own = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  const given = packages[path].license ?? own.license ?? own.licenses?.[0]
  return typeof given === 'object' ? given?.type : given
}

function hashesOf(integrity = '') {
  return integrity.split(' ').flatMap(one => {
    const [, bits, digest] = /^sha(256|384|512)-(.+)$/.exec(one) ?? []
    return digest ? [{ alg: `SHA-${bits}`, content: Buffer.from(digest, 'base64').toString('hex') }] : []
  })
}

const isExpression = licence => / (AND|OR|WITH) /.test(licence)
const isId = licence => /^[A-Za-z0-9.+-]+$/.test(licence)

const paths = Object.keys(packages)
  .filter(path => path !== '' && !packages[path].link && packages[path].version)
  .sort()
const components = new Map()
for (const path of paths) {
  const { dev, optional, devOptional, integrity } = packages[path]
  const licence = licenceOf(path)
  const [group, plain] = nameOf(path).startsWith('@') ? nameOf(path).split('/') : [undefined, nameOf(path)]
  const scope = dev ? 'excluded' : optional || devOptional ? 'optional' : 'required'
  const known = components.get(purlOf(path))
  if (known && (known.scope === 'required' || scope === 'excluded')) continue
  components.set(purlOf(path), {
    type: 'library',
    'bom-ref': purlOf(path),
    ...(group ? { group } : {}),
    name: plain,
    version: packages[path].version,
    scope,
    hashes: hashesOf(integrity),
    licenses: !licence
      ? []
      : isExpression(licence)
        ? [{ expression: licence }]
        : [{ license: isId(licence) ? { id: licence } : { name: licence } }],
    purl: purlOf(path),
  })
}

const own = `pkg:npm/${name}@${version}`
const dependsOn = new Map()
for (const path of ['', ...paths]) {
  const { dependencies = {}, optionalDependencies = {}, devDependencies = {} } = packages[path]
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...(path === '' ? devDependencies : {}) })
  const refs = names.flatMap(one => {
    const target = found(path, one)
    return target ? [purlOf(target)] : []
  })
  const ref = path === '' ? own : purlOf(path)
  dependsOn.set(ref, [...new Set([...(dependsOn.get(ref) ?? []), ...refs])].sort())
}

const digest = createHash('sha256').update(lockText).digest('hex')
const uuid = digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-5$3-8$4-$5')
const bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: `urn:uuid:${uuid}`,
  version: 1,
  metadata: {
    tools: { components: [{ type: 'application', name: 'deploy/sbom.mjs' }] },
    component: { type: 'application', 'bom-ref': own, name, version, purl: own },
    properties: [{ name: 'antin:package-lock-sha256', value: digest }],
  },
  components: [...components.values()],
  dependencies: [...dependsOn].map(([ref, refs]) => ({ ref, dependsOn: refs })),
}

const shipped = bom.components.filter(component => component.scope !== 'excluded')
const licenceText = component =>
  component.licenses.map(one => one.expression ?? one.license.id ?? one.license.name).join() || 'NO LICENCE GIVEN'
const byLicence = Map.groupBy(shipped, licenceText)
const list = [...byLicence.keys()].sort().map(licence => {
  const names = byLicence.get(licence).map(one => `  ${one.group ? `${one.group}/` : ''}${one.name} ${one.version}`)
  return `${licence} (${names.length})\n${names.join('\n')}\n`
})

mkdirSync(dir, { recursive: true })
writeFileSync(join(dir, 'sbom.cdx.json'), `${JSON.stringify(bom, null, 1)}\n`)
writeFileSync(join(dir, 'licences.txt'), list.join('\n'))
console.log(`${bom.components.length} packages, ${shipped.length} of them shipped, in ${join(dir, 'sbom.cdx.json')}`)
for (const [licence, all] of [...byLicence].toSorted((a, b) => b[1].length - a[1].length))
  console.log(`${String(all.length).padStart(5)}  ${licence}`)
const missing = byLicence.get('NO LICENCE GIVEN') ?? []
if (missing.length > 0) {
  console.error(`Without a licence: ${missing.map(one => one['bom-ref']).join(', ')}`)
  process.exitCode = 1
}
