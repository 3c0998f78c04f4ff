import { globSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { configSchema, readConfig } from '../../server/config.ts'
import { createMetrics } from '../../server/operations/metrics.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('docs/operations.md names every variable of server/config.ts with its default, and no other', () => {
  const section = read('docs/operations.md').split('\n## Configuration\n')[1]!.split('\n## ')[0]!
  const rows = [...section.matchAll(/^\| `([A-Z0-9_]+)` \| (?:`(.*?)`|—) \| (.+) \|$/gm)]
  expect(rows.map(([, name]) => name)).toEqual(Object.keys(configSchema.shape))
  const defaults = configSchema.parse({}) as Record<string, unknown>
  for (const [, name, written, meaning] of rows) {
    const value = defaults[name!]
    const absent = value === undefined || (Array.isArray(value) && value.length === 0)
    expect([name, written]).toEqual([name, absent ? undefined : String(value)])
    expect(meaning!.length).toBeGreaterThan(10)
  }
})

test('an empty environment is a usable configuration, and a fault names its variable', () => {
  expect(readConfig({}).PORT).toBe(3000)
  expect(() => readConfig({ RETAIN_AUDIT_MONTHS: '12', PORT: 'x' })).toThrow(/PORT.*RETAIN_AUDIT_MONTHS/)
})

test.each([
  { PUBLIC_URL: 'https://the.example.vn/antin' },
  { PUBLIC_URL: 'https://the.example.vn/?a' },
  { PUBLIC_URL: 'https://an:binh@the.example.vn' },
  { LOG_ORIGIN: 'the log' },
  { LOG_ORIGIN: 'a+b' },
  { TRUST_PROXY: 'nginx' },
  { TRUST_PROXY: 'loopback, 10.0.0.0/99' },
  { ANTIN_DRAIN_MS: '5s' },
  { CHAIN_CONTRACT: `0x${'1'.repeat(40)}` },
])('%j cannot be used, and the error names it', env => {
  expect(() => readConfig(env)).toThrow(`Configuration cannot be used: ${Object.keys(env)[0]}`)
})

test.each([
  ['true', true],
  ['2', 2],
  ['loopback, 10.0.0.0/8, fd00::1', 'loopback, 10.0.0.0/8, fd00::1'],
  ['uniquelocal', 'uniquelocal'],
])('TRUST_PROXY %s is what Express takes', (TRUST_PROXY, taken) => {
  expect(readConfig({ TRUST_PROXY, PUBLIC_URL: 'https://the.example.vn:8443/' }).TRUST_PROXY).toBe(taken)
})

const metrics = createMetrics({
  pool: {} as never,
  log: async () => ({ size: 0, closed: false, comparedSeconds: null, unanchored: 0, anchorWaitSeconds: 0, anchorAgeSeconds: null }),
  clockDifference: async () => 0,
  amberInSeconds: async () => null,
})
const labelsOf = new Map(
  metrics.registry.getMetricsAsArray().map(metric => [metric.name, (metric as unknown as { labelNames: string[] }).labelNames]),
)
const watched = ['docs/alerts.yml', 'docs/grafana-dashboard.json'].map(path => [path, read(path).replaceAll('\\"', '"')] as const)

test.each(watched)('%s speaks of metrics that there are, by labels that they have', (_path, text) => {
  const named = [...text.matchAll(/\b((?:antin|nodejs|process)_[a-z0-9_]+)(?:\{(.*?)\})?/g)]
  expect(named.length).toBeGreaterThan(8)
  for (const [, name, selectors = ''] of named) {
    const labels = labelsOf.get(name!) ?? labelsOf.get(name!.replace(/_(bucket|sum|count)$/, ''))
    if (!labels) throw new Error(`There is no metric ${name}`)
    const asked = [...selectors.matchAll(/(\w+)(?:=~?|!~?=?)"/g)].map(([, label]) => label)
    expect(['job', 'instance', 'le', ...labels]).toEqual(expect.arrayContaining(asked))
  }
})

test('every metric of ours is drawn on the dashboard, and none is left unwatched', () => {
  const [, dashboard] = watched[1]!
  const ours = [...labelsOf.keys()].filter(name => name.startsWith('antin_'))
  expect(ours.length).toBeGreaterThan(12)
  expect(ours.filter(name => !new RegExp(`\\b${name}(_bucket|_count|_sum)?\\b`).test(dashboard))).toEqual([])
})

test('every alarm is explained in docs/operations.md, and every explained one exists', () => {
  const alarms = [...read('docs/alerts.yml').matchAll(/^\s*- alert: (\w+)$/gm)].map(([, name]) => name)
  const explained = [...read('docs/operations.md').matchAll(/^\| `(Antin\w+)` \|/gm)].map(([, name]) => name)
  expect(explained.toSorted()).toEqual(alarms.toSorted())
})

test('every line of docs/threat-model.md names the tests that try it', () => {
  const rows = [...read('docs/threat-model.md').matchAll(/^\| (?!who |what |---)(.+?) \| .+? \| (.*?) \| .*\|$/gm)]
  expect(rows.length).toBeGreaterThan(20)
  for (const [, threat, tried] of rows) {
    const named = [...tried!.matchAll(/`([^`]+)`/g)].map(([, path]) => path!)
    expect([threat, named.length]).not.toEqual([threat, 0])
    for (const path of named) {
      const found = globSync([path, `${path}.test.ts`, `${path}/*`], { cwd: new URL('../', import.meta.url).pathname })
      expect([threat, path, found.length]).not.toEqual([threat, path, 0])
    }
  }
})

test('the dashboard is JSON with a title and a query in every panel', () => {
  const { title, panels } = JSON.parse(read('docs/grafana-dashboard.json'))
  expect(title).toBe('Ấn Tín')
  expect(panels.length).toBeGreaterThan(10)
  for (const panel of panels.filter((one: { type: string }) => one.type !== 'row')) expect(panel.targets[0].expr).toBeTruthy()
})

test('the compose file and the units set only variables that there are', () => {
  const anchor = read('deploy/compose.yaml').split('x-antin:')[1]!.split('\nservices:')[0]!
  const given = [...anchor.matchAll(/^ {4}([A-Z0-9_]+): /gm)].map(([, name]) => name)
  expect(given.length).toBeGreaterThan(10)
  expect(given.filter(name => !Object.hasOwn(configSchema.shape, name!))).toEqual([])
  for (const command of ['serve', 'work']) {
    const unit = read(`deploy/systemd/antin-${command}.service`)
    expect(unit).toMatch(new RegExp(`^ExecStart=.* cli/main\\.ts ${command}$`, 'm'))
    expect(unit).toContain('EnvironmentFile=/etc/antin/antin.env')
  }
})
