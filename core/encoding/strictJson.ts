import { AppError } from '../errors.ts'

/**
 * The value of a JSON text as I-JSON (RFC 7493): a name that occurs twice in an object, the name `__proto__`, nesting deeper
 * than `maxDepth` (the top value is at depth 1 when it is an array or object), a lone surrogate or a number beyond a double
 * throws `encoding.json`.
 */
export function parseJson(text: string, maxDepth = 32): unknown {
  if (!hasMoreThan(maxDepth, text, '{', '[') && !text.includes('\\u') && text.isWellFormed()) {
    const value = parse(text)
    // Without escapes that could hide one, the colons of a text are those of its names and strings and one a member: if the value
    // has as many, no member was lost to another of its name. So for nearly every text, at a third of the scan.
    if (colonsOf(value) === countOf(text, ':')) return value
  }
  const suspicious = scan(text, maxDepth)
  const value = parse(text)
  if (suspicious) refuseStrange(value)
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('encoding.json', 'Not JSON', { cause })
  }
}

/** Whether the letters occur more than `count` times together; a text with fewer brackets is not nested deeper. */
function hasMoreThan(count: number, text: string, ...letters: string[]): boolean {
  let left = count
  for (const letter of letters) {
    for (let i = text.indexOf(letter); i !== -1; i = text.indexOf(letter, i + 1)) if (--left < 0) return true
  }
  return false
}

function countOf(text: string, letter: string): number {
  let count = 0
  for (let i = text.indexOf(letter); i !== -1; i = text.indexOf(letter, i + 1)) count++
  return count
}

/** Colons in the value's names and strings and one a member; NaN for a name or number that is refused. */
function colonsOf(value: unknown): number {
  if (typeof value === 'string') return countOf(value, ':')
  if (typeof value === 'number') return Number.isFinite(value) ? 0 : Number.NaN
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += colonsOf(item)
    return count
  }
  for (const name of Object.keys(value)) {
    if (name === '__proto__') return Number.NaN
    count += 1 + countOf(name, ':') + colonsOf((value as Record<string, unknown>)[name])
  }
  return count
}

const quote = 34
const comma = 44
const backslash = 92

/**
 * Counts depth and collects names before JSON.parse sees the text; the syntax is left to JSON.parse.
 * True when the text could hold a lone surrogate or an infinite number, so that the value has to be walked.
 */
function scan(text: string, maxDepth: number): boolean {
  let names: Set<string> | null = null
  const outer: (Set<string> | null)[] = []
  let nameExpected = false
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 123: // {
        outer.push(names)
        names = new Set()
        nameExpected = true
        break
      case 91: // [
        outer.push(names)
        names = null
        nameExpected = false
        break
      case 125: // }
      case 93: // ]
        names = outer.pop() ?? null
        nameExpected = false
        break
      case comma:
        nameExpected = names !== null
        break
      case quote: {
        const end = endOfString(text, i + 1)
        if (nameExpected && names !== null) {
          const name = nameOf(text.slice(i, end + 1))
          if (names.has(name) || name === '__proto__') throw new AppError('encoding.json', 'A name occurs twice or is not allowed')
          names.add(name)
          nameExpected = false
        }
        i = end
        break
      }
    }
    if (outer.length > maxDepth) throw new AppError('encoding.json', 'Nested too deep')
  }
  return !text.isWellFormed() || /\\u[dD][89a-fA-F]|[eE]\+?\d{3}|\d{300}/.test(text)
}

function endOfString(text: string, from: number): number {
  let end = from
  for (;;) {
    end = text.indexOf('"', end)
    if (end === -1) throw new AppError('encoding.json', 'A string does not end')
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return end
    end++
  }
}

function nameOf(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  return parse(quoted) as string
}

function refuseStrange(value: unknown): void {
  if (typeof value === 'string' ? !value.isWellFormed() : typeof value === 'number' && !Number.isFinite(value)) {
    throw new AppError('encoding.json', 'A lone surrogate or a number too large')
  }
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    refuseStrange(name)
    refuseStrange(member)
  }
}
