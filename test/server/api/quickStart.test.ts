import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { freePort } from '../../../server/db/freePort.ts'
import { openApiDocument } from '../../../server/http/openapi.ts'
import { createWebServer } from '../../../server/http/webServer.ts'
import { composeWeb } from '../../../server/main.ts'
import { apiGuide } from '../../../server/pages/public/apiGuide.ts'
import { startDemonstrationProvider } from '../../../server/staff/demonstration/provider.ts'
import { useDatabase } from '../../support/database.ts'
import { openPublicInstallation, type PublicInstallation } from '../../support/publicInstallation.ts'

const run = promisify(execFile)
const dir = mkdtempSync(join(tmpdir(), 'antin-docs-'))
const machine = { clientId: 'phan-mem-mau', clientSecret: 'x'.repeat(32) }
let world: PublicInstallation
let provider: { close(): Promise<void> }
let server: Server
let page: string

afterAll(async () => {
  server?.closeAllConnections()
  server?.close()
  await world?.close()
  await provider?.close()
  rmSync(dir, { recursive: true, force: true })
})
const db = useDatabase()

beforeAll(async () => {
  const [port, providerPort] = [await freePort(), await freePort()]
  const [publicUrl, issuer] = [`http://localhost:${port}`, `http://localhost:${providerPort}`]
  provider = await startDemonstrationProvider({
    port: providerPort,
    issuer,
    publicUrl,
    stateDir: dir,
    users: [],
    clients: {
      console: { clientId: 'antin-console' },
      cli: { clientId: 'antin-cli' },
      machines: [{ ...machine, agency: 'G09', scopes: ['cards:write'] }],
    },
  })
  world = await openPublicInstallation(db.url, { PUBLIC_URL: publicUrl, OIDC_ISSUER: issuer })
  server = createWebServer((await composeWeb(world.installation)).app, pino({ level: 'silent' }))
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  page = await (await fetch(`${publicUrl}/docs`)).text()
})

/** What a reader copies from the page. */
function printed(id: string): string {
  const html = new RegExp(`<pre[^>]* id="${id}"[^>]*><code>([\\s\\S]*?)</code></pre>`).exec(page)![1]!
  const signs: Record<string, string> = { lt: '<', gt: '>', quot: '"', amp: '&' }
  return html.replace(/&(?:#(\d+)|(\w+));/g, (_, code?: string, name?: string) =>
    code === undefined ? signs[name!]! : String.fromCodePoint(Number(code)),
  )
}

const tools = ['curl', 'jq'].every(tool => spawnSync(tool, ['--version']).status === 0)
/** A machine without these tools has nothing to try the lines with. */
const testInShell = tools ? test : test.skip
const shell = (script: string, env: Record<string, string>) => run('sh', ['-euc', script], { env: { PATH: process.env.PATH, ...env } })

testInShell('the first call checks a code', async () => {
  for (const [card, verdict] of [
    [world.cards.genuine, 'valid'],
    [world.cards.revoked, 'invalid'],
  ] as const) {
    const { stdout } = await shell(printed('start-check'), { QR: world.sealedUrl(card.sealedBytes) })
    expect(JSON.parse(stdout).verdict).toBe(verdict)
  }
})

testInShell('a program gets its token and reads cards with it', async () => {
  const { stdout } = await shell(printed('start-token'), { CLIENT_ID: machine.clientId, CLIENT_SECRET: machine.clientSecret })
  expect(JSON.parse(stdout).cards.length).toBeGreaterThan(2)
})

test('a client that compares the address it asked with the one it is told takes our word for where to sign in (RFC 9728, 3.3)', async () => {
  const told = await (await fetch(`${world.origin}/.well-known/oauth-protected-resource`)).json()
  expect(told).toMatchObject({ resource: world.origin, audience: 'urn:antin:api' })
})

test('the library checks a code inside another program', async () => {
  mkdirSync(join(dir, 'antin'))
  mkdirSync(join(dir, 'node_modules'))
  writeFileSync(join(dir, 'antin', 'package.json'), JSON.stringify({ name: 'antin', type: 'module', exports: './index.ts' }))
  writeFileSync(join(dir, 'antin', 'index.ts'), `export * from '${new URL('../../../core/index.ts', import.meta.url).href}'\n`)
  symlinkSync(join(dir, 'antin'), join(dir, 'node_modules', 'antin'))
  writeFileSync(join(dir, 'check.mjs'), printed('start-library'))
  for (const [card, verdict] of [
    [world.cards.genuine, 'valid'],
    [world.cards.revoked, 'invalid'],
  ] as const) {
    const { stdout } = await run(process.execPath, ['check.mjs', world.sealedUrl(card.sealedBytes)], { cwd: dir })
    expect(stdout.split(' ')[0]).toBe(verdict)
  }
})

testInShell(
  'the lines of each operation reach it',
  async () => {
    const { stdout } = await shell(`${printed('start-token')} >/dev/null; echo "$TOKEN"`, {
      CLIENT_ID: machine.clientId,
      CLIENT_SECRET: machine.clientSecret,
    })
    const document = openApiDocument(world.installation.origin) as unknown as {
      paths: Record<string, Record<string, { operationId: string; responses: object }>>
    }
    const operations = Object.values(document.paths).flatMap(each => Object.values(each))
    const shown = apiGuide(document)
      .flatMap(group => group.operations)
      .filter(({ request }) => request !== null)
    expect(shown.length).toBeGreaterThan(20)
    const names = Object.fromEntries(
      ['ID', 'SERIAL', 'REF', 'SEQ', 'CODE', 'DIGEST'].map(name => [name, '00000000-0000-4000-8000-000000000000']),
    )
    const wrong: string[] = []
    for (const { id, request } of shown) {
      const { stdout: status } = await shell(`${request} -s -o ${dir}/answer -w '%{http_code}'`, { TOKEN: stdout.trim(), ...names })
      const { responses } = operations.find(each => each.operationId === id)!
      if (!(status in responses) || ['401', '405', '413', '415'].includes(status)) wrong.push(`${id} ${status}`)
    }
    expect(wrong).toEqual([])
  },
  60_000,
)
