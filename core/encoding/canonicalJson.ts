import { AppError } from '../errors.ts'

/**
 * JSON in canonical form (RFC 8785): names sorted by UTF-16 code units, no white space, numbers as ECMAScript writes them.
 * A property that is undefined is left out. What JSON cannot hold (NaN, infinity, bigint, a lone surrogate, a Map) throws `encoding.json`.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new AppError('encoding.json', 'A lone surrogate')
      return JSON.stringify(value)
    case 'number':
      if (!Number.isFinite(value)) throw new AppError('encoding.json', 'A number that is not finite')
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      break
    default:
      throw new AppError('encoding.json', `JSON holds no ${typeof value}`)
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw new AppError('encoding.json', 'Only plain objects')
  const members: string[] = []
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name]
    if (member !== undefined) members.push(`${canonicalJson(name)}:${canonicalJson(member)}`)
  }
  return `{${members.join(',')}}`
}
