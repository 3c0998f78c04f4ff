import { setTimeout as sleep } from 'node:timers/promises'
import { type Ask, apiClient, type Reply } from './apiClient.ts'
import type { ApiWorld } from './apiWorld.ts'

/** Values that mean something in the world, by the name of the parameter or property that takes them. */
export type Known = Record<string, unknown[]>

/** What each walk through a part of the API is given. */
export interface Walk {
  readonly world: ApiWorld
  readonly known: Known
  /** Asks, and expects this status. */
  want(status: number, key: string, ask?: Ask): Promise<Reply>
  /** Approves a request as the approver and waits until it is carried out. */
  approve(requestId: string, as?: 'approver' | 'admin'): Promise<void>
  /** Asks for an import until it is in this state. */
  importIs(id: string, state: string): Promise<void>
  note(name: string, ...values: unknown[]): void
}

export function createWalk(world: ApiWorld): Walk & { client: ReturnType<typeof apiClient> } {
  const client = apiClient(world)
  const forged = [
    ['cards', 1, 'x'],
    ['requests', -1e15, 'A'.repeat(22)],
    ['diplomas', 8.64e15, `${'A'.repeat(21)}Q`],
    [1, 2],
    ['x', '-'.repeat(36), 1],
  ]
  const known: Known = { cursor: forged.map(each => Buffer.from(JSON.stringify(each)).toString('base64url')) }
  const want: Walk['want'] = async (status, key, ask = {}) => {
    const reply = await client.call(key, ask)
    if (reply.status !== status) throw new Error(`${key}: ${status} wanted, ${reply.status} came: ${reply.text.slice(0, 400)}`)
    return reply
  }
  const until = async (key: string, ask: Ask, field: string, wanted: string) => {
    for (;;) {
      const { json } = await want(200, key, ask)
      if (json[field] === wanted) return
      if (json[field] === 'failed' || json[field] === 'void')
        throw new Error(`${key} is ${json[field]}: ${JSON.stringify(json.failure ?? json.items)}`)
      await sleep(50)
    }
  }
  return {
    client,
    world,
    known,
    want,
    async approve(id, as = 'approver') {
      const { json } = await want(200, 'GET /api/requests/{id}', { as, at: { id } })
      await want(202, 'POST /api/requests/{id}/approve', { as, at: { id }, json: { claimsDigest: json.claimsDigest, selection: 'all' } })
      await until('GET /api/requests/{id}', { as, at: { id } }, 'status', 'done')
    },
    importIs: (id, state) => until('GET /api/imports/{id}', { as: 'maker', at: { id } }, 'state', state),
    note(name, ...values) {
      known[name] = [...(known[name] ?? []), ...values]
    },
  }
}
