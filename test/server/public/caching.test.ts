import { type IncomingHttpHeaders, request } from 'node:http'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { useDatabase } from '../../support/database.ts'
import { actorHeader, actorText, openPublicInstallation, type PublicInstallation } from '../../support/publicInstallation.ts'

// What a CDN and a browser read of public evidence: RFC 9110 (ETag, HEAD, Vary, 405), RFC 9111, the Fetch standard (CORS).
let world: PublicInstallation
afterAll(() => world?.close())
const db = useDatabase()
beforeAll(async () => {
  world = await openPublicInstallation(db.url)
})

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** As it comes over the wire: fetch would decompress, and say no-cache beside If-None-Match. */
function call(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(`${world.origin}${path}`, { method, headers, agent: false }, response => {
      const parts: Buffer[] = []
      response.on('data', part => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }))
    })
      .on('error', reject)
      .end()
  })
}

function unpacked({ headers, body }: Answer): string {
  const encoding = headers['content-encoding']
  return String(encoding === 'br' ? brotliDecompressSync(body) : encoding === 'gzip' ? gunzipSync(body) : body)
}

const named = [
  ['/.well-known/antin/root/1', 'public, max-age=31536000, immutable'],
  ['/.well-known/antin/trust-list', 'public, max-age=300'],
  ['/.well-known/antin/trust/G09', 'public, max-age=300'],
  ['/.well-known/antin/webhook-keys', 'public, max-age=3600'],
  ['/status-lists', 'public, max-age=300'],
  ['/status-lists/1', 'public, max-age=300'],
  ['/openapi.json', 'public, max-age=300'],
] as const

test.each(named)('%s may be kept, is not sent again, and differs by its encoding', async (path, caching) => {
  const plain = await call(path)
  const text = unpacked(plain)
  const isSmall = text.length < 1000
  expect(plain.status).toBe(200)
  expect(plain.headers).toMatchObject({ 'cache-control': caching, vary: 'Accept-Encoding' })
  expect(plain.headers).not.toHaveProperty('set-cookie')
  expect(plain.headers).not.toHaveProperty('content-encoding')
  const tags = new Set([plain.headers.etag])
  for (const encoding of ['gzip', 'br']) {
    const packed = await call(path, { 'Accept-Encoding': encoding })
    expect(unpacked(packed)).toBe(text)
    expect(packed.headers['content-encoding']).toBe(isSmall ? undefined : encoding)
    if (!isSmall) expect(packed.body.length).toBeLessThan(text.length * 0.85)
    const { etag } = packed.headers
    tags.add(etag)
    const again = await call(path, { 'Accept-Encoding': encoding, 'If-None-Match': etag! })
    expect([again.status, again.body.length]).toEqual([304, 0])
    expect(again.headers).toMatchObject({ etag, 'cache-control': caching, vary: 'Accept-Encoding' })
    expect((await call(path, { 'Accept-Encoding': encoding, 'If-None-Match': '"other"' })).status).toBe(200)
  }
  expect(tags.size).toBe(isSmall ? 1 : 3)
  const head = await call(path, {}, 'HEAD')
  expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(Buffer.byteLength(text)), 0])
})

const open = [
  ...named.map(([path]) => path),
  '/log/checkpoint',
  '/.well-known/antin/trust/G99',
  '/status-lists/99',
  '/log/tile/0/999',
  '/log/proof?ref=x',
]

test.each(open)('any origin may read %s, or that it is not there', async path => {
  const { headers, status } = await call(path, { Origin: 'https://verifier.example' })
  expect(headers).toMatchObject({ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' })
  // What is not there now may be there in a moment.
  if (status === 404) expect(headers['cache-control']).toBe('no-store')
})

test('a page of another origin may ask whether a list has changed', async () => {
  const asked = {
    Origin: 'https://verifier.example',
    'Access-Control-Request-Method': 'GET',
    'Access-Control-Request-Headers': 'if-none-match',
  }
  const preflight = await call('/status-lists/1', asked, 'OPTIONS')
  expect(preflight.status).toBe(204)
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers': 'If-None-Match',
  })
  // Nothing else is open: neither the API nor a photo.
  for (const path of ['/api/verifications', '/api/tokens', `/photos/${'0'.repeat(32)}`]) {
    const { headers } = await call(path, asked, 'OPTIONS')
    expect(headers).not.toHaveProperty('access-control-allow-origin')
    expect(headers).not.toHaveProperty('access-control-allow-methods')
  }
})

test('a method that a path does not have is refused with those that it has', async () => {
  const refused = [
    ['/status-lists/1', 'DELETE', 'GET, HEAD'],
    ['/.well-known/antin/trust/G09', 'POST', 'GET, HEAD'],
    ['/openapi.json', 'PUT', 'GET, HEAD'],
    ['/api/verifications', 'GET', 'POST'],
    ['/api/tokens', 'DELETE', 'POST'],
  ] as const
  for (const [path, method, allow] of refused) {
    const { status, headers, body } = await call(path, { [actorHeader]: actorText({}) }, method)
    expect([path, status, headers.allow]).toEqual([path, 405, allow])
    expect(JSON.parse(String(body))).toMatchObject({ code: 'http.method', status: 405 })
  }
  expect((await call('/api/nothing', { [actorHeader]: actorText({}) }, 'DELETE')).status).toBe(404)
})

test('a page is asked about, not sent again; a page about a card is kept by nobody', async () => {
  const asked = { 'Accept-Encoding': 'br' }
  for (const path of ['/', '/v', '/docs', '/sw.js', '/icon.svg', '/manifest.webmanifest']) {
    const { headers } = await call(path, asked)
    const again = { ...asked, 'If-None-Match': headers.etag! }
    expect([path, (await call(path, again)).status]).toEqual([path, 304])
    // Another language, another page.
    if (!path.includes('.')) expect((await call(path, { ...again, 'Accept-Language': 'en' })).status).toBe(200)
  }
  const { headers } = await call('/manifest.webmanifest')
  expect(headers.vary).toBe('Accept-Language, Cookie, Accept-Encoding')
  const card = await call(`/t/${encodeBase64url(world.cards.genuine.token)}`)
  expect(card.headers['cache-control']).toBe('no-store')
  expect(card.headers).not.toHaveProperty('etag')
})
