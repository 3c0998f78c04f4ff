import fc from 'fast-check'
import type { ApiWorld } from './apiWorld.ts'
import { type Drawn, hostileRequests } from './hostileRequests.ts'
import type { Known } from './walk.ts'

const atOnce = 8

/** Sends drawn requests to every operation for about `seconds`, several at once; the seed draws the same ones. Answers how many. */
export async function fuzzApi(world: ApiWorld, known: Known, { seconds, seed }: { seconds: number; seed: number }): Promise<number> {
  const end = Date.now() + seconds * 1000
  const kinds = world.document.operations.map(operation => hostileRequests(operation, world.document, known))
  let sent = 0
  for (let round = 0; Date.now() < end; round++) {
    const drawn = kinds.flatMap((kind, at) => fc.sample(kind, { numRuns: 4, seed: seed + round * 1000 + at }))
    for (let from = 0; from < drawn.length && Date.now() < end; from += atOnce) {
      const some = drawn.slice(from, from + atOnce)
      await Promise.all(some.map(each => send(world, each)))
      sent += some.length
    }
  }
  return sent
}

async function send(world: ApiWorld, { operation, caller, path, headers, body }: Drawn): Promise<void> {
  const authorization: Record<string, string> = caller ? { authorization: `Bearer ${world.tokens[caller]}` } : {}
  await world.send(operation, { method: operation.method, path, headers: { ...authorization, ...headers }, body })
}
