import type { ApiExample } from '../../../server/http/apiExamples.ts'
import type { Exchange } from './apiClient.ts'

const longest = 120

/** Of each operation the first JSON that was sent with success, and the first JSON of each success, both shortened; `origin` is told as another. */
export function examplesOf(exchanges: readonly Exchange[], origin: string): Record<string, ApiExample> {
  const examples: Record<string, { request?: unknown; responses?: Record<string, unknown> }> = {}
  for (const { operation, ask, reply } of exchanges) {
    if (reply.status >= 300) continue
    examples[operation.id] ??= {}
    const example = examples[operation.id]!
    if (ask.json !== undefined && 'application/json' in operation.body) example.request ??= shortened(ask.json)
    if (reply.json !== undefined && operation.id !== 'getOpenapiJson') {
      example.responses ??= {}
      example.responses[reply.status] ??= shortened(reply.json)
    }
  }
  const told = Object.fromEntries(
    Object.entries(examples)
      .filter(([, example]) => Object.keys(example).length > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  return JSON.parse(JSON.stringify(told).replaceAll(origin, 'https://antin.example').replaceAll(new URL(origin).host, 'antin.example'))
}

/** Lists of at most two members and texts that can be read. */
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.length > longest ? `${value.slice(0, longest - 1)}…` : value
  if (Array.isArray(value)) return value.slice(0, 2).map(shortened)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shortened(each)]))
}

/** The names of all members, at any depth, with the kinds of their values; what is null or empty in one of two may be anything in the other. */
export function sameShape(one: unknown, other: unknown): boolean {
  if (one === null || other === null) return true
  if (Array.isArray(one) && Array.isArray(other)) return one.length === 0 || other.length === 0 || sameShape(one[0], other[0])
  if (typeof one !== 'object' || typeof other !== 'object') return typeof one === typeof other
  const [names, others] = [Object.keys(one!), Object.keys(other!)]
  return names.length === others.length && names.every(name => name in other! && sameShape((one as never)[name], (other as never)[name]))
}
