import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { bindingProofMessage, unbindingProofMessage } from '../../../core/live/bindingProof.ts'
import { jwkThumbprint } from '../../../core/trust/jwkThumbprint.ts'
import { signEs256 } from '../../../server/keys/es256.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import type { Walk } from './walk.ts'
import { walletProof } from './walletProof.ts'

/** Cards from the request to the plastic, and what a holder does with one. `newcomers` have no card. */
export async function walkCards({ world, want, approve, note }: Walk, newcomers: readonly string[]): Promise<void> {
  const asked = await want(202, 'POST /api/card-requests', {
    as: 'maker',
    json: { officerIds: [newcomers[0]] },
    headers: { 'idempotency-key': randomUUID() },
  })
  await want(200, 'GET /api/requests', { as: 'approver', query: { status: 'pending', limit: '1' } })
  await want(403, 'POST /api/requests/{id}/approve', {
    as: 'foreign',
    at: { id: asked.json.requestId },
    json: { claimsDigest: 'A'.repeat(43), selection: 'all' },
  })
  await want(409, 'POST /api/requests/{id}/approve', {
    as: 'approver',
    at: { id: asked.json.requestId },
    json: { claimsDigest: 'A'.repeat(43) },
  })
  await approve(asked.json.requestId)
  const second = await want(202, 'POST /api/card-requests', { as: 'maker', json: { officerIds: [newcomers[1]] } })
  await want(204, 'POST /api/requests/{id}/refuse', {
    as: 'approver',
    at: { id: second.json.requestId },
    json: { reason: 'Ảnh không rõ mặt' },
  })
  await want(409, 'POST /api/requests/{id}/refuse', {
    as: 'approver',
    at: { id: second.json.requestId },
    json: { reason: 'Ảnh không rõ mặt' },
  })
  await want(409, 'POST /api/requests/{id}/cancel', { as: 'maker', at: { id: second.json.requestId } })
  const third = await want(202, 'POST /api/card-requests', { as: 'maker', json: { officerIds: [newcomers[1]] } })
  await want(204, 'POST /api/requests/{id}/cancel', { as: 'maker', at: { id: third.json.requestId } })
  const open = await want(202, 'POST /api/card-requests', { as: 'maker', json: { officerIds: [newcomers[1]] } })
  note('requestId', asked.json.requestId, second.json.requestId, open.json.requestId)

  const list = await want(200, 'GET /api/cards', { as: 'maker', query: { state: 'active', limit: '2' } })
  note('cursor', list.json.next)
  const { serial } = list.json.cards[0] as { serial: string }
  const at = { serial }
  await want(200, 'GET /api/cards/{serial}', { as: 'maker', at })
  for (const what of ['card.pdf', 'card.png', 'card.svg'] as const) {
    await want(200, `GET /api/cards/{serial}/${what}`, { as: 'maker', at, query: { preview: '' } })
    await want(200, `GET /api/cards/{serial}/${what}`, { as: 'printer', at })
    await want(422, `GET /api/cards/{serial}/${what}`, { as: 'printer', at, query: { template: 'khong-co' } })
  }
  for (const what of ['qr', 'qr.svg', 'qr.png'] as const) await want(200, `GET /api/cards/{serial}/${what}`, { as: 'printer', at })
  const status = { reasonCode: 'MAT_THE', reason: 'Báo mất tại nơi làm việc' }
  await want(204, 'POST /api/cards/{serial}/status', { as: 'maker', at, json: { action: 'suspend', ...status } })
  await want(409, 'POST /api/cards/{serial}/status', { as: 'maker', at, json: { action: 'suspend', ...status } })
  await want(202, 'POST /api/cards/{serial}/status', { as: 'maker', at, json: { action: 'resume', ...status } })
  await want(200, 'POST /api/card-status', { json: at })
  const { token, sealedBytes, photoDigest } = world.public.cards.genuine
  const prefix = photoDigest!.subarray(0, 16).toString('hex')
  await want(200, 'GET /photos/{prefix}', { at: { prefix } })
  await want(200, 'POST /api/tokens', { json: { token: encodeBase64url(token) } })
  await want(200, 'POST /api/verifications', { json: { credential: encodeBase64url(sealedBytes) } })
  note('token', encodeBase64url(token))
  note('credential', encodeBase64url(sealedBytes), world.public.sealedUrl(sealedBytes), world.public.shortUrl(token))
  note('serial', serial, world.holderSerial, world.public.cards.revoked.serial, list.json.cards[1].serial)
  note('prefix', prefix)
  note('serials', [serial], [world.public.cards.genuine.serial], [world.holderSerial])

  await want(409, 'DELETE /api/officers/{id}/personal-data', { as: 'admin', at: { id: world.public.cards.genuine.officerId } })
  await want(400, 'GET /api/requests/{id}', { as: 'maker', at: { id: open.json.requestId }, query: { after: 'x' } })
  for (const what of ['card.pdf', 'card.png', 'card.svg'] as const)
    await want(400, `GET /api/cards/{serial}/${what}`, { as: 'printer', at, query: { side: 'x' } })
  await want(404, 'POST /api/card-requests', { as: 'maker', json: { officerIds: [randomUUID()] } })
  await walkPrinting({ want, note }, world.public.cards.genuine.serial)
  await walkPhone({ world, want, note })
}

