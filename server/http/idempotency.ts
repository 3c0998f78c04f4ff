import { createHash } from 'node:crypto'
import type { RequestHandler, Response } from 'express'
import type { Pool } from 'pg'
import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { AppError } from '../../core/errors.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { claimKey, readKey, releaseKey, storeAnswer } from './idempotencyTable.ts'

/** Milliseconds after which a request that never ended (its process died) no longer holds its key. */
const abandonedAfter = 10 * 60 * 1000
/** Milliseconds. */
const tryAgainEvery = 1000

interface StoredAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

const keptHeaders = ['content-type', 'location', 'cache-control']

/**
 * `Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header): the same key with the same request gets the first answer again,
 * with `Idempotent-Replayed: true`; with another request `idempotency.mismatch`; while the first still runs `idempotency.conflict`.
 * Answers of 500 and above are not kept, so that the request can be tried again. Keys are of the signed-in caller and last a day. Mounted
 * after authentication and the JSON body; a body that is streamed is compared by its length and type alone.
 */
export function idempotency(deps: { pool: Pool; cipher: FieldCipher }): RequestHandler {
  const { pool, cipher } = deps
  return async (req, res, next) => {
    const key = req.get('idempotency-key')
    if (key === undefined || req.method !== 'POST' || !req.actor || res.locals.idempotencyKey === key) return next()
    if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new AppError('idempotency.key')
    res.locals.idempotencyKey = key
    const owner = req.actor.sub
    const digest = createHash('sha256')
      .update(`${req.method} ${req.originalUrl}\n${bodyText(req)}`)
      .digest()
    if (!(await claimKey(pool, owner, key, digest, abandonedAfter))) {
      const known = await readKey(pool, owner, key)
      if (known && !known.digest.equals(digest)) throw new AppError('idempotency.mismatch')
      if (!known?.answer) throw new AppError('idempotency.conflict')
      return replay(res, JSON.parse(cipher.open(known.answer).toString('utf8')) as StoredAnswer)
    }
    keepAnswer(res, answer =>
      insist(() => (answer === null ? releaseKey(pool, owner, key) : storeAnswer(pool, owner, key, cipher.seal(JSON.stringify(answer))))),
    )
    next()
  }
}

/** Does what becomes of a key now; when the database is away, once it is back: else what was done would be done again with that key. */
async function insist(write: () => Promise<void>, since = Date.now()): Promise<void> {
  try {
    await write()
  } catch {
    if (Date.now() - since < abandonedAfter) setTimeout(() => insist(write, since), tryAgainEvery).unref()
  }
}

function bodyText(req: { body?: unknown; headers: Record<string, unknown> }): string {
  if (req.body !== undefined && req.body !== null && typeof req.body === 'object') return canonicalJson(req.body)
  return `${req.headers['content-length'] ?? ''} ${String(req.headers['content-type'] ?? '').split(';')[0]}`
}

function replay(res: Response, { status, headers, body }: StoredAnswer): void {
  res.status(status).set(headers).set('Idempotent-Replayed', 'true').send(body)
}

/** Calls `keep` with what is sent, before it is sent, so that an acknowledged answer is one that will be given again. */
function keepAnswer(res: Response, keep: (answer: StoredAnswer | null) => Promise<void>): void {
  const send = res.send.bind(res)
  let isKept = false
  res.send = body => {
    if (isKept) return send(body)
    isKept = true
    const headers = Object.fromEntries(keptHeaders.flatMap(name => (res.get(name) === undefined ? [] : [[name, res.get(name)!]])))
    const isText = body === undefined || typeof body === 'string'
    // What is no text (a file) is not kept: the request is simply run again.
    const text = isText ? (body ?? '') : typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : null
    if (text !== null && typeof body === 'object') res.type('application/json')
    const answer = res.statusCode >= 500 || text === null ? null : { status: res.statusCode, headers: { ...headers }, body: text }
    keep(answer).then(
      () => send(text ?? body),
      () => send(text ?? body),
    )
    return res
  }
  res.once('close', () => {
    if (isKept) return
    isKept = true
    keep(null).catch(() => undefined)
  })
}
