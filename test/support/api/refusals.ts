import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fc from 'fast-check'
import type { Pool } from 'pg'
import { pino } from 'pino'
import { problemHandler } from '../../../server/http/problem.ts'
import { trustRoutes } from '../../../server/http/routes/trust.ts'
import { logRoutes } from '../../../server/log/logRoutes.ts'
import { composeWeb } from '../../../server/main.ts'
import type { Operation } from './apiDocument.ts'
import type { ApiWorld, Caller } from './apiWorld.ts'
import { arbitraryOf } from './arbitraryOf.ts'
import type { Answer } from './exchange.ts'

/** Of each parameter's name a value of the right form that nothing answers to. */
const absent: Record<string, string> = {
  serial: 'G09-26-9999999-K',
  ref: `${'A'.repeat(21)}Q`,
  digest: '0'.repeat(64),
  sha256: '0'.repeat(64),
  thumbprint: '0'.repeat(64),
  prefix: '0'.repeat(32),
  code: 'G98',
  n: '99999',
  kind: 'none',
  seq: '99999',
  level: '40',
  index: '999',
  size: '123456789',
}
const json = { 'content-type': 'application/json' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** What is refused before an operation's own code runs, asked of every operation that documents it. Answers what came otherwise. */
export async function askRefusals(world: ApiWorld): Promise<string[]> {
  const otherwise: string[] = []
  for (const operation of world.document.operations) {
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => absent[name] ?? '00000000-0000-4000-8000-000000000000')
    const { method, responses } = operation
    const send = (headers: Record<string, string>, body?: string) => world.send(operation, { method, path, headers, body })
    const wanted = async (status: number, asked: Promise<Answer>) => {
      const answer = await asked
      if (answer.status !== status) otherwise.push(`${method} ${path}: ${status} wanted, ${answer.status} came`)
    }
    if ('401' in responses) await wanted(401, send(bearer('not.a.token')))
    if ('401' in responses && !operation.isPublic) await wanted(401, send({}))
    if ('403' in responses) await wanted(403, send(bearer(world.tokens.barred)))
    if ('413' in responses && operation.path.startsWith('/api/') && !operation.path.endsWith('/stamped-copy')) {
      const headers = { ...bearer(world.tokens.admin), ...json }
      await wanted(400, send(headers, '{'))
      await wanted(413, send(headers, `"${'x'.repeat(operation.path.includes('result-sheets') ? 4_300_000 : 1_100_000)}"`))
      await wanted(415, send({ ...headers, 'content-encoding': 'x-none' }, '{}'))
    }
    if (operation.parameters.some(each => each.name === 'Idempotency-Key')) {
      const key = { ...bearer(world.tokens.admin), ...json, 'idempotency-key': randomUUID() }
      await wanted(422, send({ ...key, 'idempotency-key': 'two words' }, '{}'))
      await send(key, '{"a":1}')
      await world.public.installation.pool.query('update idempotency_keys set answer = null where key = $1', [key['idempotency-key']])
      await wanted(409, send(key, '{"a":1}'))
      await wanted(422, send(key, '{"a":2}'))
    }
    if ('404' in responses) await askEverybody(world, operation, path)
    if (operation.path.includes('{')) await askEverybody(world, operation, operation.path.replace(/\{\w+\}/g, '%20'))
    const query = operation.parameters.filter(each => each.in === 'query').map(each => `${each.name}=%20`)
    if (query.length > 0) await askEverybody(world, operation, `${path}?${query.join('&')}`)
  }
  return otherwise
}

async function askEverybody(world: ApiWorld, operation: Operation, path: string): Promise<void> {
  const schema = operation.body['application/json']?.schema
  const drawn = schema && fc.sample(arbitraryOf(schema, { schemas: world.document.schemas, known: {} }), { numRuns: 1, seed: 1 })[0]
  const body = schema && JSON.stringify(drawn)
  for (const caller of ['maker', 'approver', 'printer', 'auditor', 'admin', 'holder'] as Caller[])
    await world.send(operation, {
      method: operation.method,
      path,
      headers: { ...bearer(world.tokens[caller]), ...(body ? json : {}) },
      body,
    })
}

/** Asks of one address until each limited operation says that it is enough; answers those that never do. */
export async function askTooOften(world: ApiWorld): Promise<string[]> {
  const never: string[] = []
  for (const operation of world.document.operations.filter(each => '429' in each.responses)) {
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => absent[name]!)
    const headers = { 'x-forwarded-for': '192.0.2.9', ...(operation.method === 'POST' ? json : {}) }
    let isLimited = false
    for (let asked = 0; asked < 660 && !isLimited; asked += 20) {
      const body = operation.method === 'POST' ? '{}' : undefined
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => world.send(operation, { method: operation.method, path, headers, body })),
      )
      isLimited = answers.some(answer => answer.status === 429)
    }
    if (!isLimited) never.push(operation.id)
  }
  return never
}

/** Asks a server of the same installation whose identity provider is away, and that is stopping. Answers what did not say 503. */
export async function askWithoutProvider(world: ApiWorld): Promise<string[]> {
  const { installation } = world.public
  const config = { ...installation.config, OIDC_ISSUER: 'http://127.0.0.1:9' }
  const { app, drain } = await composeWeb({ ...installation, config })
  drain()
  const server = createServer(app)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const otherwise: string[] = []
  for (const operation of world.document.operations.filter(each => '401' in each.responses || each.path === '/readyz')) {
    const path = operation.path.replace(/\{\w+\}/g, 'x')
    const { status } = await world.send(operation, { method: operation.method, path, headers: bearer(world.tokens.maker) }, port)
    if (status !== 503) otherwise.push(`${operation.id} ${status}`)
  }
  server.closeAllConnections()
  server.close()
  return otherwise
}

/** Asks an installation at which nothing was published yet for what it will publish. */
export async function askNewInstallation(world: ApiWorld, pool: Pool): Promise<void> {
  const app = express().use(trustRoutes({ pool }), logRoutes({ pool }), problemHandler(pino({ level: 'silent' })))
  const server = createServer(app)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  for (const path of ['/.well-known/antin/root', '/.well-known/antin/trust-list', '/.well-known/antin/agency-ca', '/log/checkpoint'])
    await world.send(world.operation(`GET ${path}`), { method: 'GET', path, headers: {} }, port)
  server.closeAllConnections()
  server.close()
}
