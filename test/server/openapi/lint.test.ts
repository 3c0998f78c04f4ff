import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import type { RequestHandler } from 'express'
import { pino } from 'pino'
import supertest from 'supertest'
import { buildApp } from '../../../server/app.ts'
import { openApiRoutes } from '../../../server/http/routes/openapi.ts'

const config = fileURLToPath(new URL('redocly.yaml', import.meta.url))
const cli = join(dirname(createRequire(import.meta.url).resolve('@redocly/cli/package.json')), 'bin', 'cli.js')
const next: RequestHandler = (_req, _res, done) => done()

interface Finding {
  ruleId: string
  message: string
  location: { pointer?: string }[]
}

/** What Redocly finds in a document, errors and warnings. It asks nobody: neither for updates nor to tell of its use. */
async function findings(document: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'antin-openapi-'))
  const file = join(folder, 'openapi.json')
  writeFileSync(file, document)
  try {
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', CI: 'true' }
    const args = [cli, 'lint', file, '--config', config, '--format', 'json', '--max-problems', '1000']
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: folder, maxBuffer: 1e8 }).catch(error => error)
    const { problems } = JSON.parse(stdout) as { problems: Finding[] }
    return problems.map(({ ruleId, message, location }) => `${ruleId} at ${location[0]?.pointer}: ${message}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function served(): Promise<string> {
  const app = buildApp({
    logger: pino({ level: 'silent' }),
    publicUrl: 'https://antin.example',
    trustProxy: false,
    formTargets: [],
    measureRequests: next,
    publicRoutes: [openApiRoutes({ publicUrl: 'https://antin.example' })],
    authenticate: next,
    streamRoutes: [],
    idempotency: next,
    apiRoutes: [],
    pages: [],
  })
  return (await supertest(app).get('/openapi.json').expect(200)).text
}

test('Redocly finds no error and no warning in the document that is served', async () => {
  expect(await findings(await served())).toEqual([])
})

test('the linter sees what is wrong', async () => {
  const document = JSON.parse(await served())
  document.paths['/api/verifications'].post.responses['200'].content['application/json'].schema = { $ref: '#/components/schemas/Nowhere' }
  delete document.paths['/api/tokens'].post.summary
  const found = (await findings(JSON.stringify(document))).join('\n')
  expect(found).toContain('no-unresolved-refs at #/paths/~1api~1verifications/post')
  expect(found).toContain('operation-summary at #/paths/~1api~1tokens/post')
})
