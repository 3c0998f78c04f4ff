import { hash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { openWitness } from '../../../cli/witnessState.ts'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { inTransaction } from '../../../server/db/transaction.ts'
import { insertEndorsement } from '../../../server/keys/keysTable.ts'
import { insertWitness } from '../../../server/trust/trustNetworkTable.ts'
import type { Walk } from './walk.ts'

/** Keys, webhooks and the public evidence. */
export async function walkOperators({ world, want, note }: Walk): Promise<void> {
  const keys = await want(200, 'GET /api/keys', { as: 'admin' })
  const { kid } = keys.json.keys.find((each: { use: string }) => each.use === 'diploma')
  await want(202, 'POST /api/key-requests', {
    as: 'admin',
    json: { action: 'create', agency: 'G09', use: 'card', notAfter: '2030-12-31', reason: 'Thay khóa định kỳ' },
    headers: { 'idempotency-key': randomUUID() },
  })
  await want(422, 'POST /api/key-requests', { as: 'admin', json: { action: 'create', agency: 'G09', use: 'card', notAfter: '2001-12-31' } })
  await want(404, 'POST /api/key-requests', { as: 'admin', json: { action: 'retire', kid: 'AAAAAAAAAAA' } })
  note('kid', kid)

  const hook = await want(201, 'POST /api/webhooks', {
    as: 'admin',
    json: { url: 'https://nhan.example.gov.vn/antin', events: ['card.issued', 'card.status'], description: 'Hệ thống nhân sự' },
    headers: { 'idempotency-key': randomUUID() },
  })
  await want(422, 'POST /api/webhooks', { as: 'admin', json: { url: 'file:///etc/passwd', events: ['card.issued'] } })
  await want(200, 'GET /api/webhooks', { as: 'admin' })
  const at = { id: hook.json.id }
  await want(200, 'GET /api/webhooks/{id}/deliveries', { as: 'admin', at })
  await want(400, 'GET /api/webhooks/{id}/deliveries', { as: 'admin', at, query: { limit: '0' } })
  await want(202, 'POST /api/webhooks/{id}/replay', { as: 'admin', at, json: {} })
  await want(204, 'DELETE /api/webhooks/{id}', { as: 'admin', at })
  const kept = await want(201, 'POST /api/webhooks', {
    as: 'admin',
    json: { url: 'https://nhan.example.gov.vn/hai', events: ['card.issued'] },
  })
  note('webhookId', kept.json.id, hook.json.id)

  const { pool } = world.public.installation
  const fresh = async (key: string, at_: Record<string, string | number> = {}) => {
    const first = await want(200, key, { at: at_ })
    await want(304, key, { at: at_, headers: { 'if-none-match': String(first.headers.etag) } })
  }
  await fresh('GET /.well-known/antin/root')
  await fresh('GET /.well-known/antin/root/{n}', { n: 1 })
  await fresh('GET /.well-known/antin/trust-list')
  await fresh('GET /.well-known/antin/trust/{code}', { code: 'G09' })
  await fresh('GET /.well-known/jwt-vc-issuer/agencies/{code}', { code: 'G09' })
  await fresh('GET /vct/{kind}/1', { kind: 'diploma' })
  await fresh('GET /status-lists')
  const lists = await want(200, 'GET /status-lists')
  await fresh('GET /status-lists/{n}', { n: lists.json.status_lists[0].split('/').at(-1) })
  await fresh('GET /openapi.json')
  await fresh('GET /.well-known/antin/agency-ca')
  const digest = hash('sha256', 'an endorsement', 'buffer')
  await inTransaction(pool, tx => insertEndorsement(tx, Buffer.from(kid, 'base64url'), digest, 'e30.e30.e30'))
  await fresh('GET /.well-known/antin/endorsements/{sha256}', { sha256: digest.toString('hex') })
  await fresh('GET /.well-known/antin/webhook-keys')
  await want(200, 'GET /.well-known/oauth-protected-resource')
  await want(200, 'GET /healthz')
  await want(200, 'GET /readyz')
  await want(200, 'GET /log/checkpoint')
  await want(200, 'GET /log/proof', { query: { ref: encodeBase64url(world.public.cards.genuine.ref) } })
  await want(404, 'GET /log/proof', { query: { ref: 'A'.repeat(22) } })
  await walkWitness({ world, want })
  await want(200, 'GET /log/tile/{level}/{index}', { at: { level: 0, index: '000.p/1' } })
  await want(200, 'GET /log/tile/entries/{index}', { at: { index: '000.p/1' } })
}

/** A witness whose cosignature is kept, and what is no cosignature. */
async function walkWitness({ world, want }: Pick<Walk, 'world' | 'want'>): Promise<void> {
  const { pool, config, logKey } = world.public.installation
  const witness = await openWitness(join(config.ANTIN_HOME, 'witness'), 'witness.example', logKey, () => Math.floor(Date.now() / 1000))
  await insertWitness(pool, witness.vkey)
  const { text: note } = await want(200, 'GET /log/checkpoint')
  const at = { size: note.split('\n')[1]! }
  const { body } = await witness.cosign(note, 0, [])
  const post = (status: number, sent: string, headers = {}) =>
    want(status, 'POST /log/cosignatures/{size}', { at, text: { type: 'text/plain', body: sent }, headers })
  await post(204, body)
  await post(422, 'x')
  await post(413, 'x'.repeat(20_000))
  await post(400, 'x', { 'content-encoding': 'gzip' })
  await post(415, 'x', { 'content-encoding': 'x-none' })
}
