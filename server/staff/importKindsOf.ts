import type { Actor } from './actor.ts'
import { holds } from './authorize.ts'

/** What the actor may import. */
export function importKindsOf(actor: Actor): ('officers' | 'agencies')[] {
  return [
    ...(holds(actor, 'people.write') ? (['officers'] as const) : []),
    ...(holds(actor, 'agencies.manage') ? (['agencies'] as const) : []),
  ]
}
