import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { composeWeb } from '../../../server/main.ts'
import type { Ask } from './apiClient.ts'
import type { Caller } from './apiWorld.ts'
import type { createWalk, Walk } from './walk.ts'
import { walletProof } from './walletProof.ts'

interface Creation {
  readonly key: string
  readonly ask: Ask
  /** The same request with another body; absent for one that has none. */
  readonly other?: Ask
  /** Somebody else who may ask for it. */
  readonly elseAs?: Caller
  /** What counts its effects. */
  readonly counted: string
}

/** One request of each operation that creates something; the objects are of a world after its walk. */
export async function creationsOf({ world, known }: Walk): Promise<Creation[]> {
  const json = (as: Caller, body: object, at?: Ask['at']): Ask => ({ as, json: body, ...(at ? { at } : {}) })
  const requests = 'select count(*)::int from requests'
  const officer = (known.officerId as string[])[2]!
  const diploma = { agency: 'G09.22', number: 'MAU-2026/0100', holderName: 'Ngô Thị Mẫu', title: 'Bằng cử nhân', awarded: '2012' }
  const { serial } = world.public.cards.all.filter(card => card.endedAs === null).at(-3)!
  const create = { action: 'create', agency: 'G09', use: 'diploma', notAfter: '2030-12-31' }
  const unit = { action: 'add', code: 'G09.96', parent: 'G09', nameVi: 'Đơn vị mẫu' }
  const hook = { url: 'https://nhan.example.gov.vn/ba', events: ['card.issued'] }
  const status = { action: 'revoke', reasonCode: 'THOI_VIEC' }
  const sheet = (bytes: string) => ({ file: { name: 'can-bo.csv', bytes } })
  const proof = await walletProof(world.public.origin)
  const holder = { serial: world.public.cards.genuine.serial }
  return [
    {
      key: 'POST /api/card-requests',
      ask: json('maker', { officerIds: [officer] }),
      other: json('maker', { agency: 'G09.15' }),
      elseAs: 'cards:write',
      counted: requests,
    },
    {
      key: 'POST /api/diploma-requests',
      ask: json('maker', diploma),
      other: json('maker', { ...diploma, number: 'MAU-2026/0101' }),
      elseAs: 'diplomas:write',
      counted: requests,
    },
    {
      key: 'POST /api/cards/{serial}/status',
      ask: json('maker', status, { serial }),
      other: json('maker', { ...status, reason: 'x' }, { serial }),
      elseAs: 'cards:write',
      counted: requests,
    },
    { key: 'POST /api/key-requests', ask: json('admin', create), other: json('admin', { ...create, use: 'card' }), counted: requests },
    {
      key: 'POST /api/agency-requests',
      ask: json('admin', unit),
      other: json('admin', { ...unit, nameVi: 'Tên khác' }),
      counted: requests,
    },
    {
      key: 'POST /api/webhooks',
      ask: json('admin', hook),
      other: json('admin', { ...hook, description: 'khác' }),
      counted: 'select count(*)::int from webhooks',
    },
    {
      key: 'POST /api/print-jobs',
      ask: json('printer', { serials: [serial] }),
      other: json('printer', { serials: [serial], reason: 'x' }),
      counted: 'select count(*)::int from print_jobs',
    },
    {
      key: 'POST /api/imports',
      ask: { as: 'maker', form: sheet('so_dinh_danh,ho_ten\n') },
      other: { as: 'maker', form: sheet('x') },
      elseAs: 'cards:write',
      counted: 'select count(*)::int from imports',
    },
    {
      key: 'POST /api/own-card/sd-jwt',
      ask: json('another', { proof }),
      other: json('another', { proof: `${proof}x` }),
      counted: "select count(*)::int from audit where action like 'sd-jwt%'",
    },
    { key: 'POST /api/cards/{serial}/live-links', ask: { as: 'another', at: holder }, counted: 'select count(*)::int from live_links' },
  ]
}

/** What is wrong with how an operation keeps an Idempotency-Key: two at once, a retry at a server that was started anew, another body, another caller, a day later. */
export async function askTwice({ world, client }: ReturnType<typeof createWalk>, creation: Creation, restarted: number): Promise<string[]> {
  const { pool } = world.public.installation
  const { key, ask, other, elseAs, counted } = creation
  const wrong: string[] = []
  const count = async () => (await pool.query<{ count: number }>(counted)).rows[0]!.count
  const idempotencyKey = randomUUID()
  const keyed = (each: Ask): Ask => ({ ...each, headers: { 'idempotency-key': idempotencyKey } })
  const before = await count()
  const two = await Promise.all([client.call(key, keyed(ask)), client.call(key, keyed(ask))])
  const done = two.filter(each => each.status < 300)
  if (done.length === 0 || two.some(each => each.status >= 300 && each.status !== 409))
    wrong.push(`two at once: ${two.map(each => `${each.status} ${each.text.slice(0, 200)}`)}`)
  const again = await client.call(key, keyed({ ...ask, port: restarted }))
  if (again.text !== done[0]?.text || again.headers['idempotent-replayed'] !== 'true')
    wrong.push(`again: ${again.status} ${again.text.slice(0, 200)}`)
  if ((await count()) !== before + 1) wrong.push(`${(await count()) - before} effects`)
  if (other) {
    const refused = await client.call(key, keyed(other))
    if (refused.status !== 422) wrong.push(`another body: ${refused.status}`)
  }
  if (elseAs) {
    const own = await client.call(key, keyed({ ...ask, as: elseAs }))
    if (own.headers['idempotent-replayed'] !== undefined) wrong.push('another caller got the answer')
  }
  await pool.query("update idempotency_keys set created_at = created_at - interval '25 hours' where key = $1", [idempotencyKey])
  const later = await client.call(key, keyed(other ?? ask))
  if (later.headers['idempotent-replayed'] !== undefined || (later.status === 422 && /idempotency/.test(later.text)))
    wrong.push(`a day later: ${later.status}`)
  return wrong.map(each => `${key}, ${each}`)
}

/** The same installation served by a process that knows nothing of the one before. */
export async function startAnew({ world }: Walk): Promise<{ port: number; close(): void }> {
  const server = createServer((await composeWeb(world.public.installation)).app)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
