import type { Actor } from './actor.ts'
import { holds } from './authorize.ts'

const needed = {
  read: { officers: 'people.read', agencies: 'agencies.read' },
  write: { officers: 'people.write', agencies: 'agencies.manage' },
} as const

/** What the actor may import (`write`), or see of what was imported (`read`). */
export function importKindsOf(actor: Actor, what: 'read' | 'write'): ('officers' | 'agencies')[] {
  return (['officers', 'agencies'] as const).filter(kind => holds(actor, needed[what][kind]))
}
