import type { Actor } from './actor.ts'
import { holds } from './authorize.ts'
import { importPermissions } from './importPermissions.ts'

/** What the actor may import (`write`), or see of what was imported (`read`). */
export function importKindsOf(actor: Actor, what: 'read' | 'write'): ('officers' | 'agencies')[] {
  return (['officers', 'agencies'] as const).filter(kind => holds(actor, importPermissions[what][kind]))
}
