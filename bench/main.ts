// npm run bench [-- NAME …] [--json | --markdown]: runs bench/NAME.ts, which exports `async function run(report: Report)`; without a name,
// the quick ones, in one table.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import type { Report, Row } from './report.ts'

const parts = ['main', 'report', 'interleaved', 'referenceCard', 'referenceSdJwt', 'loadPeer', 'ownDatabase']
const quick = ['comparison', 'batch', 'render', 'anchor', 'http', 'qr']
const benches = readdirSync(import.meta.dirname)
  .filter(file => file.endsWith('.ts'))
  .map(file => file.slice(0, -3))
  .filter(name => !parts.includes(name))
const asked = process.argv.slice(2).filter(argument => !argument.startsWith('--'))
const asJson = process.argv.includes('--json')
const asMarkdown = process.argv.includes('--markdown')

if (asked.some(name => !benches.includes(name))) {
  console.error(`npm run bench -- NAME [--json]; NAME is one of: ${benches.join(', ')}`)
  process.exit(2)
}

const chosen = asked.length > 0 ? asked : quick.filter(name => benches.includes(name))
const all: (Row & { bench: string })[] = []
const startedAt = `${new Date().toISOString().slice(0, 16)}Z`
const loadAtStart = loadavg()[0]!

for (const bench of chosen) {
  if (chosen.length > 1) {
    all.push(...apart(bench))
    continue
  }
  const report: Report = Object.assign((row: Row) => void all.push({ bench, ...row }), {
    note: (text: string) => console.error(`${bench}: ${text}`),
  })
  const { run } = (await import(`./${bench}.ts`)) as { run: (report: Report) => Promise<void> }
  await run(report)
}

/** A bench in a process of its own: the heap that one leaves would slow the next. */
function apart(bench: string): (Row & { bench: string })[] {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const { status, stdout } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, bench, '--json'], {
    encoding: 'utf8',
    stdio: [...stdio],
  })
  if (status !== 0) {
    console.error(`${bench}: failed`)
    process.exitCode = 1
  }
  return stdout
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => {
      const { limit, ...row } = JSON.parse(line) as Row & { bench: string; limit: number | null }
      return limit === null ? row : { ...row, limit }
    })
}

const machine = `${startedAt}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, load average ${loadAtStart.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} after${loadAtStart > 1 ? ' (machine in use: trust the ratios, not the rates)' : ''}`
if (asJson) {
  for (const { limit, ...row } of all)
    console.log(JSON.stringify({ ...row, limit: limit ?? null, ratio: limit === undefined ? null : row.rate / limit }))
} else if (asMarkdown) {
  console.log(`${machine}\n\n| bench | case | rate | unit | x limit |\n| --- | --- | ---: | --- | ---: |`)
  for (const { bench, case: name, rate, unit, limit } of all)
    console.log(`| ${bench} | ${name} | ${Number(rate.toPrecision(4))} | ${unit} | ${ratio(rate, limit)} |`)
} else {
  console.log(machine)
  console.table(
    all.map(({ bench, case: name, rate, unit, limit }) => ({
      bench,
      case: name,
      rate: Number(rate.toPrecision(4)),
      unit,
      'x limit': ratio(rate, limit),
    })),
  )
}

function ratio(rate: number, limit: number | undefined): string {
  return limit === undefined ? '' : (rate / limit).toFixed(3)
}
