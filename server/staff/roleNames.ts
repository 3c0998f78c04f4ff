import { type Role, roles } from './actor.ts'

/**
 * Reads which of our roles each of a provider's words stands for: `hr-duyet=approver, hr-lap=maker`, or a JSON object where a word holds
 * a comma. Undefined when there are none; throws an Error that says what cannot be read.
 */
export function parseRoleNames(text: string): Readonly<Record<string, Role>> | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  const pairs = trimmed.startsWith('{') ? jsonPairs(trimmed) : trimmed.split(',').map(pairOf)
  const names = new Map<string, Role>()
  for (const [name, wanted] of pairs) {
    const role = roles.find(known => known === wanted)
    if (!role) throw new Error(`"${wanted}" is no role; there are ${roles.join(', ')}`)
    if (name === '') throw new Error(`a name is missing before =${role}`)
    if (names.has(name)) throw new Error(`"${name}" is there twice`)
    names.set(name, role)
  }
  return Object.fromEntries(names)
}

function pairOf(part: string): [string, string] {
  // A name may hold an equals sign (CN=…), a role of ours does not.
  const at = part.lastIndexOf('=')
  if (at < 0) throw new Error(`"${part.trim()}" is not NAME=ROLE`)
  return [part.slice(0, at).trim(), part.slice(at + 1).trim()]
}

function jsonPairs(text: string): [string, string][] {
  try {
    return Object.entries(JSON.parse(text) as Record<string, unknown>).map(([name, role]) => [name, String(role)])
  } catch {
    throw new Error('not a JSON object of name and role')
  }
}
