import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import express, { type ErrorRequestHandler } from 'express'
import { pino } from 'pino'
import { readConfig } from '../../server/config.ts'
import { problemHandler } from '../../server/http/problem.ts'
import { createWebServer } from '../../server/http/webServer.ts'

const dir = mkdtempSync(join(tmpdir(), 'antin-tls-'))
const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function writeCertificate(name: string): Promise<void> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notAfter: new Date(Date.now() + 86_400_000),
  })
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  writeFileSync(files.cert, certificate.toString('pem'))
  writeFileSync(files.key, `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`)
}

/** Name in the certificate that the server shows now, and what it answers. */
function ask(port: number): Promise<{ name: string; body: string }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, rejectUnauthorized: false, agent: false }, res => {
      const name = String((res.socket as import('node:tls').TLSSocket).getPeerCertificate().subject.CN)
      let body = ''
      res.on('data', chunk => {
        body += chunk
      })
      res.on('end', () => resolve({ name, body }))
    })
      .on('error', reject)
      .end()
  })
}

test('it speaks TLS, takes up a renewed certificate without a restart, and keeps the old one while the files do not belong together', async () => {
  await writeCertificate('first')
  const server = createWebServer((_req, res) => void res.end('ok'), pino({ level: 'silent' }), files, { lookAgain: 30 })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    expect(await ask(port)).toEqual({ name: 'first', body: 'ok' })
    writeFileSync(files.cert, 'half written')
    await new Promise(resolve => setTimeout(resolve, 120))
    expect((await ask(port)).name).toBe('first')
    await writeCertificate('second')
    for (let i = 0; i < 500 && (await ask(port)).name !== 'second'; i++) await new Promise(resolve => setTimeout(resolve, 20))
    expect((await ask(port)).name).toBe('second')
  } finally {
    server.close()
  }
})

test.each([
  ['never agrees on TLS', files, ''],
  ['sends what is no request and never closes', undefined, 'HELO there\r\n\r\n'],
])('who %s keeps no connection', async (_who, tls, bytes) => {
  await writeCertificate('any')
  const server = createWebServer((_req, res) => void res.end('ok'), pino({ level: 'silent' }), tls, { handshake: 200 })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const gone = new Promise(resolve => server.once('connection', socket => socket.once('close', resolve)))
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  client.on('error', () => {}).resume()
  client.write(bytes)
  try {
    await Promise.race([gone, new Promise((_, reject) => setTimeout(() => reject(new Error('still connected')), 30_000).unref())])
  } finally {
    client.destroy()
    server.close()
  }
})

test('a certificate without its key is no configuration', () => {
  expect(() => readConfig({ TLS_CERT_FILE: '/x' })).toThrow('TLS_CERT_FILE and TLS_KEY_FILE go together')
})

/** All that comes back for these bytes on a connection of their own. */
function sendBytes(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', chunk => {
      text += chunk
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}

test('what never becomes a request is answered with a problem and its code', async () => {
  const server = createWebServer((_req, res) => res.end('ok'), pino({ level: 'silent' }))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const head = 'HTTP/1.1\r\nHost: localhost\r\n'
  for (const [bytes, status, code] of [
    [`GET / ${head}X: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'http.headers'],
    [`GET /${'a'.repeat(20_000)} ${head}\r\n`, 431, 'http.headers'],
    ['HELO there\r\n\r\n', 400, 'http.invalid'],
    [`POST / ${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, 'http.invalid'],
  ] as const) {
    const answer = await sendBytes(port, bytes)
    const [headers, body] = answer.split('\r\n\r\n')
    expect(headers).toMatch(new RegExp(`^HTTP/1.1 ${status} .*Content-Type: application/problem\\+json`, 's'))
    expect(JSON.parse(body!)).toMatchObject({ status, code })
    expect(headers).toContain(`Content-Length: ${Buffer.byteLength(body!)}\r\n`.trimEnd())
  }
  expect(await sendBytes(port, `GET / ${head}Expect: 200-maybe\r\nConnection: close\r\n\r\n`)).toContain('HTTP/1.1 200 OK')
  await new Promise(resolve => server.close(resolve))
})

test('who goes away in the middle of a body is no error of ours', async () => {
  const logged: string[] = []
  const app = express()
  let handled: () => void = () => undefined
  const isOver = new Promise<void>(resolve => {
    handled = resolve
  })
  app.post('/', async (req, res) => {
    res.write('begun')
    for await (const _ of req);
  })
  const handler = problemHandler(pino({}, { write: line => void logged.push(line) }))
  app.use(((error, req, res, next) => {
    handler(error, req, res, next)
    handled()
  }) satisfies ErrorRequestHandler)
  const server = createWebServer(app, pino({ level: 'silent' }))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf')
    socket.once('data', () => socket.destroy())
    await isOver
    expect(logged).toEqual([])
  } finally {
    await new Promise(resolve => server.close(resolve))
  }
})
