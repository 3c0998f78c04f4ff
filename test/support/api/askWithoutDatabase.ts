import type { Operation } from './apiDocument.ts'
import type { ApiWorld } from './apiWorld.ts'
import { exchange } from './exchange.ts'

const pages = ['/console', '/console/cards', '/console/me', '/signin', `/t/${'A'.repeat(21)}Q`, '/console/webhooks', '/diplomas/verify']

/**
 * Asks each operation and page of two servers whose database is away, one of them newly started (on port `anew`); answers those that did
 * otherwise than say so. Public evidence may still be in memory.
 */
export async function askWithoutDatabase(world: ApiWorld, anew: number): Promise<string[]> {
  const otherwise: string[] = []
  for (const operation of world.document.operations) {
    await world.send(operation, requestOf(world, operation), anew)
    const { status, headers, body } = await world.send(operation, requestOf(world, operation))
    if (/ECONN/.test(body.toString('utf8'))) otherwise.push(`${operation.id} tells too much`)
    const isSaid = status === 503 && (operation.path === '/readyz' || JSON.parse(body.toString('utf8')).code === 'http.unavailable')
    if (!isSaid && !('503' in operation.responses ? status === 200 && /public/.test(String(headers['cache-control'])) : status < 500))
      otherwise.push(`${operation.id} ${status} ${body.toString('utf8').slice(0, 100)}`)
  }
  const credential = Buffer.from(world.public.cards.genuine.sealedBytes).toString('base64url')
  const verification = world.operation('POST /api/verifications')
  const sent = {
    method: 'POST',
    path: verification.path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ credential }),
  }
  const { status, body } = await world.send(verification, sent, anew)
  // An outage is never a verdict.
  if (/ECONN/.test(body.toString('utf8'))) otherwise.push('verification tells too much')
  if (status !== 503 && JSON.parse(body.toString('utf8')).verdict !== 'undetermined')
    otherwise.push(`verification ${status} ${body.toString('utf8').slice(0, 100)}`)
  // Of the right form: whose it is must be asked of the database.
  const cookie = `antin_${new URL(world.public.origin).port}=${'A'.repeat(43)}`
  for (const path of pages) {
    for (const [lang, words] of [
      ['vi', 'Tạm thời chưa dùng được'],
      ['en', 'Not available for the moment'],
    ] as const) {
      const { status, headers, body } = await exchange(world.port, {
        method: 'GET',
        path,
        headers: { accept: 'text/html', 'accept-language': lang, cookie },
      })
      const text = body.toString('utf8')
      if (status !== 503 || !headers['retry-after'] || !/^text\/html/.test(String(headers['content-type'])) || !text.includes(words))
        otherwise.push(`${path} ${status} ${text.slice(0, 100)}`)
    }
  }
  return otherwise
}

function requestOf({ tokens, public: { cards } }: ApiWorld, { method, path, responses, body }: Operation) {
  const named: Record<string, string> = {
    n: '0',
    code: 'G09',
    sha256: '0'.repeat(64),
    digest: '0'.repeat(64),
    prefix: '0'.repeat(32),
    kind: 'card',
    ref: Buffer.from(cards.genuine.ref).toString('base64url'),
    level: '0',
    index: '000',
    size: '1',
  }
  const query = path === '/log/proof' ? `?ref=${named.ref}` : ''
  const type = Object.keys(body)[0] ?? 'application/json'
  const sent = type === 'text/plain' ? `${'A'.repeat(20)}\n` : '{}'
  return {
    method,
    path: path.replace(/\{(\w+)\}/g, (_, name: string) => named[name] ?? '00000000-0000-4000-8000-000000000000') + query,
    headers: {
      ...('401' in responses ? { authorization: `Bearer ${tokens.admin}` } : {}),
      ...(method === 'GET' || method === 'DELETE' ? {} : { 'content-type': type }),
    },
    body: method === 'GET' || method === 'DELETE' ? undefined : sent,
  }
}
