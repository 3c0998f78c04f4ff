// npm run bench -- NAME [--json]: runs bench/NAME.ts, which exports `async function run(report: Report)`.
import { readdirSync } from 'node:fs'
import type { Report, Row } from './report.ts'

const parts = ['main', 'report', 'interleaved', 'referenceCard', 'referenceSdJwt', 'loadPeer']
const benches = readdirSync(import.meta.dirname)
  .filter(file => file.endsWith('.ts'))
  .map(file => file.slice(0, -3))
  .filter(name => !parts.includes(name))
const asked = process.argv.slice(2).filter(argument => !argument.startsWith('--'))
const asJson = process.argv.includes('--json')

if (asked.length === 0 || asked.some(name => !benches.includes(name))) {
  console.error(`npm run bench -- NAME [--json]; NAME is one of: ${benches.join(', ')}`)
  process.exit(2)
}

for (const bench of asked) {
  const rows: Row[] = []
  const report: Report = Object.assign((row: Row) => void rows.push(row), {
    note: (text: string) => console.error(`${bench}: ${text}`),
  })
  const { run } = (await import(`./${bench}.ts`)) as { run: (report: Report) => Promise<void> }
  await run(report)
  if (asJson) {
    for (const row of rows) {
      const { limit } = row
      console.log(JSON.stringify({ bench, ...row, limit: limit ?? null, ratio: limit === undefined ? null : row.rate / limit }))
    }
  } else {
    const table = rows.map(({ case: name, rate, unit, limit }) => ({
      case: name,
      rate: Number(rate.toPrecision(4)),
      unit,
      'x limit': limit === undefined ? '' : (rate / limit).toFixed(3),
    }))
    console.log(bench)
    console.table(table)
  }
}
