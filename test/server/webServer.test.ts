import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { pino } from 'pino'
import { readConfig } from '../../server/config.ts'
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
  const server = createWebServer((_req, res) => void res.end('ok'), pino({ level: 'silent' }), files, 30)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    expect(await ask(port)).toEqual({ name: 'first', body: 'ok' })
    writeFileSync(files.cert, 'half written')
    await new Promise(resolve => setTimeout(resolve, 120))
    expect((await ask(port)).name).toBe('first')
    await writeCertificate('second')
    for (let i = 0; i < 50 && (await ask(port)).name !== 'second'; i++) await new Promise(resolve => setTimeout(resolve, 20))
    expect((await ask(port)).name).toBe('second')
  } finally {
    server.close()
  }
})

test('a certificate without its key is no configuration', () => {
  expect(() => readConfig({ TLS_CERT_FILE: '/x' })).toThrow('TLS_CERT_FILE and TLS_KEY_FILE go together')
})
