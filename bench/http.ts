import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { encodeBase64url } from '../core/encoding/base64url.ts'
import { freePort } from '../server/db/freePort.ts'
import { createPublicWorld } from '../test/support/publicWorld.ts'
import { type Load, load } from './http-parts/load.ts'
import type { SentWorld } from './http-parts/server.ts'
import { ownDatabase } from './ownDatabase.ts'
import type { Report } from './report.ts'

const rounds = 5
const seconds = 2
const connections = 32
const bulkLines = 100_000

interface Served {
  port: number
  /** Resident memory of the first process, in bytes. */
  memory(): Promise<number>
  /** Processor time of all its processes so far, in microseconds. */
  cpu(): Promise<number>
  stop(): void
}

/**
 * `POST /api/verifications` of a sealed card against a bare express route that does one ES256 verify: the same client, body size and run,
 * turn by turn, in one process and two; then the time of 99 in 100 answers at half of that load.
 */
export async function run(report: Report): Promise<void> {
  await ownDatabase(({ url }) => measure(report, url), { durable: false })
}

async function measure(report: Report, databaseUrl: string): Promise<void> {
  const { world, body } = await makeWorld(databaseUrl)
  for (const processes of [1, 2]) {
    const served = { bare: await serve('bare', processes, world), antin: await serve('antin', processes, world) }
    const rates: Record<'bare' | 'antin', Load[]> = { bare: [], antin: [] }
    const costs: Record<'bare' | 'antin', number[]> = { bare: [], antin: [] }
    for (const { port } of Object.values(served)) await load({ port, body, connections, seconds: 1 })
    for (let round = 0; round < rounds; round++) {
      // By turns, and in turned order: the machine is not equally fast all the time.
      const order = round % 2 ? (['antin', 'bare'] as const) : (['bare', 'antin'] as const)
      for (const kind of order) {
        const before = await served[kind].cpu()
        const measured = await load({ port: served[kind].port, body, connections, seconds })
        rates[kind].push(measured)
        costs[kind].push(((await served[kind].cpu()) - before) / (measured.rate * seconds))
      }
    }
    const bare = median(rates.bare.map(each => each.rate))
    const antin = median(rates.antin.map(each => each.rate))
    const name = `${processes} process${processes > 1 ? 'es' : ''}`
    report({ case: `express, one ES256 verify, ${name}`, rate: bare, unit: 'requests/s' })
    report({ case: `POST /api/verifications, sealed card, ${name}`, rate: antin, unit: 'requests/s', limit: bare })
    report({ case: `processor time of the bare route, ${name}`, rate: median(costs.bare), unit: 'µs/request' })
    report({ case: `processor time of ours, ${name}`, rate: median(costs.antin), unit: 'µs/request', limit: median(costs.bare) })
    const half = await load({ port: served.antin.port, body, connections, seconds: 4, perSecond: antin / 2 })
    report({ case: `p99 at ${Math.round(half.rate)} requests/s, ${name}`, rate: half.p99, unit: 'ms' })
    if (processes === 1) await bulk(report, served.antin, body)
    for (const each of Object.values(served)) each.stop()
  }
  report.note('the client shares the machine with the servers; ratios count, not rates')
}

/** One call of 100,000 lines, answered while they are sent; `memory` is what the process grew by at most. */
async function bulk(report: Report, { port, memory }: Served, line: string): Promise<void> {
  const before = await memory()
  let most = 0
  const watch = setInterval(() => void memory().then(now => (most = Math.max(most, now))), 500)
  const call = request({
    port,
    host: '127.0.0.1',
    path: '/api/verifications/bulk',
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  })
  const start = performance.now()
  const part = Buffer.from(`${line}\n`.repeat(100))
  const sending = pipeline(
    Readable.from(
      (function* () {
        for (let i = 0; i < bulkLines / 100; i++) yield part
      })(),
    ),
    call,
  )
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  let answered = 0
  for await (const chunk of response) for (const byte of chunk as Buffer) if (byte === 10) answered++
  await sending
  clearInterval(watch)
  if (answered !== bulkLines) throw new Error(`${answered} answers to ${bulkLines} lines`)
  report({ case: `bulk, one call of ${bulkLines} lines`, rate: (bulkLines * 1000) / (performance.now() - start), unit: 'lines/s' })
  report({ case: 'bulk, memory grown by at most', rate: (most - before) / 1e6, unit: 'MB' })
}

async function makeWorld(databaseUrl: string): Promise<{ world: SentWorld; body: string }> {
  const made = await createPublicWorld({ origin: 'http://localhost:3000', at: Math.floor(Date.now() / 1000), photo: randomBytes(6000) })
  const files = [...made.files].filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return {
    world: { trustRoot: made.trustRoot, files, databaseUrl },
    body: JSON.stringify({ credential: encodeBase64url(made.cards.genuine.sealed) }),
  }
}

async function serve(kind: 'bare' | 'antin', processes: number, world: SentWorld): Promise<Served> {
  const port = await freePort()
  const children: ChildProcess[] = []
  const ask = async (child: ChildProcess, question: 'memory' | 'cpu') => {
    child.send(question)
    return ((await once(child, 'message')) as [number])[0]
  }
  for (let i = 0; i < processes; i++) {
    const execArgv = ['--disable-warning=ExperimentalWarning']
    const child = fork(new URL('./http-parts/server.ts', import.meta.url), [kind, String(port)], { execArgv })
    children.push(child)
    child.send(world)
    await once(child, 'message')
  }
  return {
    port,
    memory: () => ask(children[0]!, 'memory'),
    async cpu() {
      let sum = 0
      for (const child of children) sum += await ask(child, 'cpu')
      return sum
    },
    stop: () => {
      for (const child of children) child.kill()
    },
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