async function walkPrinting({ want, note }: Pick<Walk, 'want' | 'note'>, serial: string): Promise<void> {
  const begin = async (layout: string, more = {}) =>
    (await want(201, 'POST /api/print-jobs', { as: 'printer', json: { serials: [serial], layout, ...more } })).json.id as string
  const card = await begin('card')
  const { json } = await want(200, 'GET /api/print-jobs/{id}', { as: 'printer', at: { id: card } })
  await want(200, 'GET /api/print-jobs/{id}/print.pdf', { as: 'printer', at: { id: card } })
  await want(422, 'POST /api/print-jobs', { as: 'printer', json: { serials: [serial] } })
  const plastics = [{ id: json.plastics[0].id, blankNumber: 'P-0001' }]
  await want(200, 'POST /api/print-jobs/plastics', { as: 'printer', json: { state: 'printed', plastics } })
  await want(409, 'POST /api/print-jobs/plastics', { as: 'printer', json: { state: 'printed', plastics } })
  await want(422, 'POST /api/print-jobs/plastics', { as: 'printer', json: { state: 'lost', plastics: [{ id: json.plastics[0].id }] } })
  await want(200, 'POST /api/print-jobs/plastics', {
    as: 'printer',
    json: { state: 'spoilt', plastics: [{ id: json.plastics[0].id }], note: 'Kẹt giấy' },
  })
  const bureau = await begin('bureau', { reason: 'Thẻ in hỏng' })
  await want(200, 'GET /api/print-jobs/{id}/bureau.csv', { as: 'printer', at: { id: bureau } })
  await want(404, 'GET /api/print-jobs/{id}/print.pdf', { as: 'printer', at: { id: bureau } })
  await want(200, 'GET /api/print-jobs', { as: 'printer' })
  note('printJobId', card, bureau)
  note('plasticId', json.plastics[0].id)
}

async function walkPhone({ world, want, note }: Pick<Walk, 'world' | 'want' | 'note'>): Promise<void> {
  const at = { serial: world.holderSerial }
  const { host } = new URL(world.public.origin)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const key = { kty: 'EC' as const, crv: 'P-256' as const, x: x!, y: y! }
  const { privateKey: another, publicKey: anothersPublic } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const linkAndProof = async (phone = privateKey, jwk: unknown = key) => {
    const link = await want(201, 'POST /api/cards/{serial}/live-links', { as: 'holder', at, headers: { 'idempotency-key': randomUUID() } })
    const token = decodeBase64url(link.json.url.split('#')[1])
    const time = Math.floor(Date.now() / 1000)
    const proof = encodeBase64url(signEs256(phone, bindingProofMessage(host, nodeCrypto.sha256(token), time)))
    return { token: encodeBase64url(token), key: jwk, time, proof }
  }
  const used = await linkAndProof()
  await want(201, 'POST /api/live-cards/bind', { json: used })
  await want(422, 'POST /api/live-cards/bind', { json: used })
  const thumbprint = Buffer.from(await jwkThumbprint(key, nodeCrypto))
  await want(200, 'GET /api/cards/{serial}/live-binding', { as: 'holder', at })
  await want(200, 'GET /live-bindings/{thumbprint}', { at: { thumbprint: thumbprint.toString('hex') } })
  const time = Math.floor(Date.now() / 1000)
  const proof = encodeBase64url(signEs256(privateKey, unbindingProofMessage(host, thumbprint, time)))
  await want(422, 'POST /api/live-cards/unbind', { json: { key, time, proof: used.proof } })
  await want(204, 'POST /api/live-cards/unbind', { json: { key, time, proof } })
  await want(404, 'POST /api/live-cards/unbind', { json: { key, time, proof } })
  // A key that was bound before is not bound again.
  await want(422, 'POST /api/live-cards/bind', { json: await linkAndProof() })
  const second = anothersPublic.export({ format: 'jwk' })
  await want(201, 'POST /api/live-cards/bind', { json: await linkAndProof(another, { kty: 'EC', crv: 'P-256', x: second.x, y: second.y }) })
  await want(204, 'DELETE /api/cards/{serial}/live-binding', { as: 'maker', at })
  await want(404, 'DELETE /api/cards/{serial}/live-binding', { as: 'maker', at })
  note('thumbprint', thumbprint.toString('hex'))

  const jwt = await walletProof(world.public.origin)
  await want(201, 'POST /api/own-card/sd-jwt', { as: 'holder', json: { proof: jwt } })
  await want(422, 'POST /api/own-card/sd-jwt', { as: 'holder', json: { proof: 'x' } })
  await want(404, 'POST /api/own-card/sd-jwt', { as: 'cardless', json: { proof: jwt } })
  // A link that was made before the card was suspended binds nothing.
  const late = await linkAndProof()
  await want(204, 'POST /api/cards/{serial}/status', { as: 'maker', at, json: { action: 'suspend', reasonCode: 'MAT_THE' } })
  await want(409, 'POST /api/live-cards/bind', { json: late })
}
